// Writes: merge patches, fields that nobody but the app sets, defaults, computed fields, relations, and bodies that must not pass.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemCall } from '#kernel/call.ts'
import { z } from '#kernel/schema.ts'
import { resource } from '../../src/resource/definition.ts'
import { dataWorld, person } from '../support/data-world.ts'
import type { Reply } from '../support/http.ts'
import { until } from '../support/until.ts'

const ada = person('ada')
const bob = person('bob')
type Thing = { id: string; [field: string]: unknown }
const thingOf = (reply: Reply): Thing => JSON.parse(reply.body)
const problemOf = (reply: Reply): { code: string; detail?: string; errors?: { field: string; message: string }[] } => JSON.parse(reply.body)
const fieldsOf = (reply: Reply): string[] => (problemOf(reply).errors ?? []).map(({ field }) => field)
const scopes = { read: 'notes:read', write: 'notes:write' }
const everything = ['list', 'get', 'create', 'update', 'delete'] as const

const places = resource('places', {
  schema: z.strictObject({
    name: z.string().min(1).max(100),
    address: z.strictObject({ city: z.string(), street: z.string().optional(), note: z.string().nullable().optional() }).optional(),
    tags: z.record(z.string(), z.string()).optional(),
    rating: z.number().max(5).optional(),
    views: z.number().int().default(0),
    reviewer: z.string().optional(),
    code: z.string().max(1500).optional(),
  }),
  readOnly: ['views', 'reviewer'],
  defaults: { code: ({ call, now }) => `${call.principal.kind === 'user' ? call.principal.accountId : '-'}-${now}` },
  computed: { isRated: { schema: z.boolean(), of: (place) => place.rating !== undefined } },
  indexes: { byOwner: { fields: ['ownerId', 'createdAt'] }, byCode: { fields: ['code'], unique: true } },
  access: [{ who: 'owner', may: everything }],
  scopes,
})
const world = { resources: [places] }

test('merges objects deeply, and null removes (RFC 7396)', async (t) => {
  const w = await dataWorld(t, world)
  const address = { city: 'Bern', street: 'Aarweg', note: 'x' }
  const { id } = thingOf(await w.ask('POST', '/api/places', { as: ada, json: { name: 'A', address, tags: { a: '1', b: '2' } } }))
  const patch = async (json: unknown): Promise<Thing> => {
    const reply = await w.ask('PATCH', `/api/places/${id}`, {
      as: ada,
      body: JSON.stringify(json),
      headers: { 'content-type': 'application/merge-patch+json' },
    })
    assert.equal(reply.status, 200, reply.body)
    assert.deepEqual(thingOf(reply), thingOf(await w.ask('GET', `/api/places/${id}`, { as: ada })))
    return thingOf(reply)
  }
  assert.deepEqual((await patch({ address: { street: 'Markt' } }))['address'], { ...address, street: 'Markt' })
  assert.deepEqual((await patch({ address: { street: null } }))['address'], { city: 'Bern', note: 'x' })
  // Where the schema takes null, it is a value.
  assert.deepEqual((await patch({ address: { note: null } }))['address'], { city: 'Bern', note: null })
  assert.deepEqual((await patch({ tags: { a: null, c: '3' } }))['tags'], { b: '2', c: '3' })
  assert.equal('address' in (await patch({ address: null })), false)
  assert.deepEqual((await patch({ address: { city: 'Rom', street: null } }))['address'], { city: 'Rom' })
  const refused = await w.ask('PATCH', `/api/places/${id}`, { as: ada, json: { address: { city: null, x: 1 } } })
  assert.deepEqual([refused.status, fieldsOf(refused).toSorted()], [422, ['address.city', 'address.x']])
})

test('read-only, computed and platform fields are refused by name, and everything else with them', async (t) => {
  const w = await dataWorld(t, world)
  const bad = { name: '', views: 9, reviewer: 'me', isRated: true, id: 'x', ownerId: 'bob', createdAt: 'x', updatedAt: 'x', role: 'admin' }
  const created = await w.ask('POST', '/api/places', { as: ada, json: bad })
  assert.equal(created.status, 422)
  assert.deepEqual(fieldsOf(created).toSorted(), Object.keys(bad).toSorted())
  const { id, ...place } = thingOf(await w.ask('POST', '/api/places', { as: ada, json: { name: 'A' } }))
  assert.deepEqual([place['views'], place['isRated'], place['code']], [0, false, `ada-${w.clock.now()}`])
  const { name: _, ...rest } = bad
  const changed = await w.ask('PATCH', `/api/places/${id}`, { as: ada, json: rest })
  assert.deepEqual([changed.status, fieldsOf(changed).toSorted()], [422, Object.keys(rest).toSorted()])
  assert.deepEqual(thingOf(await w.ask('GET', `/api/places/${id}`, { as: ada })), { id, ...place })
  const byPlatform = await w.resources.update(systemCall('job'), 'places', { id, input: { views: 7 } })
  assert.equal(byPlatform.object['views'], 7)
})

test('names the field whose value is taken, and what is too long for an index', async (t) => {
  const w = await dataWorld(t, world)
  await w.ask('POST', '/api/places', { as: ada, json: { name: 'A', code: 'mine' } })
  const taken = await w.ask('POST', '/api/places', { as: bob, json: { name: 'B', code: 'mine' } })
  assert.deepEqual([taken.status, problemOf(taken).code, fieldsOf(taken)], [409, 'resource.duplicate', ['code']])
  assert.doesNotMatch(taken.body, /ada|"A"/)
  const long = await w.ask('POST', '/api/places', { as: bob, json: { name: 'B', code: '\u{1f600}'.repeat(700) } })
  assert.deepEqual([long.status, fieldsOf(long)], [422, ['code']])
})

test('bodies that readers could understand differently are refused', async (t) => {
  const w = await dataWorld(t, world)
  const deep = `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`
  const bodies: [string, number][] = [
    ['{"name":"A","name":"B"}', 400],
    ['{"name":"A","n\\u0061me":"B"}', 400],
    ['{"name":"A","address":{"city":"x","city":"y"}}', 400],
    ['{"name":"A","rating":1e400}', 400],
    ['{"name":"A","rating":-1e400}', 400],
    [`{"name":"A","rating":${'9'.repeat(400)}}`, 400],
    ['{"name":"A","__proto__":{"views":1}}', 400],
    ['{"name":"A","tags":{"__proto__":"x"}}', 400],
    ['{"name":"A","constructor":{"prototype":{}}}', 400],
    ['{"name":"A\\u0000"}', 400],
    [deep, 400],
    [`{"name":[${'1,'.repeat(30_000)}1]}`, 400],
    [`{"name":"${'x'.repeat(300_000)}"}`, 413],
    [`{"name":"${'x'.repeat(1000)}"}`, 422],
    ['{"name":"A","tags":{"a":"\\ud800"}}', 422],
    ['{"name":"A"}', 201],
    ['{"name":"A \\"name\\": , [","tags":{"name":"name"},"rating":1e-400,"code":"b"}', 201],
  ]
  for (const [body, status] of bodies) {
    const reply = await w.ask('POST', '/api/places', { as: ada, body, headers: { 'content-type': 'application/json' } })
    assert.equal(reply.status, status, `${body.slice(0, 80)}: ${reply.body}`)
  }
  assert.equal(Reflect.get({}, 'views'), undefined)
})

const albums = resource('albums', {
  schema: z.strictObject({ title: z.string(), visibility: z.enum(['private', 'public']).default('private') }),
  indexes: { byOwner: { fields: ['ownerId', 'createdAt'] }, byVisibility: { fields: ['visibility', 'createdAt'] } },
  access: [
    { who: 'owner', may: everything },
    { who: 'anyone', may: ['get', 'list'], where: { visibility: 'public' } },
  ],
  scopes,
})
const owned = { byOwner: { fields: ['ownerId', 'createdAt'] } } as const
const inAlbum = z.strictObject({ text: z.string(), albumId: z.string().optional() })
const follower = (name: string, onDelete: 'restrict' | 'cascade' | 'clear') =>
  resource(name, {
    schema: inAlbum,
    indexes: { ...owned, byAlbum: { fields: ['albumId', 'createdAt'] } },
    relations: { album: { field: 'albumId', to: 'albums', onDelete } },
    access: [{ who: 'owner', may: everything }],
    scopes,
  })
const family = { resources: [albums, follower('locks', 'restrict'), follower('leaves', 'cascade'), follower('marks', 'clear')] }

test('a relation names what the writer can see; what is hidden and what is not there get the same answer', async (t) => {
  const w = await dataWorld(t, family)
  const hidden = thingOf(await w.ask('POST', '/api/albums', { as: bob, json: { title: 'Hidden' } })).id
  const open = thingOf(await w.ask('POST', '/api/albums', { as: bob, json: { title: 'Open', visibility: 'public' } })).id
  const absent = `0${hidden.slice(1, -1)}0`
  const refusals = await Promise.all(
    [hidden, absent, 'x', ''].map((albumId) => w.ask('POST', '/api/marks', { as: ada, json: { text: 'a', albumId } })),
  )
  assert.deepEqual(new Set(refusals.map(({ status, body }) => `${status} ${body}`)).size, 1, refusals[0]?.body)
  assert.deepEqual(refusals[0] === undefined ? [] : fieldsOf(refusals[0]), ['albumId'])
  const made = await w.ask('POST', '/api/marks', { as: ada, json: { text: 'a', albumId: open } })
  assert.equal(made.status, 201, made.body)
  // Later writes of other fields do not ask again.
  await w.ask('PATCH', `/api/albums/${open}`, { as: bob, json: { visibility: 'private' } })
  const path = `/api/marks/${thingOf(made).id}`
  assert.equal((await w.ask('PATCH', path, { as: ada, json: { text: 'b' } })).status, 200)
  assert.equal((await w.ask('PATCH', path, { as: ada, json: { albumId: hidden } })).status, 422)
})

test('deleting an object restricts, cascades or clears, as the relation says', async (t) => {
  const w = await dataWorld(t, family)
  const album = thingOf(await w.ask('POST', '/api/albums', { as: ada, json: { title: 'A' } })).id
  const make = async (name: string): Promise<string> =>
    thingOf(await w.ask('POST', `/api/${name}`, { as: ada, json: { text: 'x', albumId: album } })).id
  const [lock, leaf, mark] = [await make('locks'), await make('leaves'), await make('marks')]
  const more = await Promise.all(Array.from({ length: 120 }, () => make('marks')))
  const kept = await w.ask('DELETE', `/api/albums/${album}`, { as: ada })
  assert.deepEqual([kept.status, problemOf(kept).code], [409, 'resource.in_use'])
  assert.equal((await w.ask('DELETE', `/api/locks/${lock}`, { as: ada })).status, 204)
  assert.equal((await w.ask('DELETE', `/api/albums/${album}`, { as: ada })).status, 204)
  await until('the leaf is gone', async () => (await w.ask('GET', `/api/leaves/${leaf}`, { as: ada })).status === 404)
  for (const id of [mark, ...more])
    await until('a mark is cleared', async () => !('albumId' in thingOf(await w.ask('GET', `/api/marks/${id}`, { as: ada }))))
})

test('no reference survives a deletion that happens at the same moment', async (t) => {
  const w = await dataWorld(t, family)
  for (let round = 0; round < 15; round += 1) {
    const album = thingOf(await w.ask('POST', '/api/albums', { as: ada, json: { title: 'A' } })).id
    const [removed, ...made] = await Promise.all([
      w.ask('DELETE', `/api/albums/${album}`, { as: ada }),
      ...['locks', 'leaves', 'marks'].map((name) => w.ask('POST', `/api/${name}`, { as: ada, json: { text: 'x', albumId: album } })),
    ])
    const [lock, leaf, mark] = made
    // Either the lock was there first, or the album was gone first.
    if (lock?.status === 201) assert.equal(removed?.status, 409)
    else assert.deepEqual([removed?.status, lock?.status], [204, 422])
    if (removed?.status !== 204) continue
    if (leaf?.status === 201)
      await until('the leaf goes', async () => (await w.ask('GET', `/api/leaves/${thingOf(leaf).id}`, { as: ada })).status === 404)
    if (mark?.status === 201)
      await until(
        'the mark is cleared',
        async () => !('albumId' in thingOf(await w.ask('GET', `/api/marks/${thingOf(mark).id}`, { as: ada }))),
      )
  }
})

test('an entity tag names the shape of the object too, and one from before a migration matches nothing', async (t) => {
  const notes = resource('notes', {
    schema: z.strictObject({ text: z.string() }),
    indexes: { byOwner: { fields: ['ownerId', 'createdAt'] } },
    access: [{ who: 'owner', may: everything }],
    migrations: [(document) => document, (document) => document],
    scopes,
  })
  const w = await dataWorld(t, { resources: [notes] })
  const made = await w.ask('POST', '/api/notes', { as: ada, json: { text: 'a' } })
  assert.equal(made.headers['etag'], '"v1.2"')
  const path = `/api/notes/${thingOf(made).id}`
  const change = (tag: string): Promise<Reply> => w.ask('PATCH', path, { as: ada, json: { text: tag }, headers: { 'if-match': tag } })
  for (const tag of ['"v1"', '"v1.1"', '"v1.02"', '"v1.2.2"', '"v1."', '"v1.2-"']) assert.equal((await change(tag)).status, 412, tag)
  const changed = await change('"v1.2"')
  assert.deepEqual([changed.status, changed.headers['etag']], [200, '"v2.2"'])
  assert.equal((await w.ask('GET', path, { as: ada, headers: { 'if-none-match': '"v2.2"' } })).status, 304)
  assert.equal((await w.ask('GET', path, { as: ada, headers: { 'if-none-match': '"v2"' } })).status, 200)
  const [listed] = JSON.parse((await w.ask('GET', '/api/notes', { as: ada })).body).items
  assert.equal(listed.etag, '"v2.2"')
  const bulk = async (ifVersion: string): Promise<number> => {
    const json = { operations: [{ update: thingOf(made).id, change: { text: 'b' }, ifVersion }] }
    return JSON.parse((await w.ask('POST', '/api/notes/bulk', { as: ada, json })).body).results[0].status
  }
  assert.deepEqual([await bulk('v2'), await bulk('v2.1'), await bulk('"v2.2"')], [412, 412, 200])
})

test('an object may refer to itself, and to one that is changed with it, also where that restricts', async (t) => {
  const tasks = resource('tasks', {
    schema: z.strictObject({ text: z.string(), parent: z.string().optional() }),
    indexes: { byOwner: { fields: ['ownerId', 'createdAt'] }, byParent: { fields: ['parent', 'createdAt'] } },
    access: [{ who: 'owner', may: everything }],
    relations: { above: { field: 'parent', to: 'tasks', onDelete: 'restrict' } },
    scopes,
  })
  const w = await dataWorld(t, { resources: [tasks] })
  const { id } = thingOf(await w.ask('POST', '/api/tasks', { as: ada, json: { text: 'a' } }))
  const own = await w.ask('PATCH', `/api/tasks/${id}`, { as: ada, json: { parent: id } })
  assert.equal(own.status, 200, own.body)
  assert.equal((await w.ask('PATCH', `/api/tasks/${id}`, { as: ada, json: { parent: null } })).status, 200)
  const atomic = (operations: unknown): Promise<Reply> => w.ask('POST', '/api/tasks/bulk', { as: ada, json: { atomic: true, operations } })
  const child = { create: { text: 'child', parent: id } }
  const both = await atomic([{ update: id, change: { text: 'b' } }, child])
  assert.equal(both.status, 200, both.body)
  assert.deepEqual(
    JSON.parse(both.body).results.map(({ status }: { status: number }) => status),
    [200, 201],
  )
  const { id: other } = thingOf(await w.ask('POST', '/api/tasks', { as: ada, json: { text: 'c' } }))
  // Refers to what the same request deletes: never stored.
  assert.notEqual((await atomic([{ create: { text: 'x', parent: other } }, { delete: other }])).status, 200)
  assert.equal((await w.ask('GET', `/api/tasks/${other}`, { as: ada })).status, 200)
})
