// The data API over HTTP: what each operation does, and what it refuses with nothing changed.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemCall } from '#kernel/call.ts'
import { z } from '#kernel/schema.ts'
import { resource } from '../../src/resource/definition.ts'
import { dataWorld, person } from '../support/data-world.ts'
import type { Reply } from '../support/http.ts'
import { until } from '../support/until.ts'

const notes = resource('notes', {
  schema: z.strictObject({
    title: z.string().trim().min(1, 'Write a title').max(40),
    text: z.string().max(1000).optional(),
    stars: z.number().int().min(0).max(5).optional(),
    pinned: z.boolean().default(false),
    slug: z
      .string()
      .regex(/^[a-z-]+$/)
      .optional(),
    due: z.string().nullable().optional(),
    tags: z
      .array(z.strictObject({ label: z.string() }))
      .max(5)
      .optional(),
  }),
  writeOnce: ['slug'],
  indexes: {
    byOwner: { fields: ['ownerId', 'createdAt'] },
    byPinned: { fields: ['ownerId', 'pinned', 'stars'] },
    bySlug: { fields: ['slug'], unique: true },
  },
  access: [{ who: 'owner', may: ['list', 'get', 'create', 'update', 'delete'] }],
  scopes: { read: 'notes:read', write: 'notes:write' },
})
const world = { resources: [notes] }
const ada = person('ada')
const bob = person('bob')

type Note = { id: string; title: string; [field: string]: unknown }
const noteOf = (reply: Reply): Note => JSON.parse(reply.body)
const problemOf = (reply: Reply): { code: string; detail?: string; errors?: { field: string; message: string }[] } => JSON.parse(reply.body)
const pageOf = (reply: Reply): { items: Note[]; next?: string } => JSON.parse(reply.body)

test('creates, reads, changes and deletes an object, with an event for each write', async (t) => {
  const w = await dataWorld(t, world)
  const created = await w.ask('POST', '/api/notes', { as: ada, json: { title: '  First  ', stars: 3 } })
  assert.equal(created.status, 201, created.body)
  const note = noteOf(created)
  const at = new Date(w.clock.now()).toISOString()
  assert.deepEqual(note, { id: note.id, ownerId: 'ada', createdAt: at, updatedAt: at, title: 'First', stars: 3, pinned: false })
  assert.match(note.id, /^[0-9a-z]{26}$/)
  assert.equal(created.headers['location'], `/api/notes/${note.id}`)
  assert.equal(created.headers['etag'], '"v1"')
  const read = await w.ask('GET', `/api/notes/${note.id}`, { as: ada })
  assert.deepEqual([read.status, noteOf(read), read.headers['etag']], [200, note, '"v1"'])
  w.clock.advance(1000)
  const changed = await w.ask('PATCH', `/api/notes/${note.id}`, { as: ada, json: { text: 'More', stars: null } })
  assert.equal(changed.status, 200, changed.body)
  const { stars: _, ...rest } = note
  assert.deepEqual(noteOf(changed), { ...rest, text: 'More', updatedAt: new Date(w.clock.now()).toISOString() })
  assert.equal(changed.headers['etag'], '"v2"')
  const gone = await w.ask('DELETE', `/api/notes/${note.id}`, { as: ada })
  assert.deepEqual([gone.status, gone.body], [204, ''])
  assert.equal((await w.ask('GET', `/api/notes/${note.id}`, { as: ada })).status, 404)
  assert.equal((await w.ask('DELETE', `/api/notes/${note.id}`, { as: ada })).status, 404)
  await until('three events', () => w.events.length === 3)
  const about = { resource: 'notes', id: note.id, ownerId: 'ada', attached: [], detached: [] }
  // What it was before, for those who follow it, has tests of its own.
  const told = w.events.map(({ before: _before, ...event }) => event)
  assert.deepEqual(told, [
    { ...about, type: 'created', changed: ['title', 'stars', 'pinned'] },
    { ...about, type: 'updated', changed: ['text', 'stars'] },
    { ...about, type: 'deleted', changed: [] },
  ])
})

test('names every field that does not fit, and stores nothing', async (t) => {
  const w = await dataWorld(t, world)
  const bad = {
    title: '',
    stars: 9,
    colour: 'red',
    id: 'mine',
    ownerId: 'bob',
    createdAt: 'x',
    updatedAt: 'x',
    tags: [{ label: 'a', role: 'admin' }],
  }
  const reply = await w.ask('POST', '/api/notes', { as: ada, json: bad })
  assert.deepEqual([reply.status, problemOf(reply).code], [422, 'resource.invalid'])
  const errors = Object.fromEntries((problemOf(reply).errors ?? []).map(({ field, message }) => [field, message]))
  assert.deepEqual(Object.keys(errors).toSorted(), ['colour', 'createdAt', 'id', 'ownerId', 'stars', 'tags.0.role', 'title', 'updatedAt'])
  assert.equal(errors['title'], 'Write a title')
  assert.equal(errors['colour'], 'Unknown field')
  assert.equal(errors['ownerId'], 'Set by the platform; leave it out')
  for (const body of [
    '[]',
    'null',
    '3',
    '"x"',
    '{}',
    '{"title":null}',
    '{"title":{"$gt":""}}',
    '{"title":["a"]}',
    '{"title":"a\\ud800"}',
    '{"title":"a","pinned":"true"}',
  ]) {
    const refused = await w.ask('POST', '/api/notes', { as: ada, body, headers: { 'content-type': 'application/json' } })
    assert.equal(refused.status, 422, body)
  }
  for (const body of [
    '{"__proto__":{"polluted":1},"title":"x"}',
    '{"constructor":{"prototype":{"polluted":1}},"title":"x"}',
    '{"title":',
  ]) {
    const refused = await w.ask('POST', '/api/notes', { as: ada, body, headers: { 'content-type': 'application/json' } })
    assert.equal(refused.status, 400, body)
  }
  assert.equal(Reflect.get({}, 'polluted'), undefined)
  assert.deepEqual(pageOf(await w.ask('GET', '/api/notes', { as: ada })).items, [])
  assert.equal(w.events.length, 0)
})

test('keeps text of every kind as it was sent', async (t) => {
  const w = await dataWorld(t, world)
  const texts = [
    "'; DROP TABLE resource_notes; --",
    '<script>alert(1)</script>',
    '{"$ne":null}',
    '../../etc/passwd',
    '%00%0d%0a',
    '\u202e\u{1f600}\u0301',
    'a"b\\c\nd',
    '__proto__',
    'true',
    '1e309',
  ]
  for (const text of texts) {
    const { id } = noteOf(await w.ask('POST', '/api/notes', { as: ada, json: { title: 't', text } }))
    assert.equal(noteOf(await w.ask('GET', `/api/notes/${id}`, { as: ada }))['text'], text)
  }
  assert.equal(pageOf(await w.ask('GET', '/api/notes', { as: ada })).items.length, texts.length)
})

test('a change touches known fields only, and only as far as they allow', async (t) => {
  const w = await dataWorld(t, world)
  const { id } = noteOf(
    await w.ask('POST', '/api/notes', { as: ada, json: { title: 'One', text: 'x', due: 'today', tags: [{ label: 'a' }] } }),
  )
  const path = `/api/notes/${id}`
  const before = (await w.ask('GET', path, { as: ada })).body
  const refused: [unknown, string][] = [
    [{ title: null }, 'title'],
    [{ colour: 'red' }, 'colour'],
    [{ ownerId: 'bob' }, 'ownerId'],
    [{ id: 'x' }, 'id'],
    [{ updatedAt: '2020-01-01T00:00:00Z' }, 'updatedAt'],
    [{ stars: '3' }, 'stars'],
    [{ tags: [{ label: 'a', x: 1 }] }, 'tags.0.x'],
    [[], ''],
    [null, ''],
  ]
  for (const [json, field] of refused) {
    const reply = await w.ask('PATCH', path, { as: ada, json })
    assert.deepEqual([reply.status, problemOf(reply).errors?.map((error) => error.field)], [422, [field]], JSON.stringify(json))
  }
  assert.equal((await w.ask('GET', path, { as: ada })).body, before)
  const same = await w.ask('PATCH', path, { as: ada, json: { title: 'One' } })
  assert.deepEqual([same.status, same.headers['etag'], same.body], [200, '"v1"', before])
  const slugged = await w.ask('PATCH', path, { as: ada, json: { slug: 'one' } })
  assert.equal(slugged.status, 200, slugged.body)
  for (const json of [{ slug: 'two' }, { slug: null }]) {
    const reply = await w.ask('PATCH', path, { as: ada, json })
    assert.deepEqual([reply.status, problemOf(reply).errors], [422, [{ field: 'slug', message: 'Cannot be changed once it is set' }]])
  }
  assert.equal((await w.ask('PATCH', path, { as: ada, json: { slug: 'one', due: null, text: null } })).status, 200)
  const after = noteOf(await w.ask('GET', path, { as: ada }))
  assert.deepEqual([after['due'], 'text' in after, after['slug']], [null, false, 'one'])
})

test('honours entity tags: 304, 412, and one winner of many', async (t) => {
  const w = await dataWorld(t, world)
  const { id } = noteOf(await w.ask('POST', '/api/notes', { as: ada, json: { title: 'One' } }))
  const path = `/api/notes/${id}`
  for (const tag of ['"v1"', 'W/"v1"', '"x", "v1"', '*']) {
    const reply = await w.ask('GET', path, { as: ada, headers: { 'if-none-match': tag } })
    assert.deepEqual([reply.status, reply.body, reply.headers['etag']], [304, '', '"v1"'], tag)
  }
  assert.equal((await w.ask('GET', path, { as: ada, headers: { 'if-none-match': '"v2"' } })).status, 200)
  for (const tag of ['"v2"', 'W/"v1"', '"v01x"', 'nonsense']) {
    for (const method of ['PATCH', 'DELETE']) {
      const reply = await w.ask(method, path, {
        as: ada,
        headers: { 'if-match': tag },
        ...(method === 'PATCH' ? { json: { title: 'Two' } } : {}),
      })
      assert.deepEqual([reply.status, problemOf(reply).code], [412, 'resource.version_conflict'], tag)
    }
  }
  assert.equal(noteOf(await w.ask('GET', path, { as: ada })).title, 'One')
  const race = await Promise.all(
    Array.from({ length: 12 }, (_, index) =>
      w.ask('PATCH', path, { as: ada, headers: { 'if-match': '"v1"' }, json: { title: `By ${index}` } }),
    ),
  )
  assert.deepEqual(race.map((reply) => reply.status).toSorted(), [200, ...Array.from({ length: 11 }, () => 412)])
  const winner = race.findIndex((reply) => reply.status === 200)
  assert.equal(noteOf(await w.ask('GET', path, { as: ada })).title, `By ${winner}`)
  assert.equal((await w.ask('PATCH', path, { as: ada, headers: { 'if-match': '*' }, json: { title: 'Any' } })).status, 200)
  assert.equal((await w.ask('DELETE', path, { as: ada, headers: { 'if-match': '"v3"' } })).status, 204)
})

test('changes of different fields at once are all kept', async (t) => {
  const w = await dataWorld(t, world)
  const { id } = noteOf(await w.ask('POST', '/api/notes', { as: ada, json: { title: 'One' } }))
  const path = `/api/notes/${id}`
  const replies = await Promise.all(
    [{ text: 'x' }, { stars: 4 }, { pinned: true }, { due: 'now' }].map((json) => w.ask('PATCH', path, { as: ada, json })),
  )
  assert.deepEqual(
    replies.map((reply) => reply.status),
    [200, 200, 200, 200],
  )
  const { text, stars, pinned, due } = noteOf(await w.ask('GET', path, { as: ada }))
  assert.deepEqual({ text, stars, pinned, due }, { text: 'x', stars: 4, pinned: true, due: 'now' })
})

test('says that a unique value is taken, and not by whom', async (t) => {
  const w = await dataWorld(t, world)
  await w.ask('POST', '/api/notes', { as: ada, json: { title: 'Secret title', slug: 'mine' } })
  const reply = await w.ask('POST', '/api/notes', { as: bob, json: { title: 'Two', slug: 'mine' } })
  assert.deepEqual([reply.status, problemOf(reply).code], [409, 'resource.duplicate'])
  assert.doesNotMatch(reply.body, /ada|Secret/)
  assert.deepEqual(pageOf(await w.ask('GET', '/api/notes', { as: bob })).items, [])
})

test('pages through a list in both orders, by declared indexes', async (t) => {
  const w = await dataWorld(t, world)
  for (let index = 0; index < 25; index += 1) {
    w.clock.advance(1000)
    await w.ask('POST', '/api/notes', {
      as: index % 5 === 4 ? bob : ada,
      json: { title: `n${index}`, pinned: index % 2 === 0, stars: index % 3 },
    })
  }
  const mine = Array.from({ length: 25 }, (_, index) => `n${index}`).filter((_, index) => index % 5 !== 4)
  for (const [order, expected] of [
    ['ascending', mine],
    ['descending', mine.toReversed()],
  ] as const) {
    const seen: string[] = []
    let after = ''
    do {
      const page = pageOf(await w.ask('GET', `/api/notes?limit=7&order=${order}${after}`, { as: ada }))
      assert.ok(page.items.every((note) => note['ownerId'] === 'ada'))
      seen.push(...page.items.map((note) => note.title))
      after = page.next === undefined ? '' : `&after=${encodeURIComponent(page.next)}`
    } while (after !== '')
    assert.deepEqual(seen, expected)
  }
  const pinned = pageOf(await w.ask('GET', '/api/notes?pinned=true&limit=100', { as: ada })).items
  assert.deepEqual(pinned.map((note) => note.title).toSorted(), mine.filter((title) => Number(title.slice(1)) % 2 === 0).toSorted())
  const both = pageOf(await w.ask('GET', '/api/notes?pinned=false&stars=1', { as: ada })).items
  assert.ok(both.length > 0 && both.every((note) => note['pinned'] === false && note['stars'] === 1))
  assert.equal(pageOf(await w.ask('GET', '/api/notes', { as: ada })).items.length, 20)
})

test('refuses a query that no index serves or that means nothing, by name', async (t) => {
  const w = await dataWorld(t, world)
  const none = await w.ask('GET', '/api/notes?stars=3', { as: ada })
  assert.deepEqual([none.status, problemOf(none).code], [400, 'resource.no_index'])
  assert.match(problemOf(none).detail ?? '', /\["stars", "ownerId", "createdAt"\]/)
  const bad: [string, string][] = [
    ['colour=red', 'colour'],
    ['text=x', 'text'],
    ['tags=x', 'tags'],
    ['id=x', 'id'],
    ['stars=three', 'stars'],
    ['stars=1e3', 'stars'],
    ['pinned=1', 'pinned'],
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['limit=-1', 'limit'],
    ['limit=1.5', 'limit'],
    ['order=random', 'order'],
    ['%24where=1', '$where'],
  ]
  for (const [query, field] of bad) {
    const reply = await w.ask('GET', `/api/notes?${query}`, { as: ada })
    assert.deepEqual(
      [reply.status, problemOf(reply).errors?.map((error) => error.field)],
      query === 'text=x' ? [400, undefined] : [422, [field]],
      query,
    )
  }
  const theirs = await w.ask('GET', '/api/notes?ownerId=bob', { as: ada })
  assert.deepEqual([theirs.status, pageOf(theirs)], [200, { items: [] }])
})

test('a cursor opens for its own query only', async (t) => {
  const w = await dataWorld(t, world)
  for (let index = 0; index < 3; index += 1) {
    await w.ask('POST', '/api/notes', { as: ada, json: { title: 'a', pinned: true } })
    await w.ask('POST', '/api/notes', { as: bob, json: { title: 'b', pinned: true } })
  }
  const next = pageOf(await w.ask('GET', '/api/notes?limit=1', { as: ada })).next ?? ''
  assert.equal((await w.ask('GET', `/api/notes?limit=2&after=${next}`, { as: ada })).status, 200)
  const refuse = async (query: string, as = ada): Promise<void> => {
    const reply = await w.ask('GET', `/api/notes?${query}`, { as })
    assert.deepEqual([reply.status, problemOf(reply).code], [400, 'resource.bad_cursor'], query)
  }
  await refuse(`after=${next}`, bob)
  await refuse(`after=${next}&order=descending`)
  await refuse(`after=${next}&pinned=true`)
  await refuse(`after=${next.slice(0, -1)}${next.endsWith('A') ? 'B' : 'A'}`)
  await refuse(`after=${next.startsWith('A') ? 'B' : 'A'}${next.slice(1)}`)
  await refuse('after=x')
  await refuse('after=')
})

test('the contract is the same for pages and jobs', async (t) => {
  const w = await dataWorld(t, world)
  const call = { ...systemCall('job'), principal: ada }
  const { object, version } = await w.resources.create(call, 'notes', { title: 'From a page' })
  assert.equal(version, 1)
  await assert.rejects(w.resources.get({ ...call, principal: bob }, 'notes', object.id), { code: 'resource.not_found' })
  await assert.rejects(w.resources.create(systemCall('job'), 'notes', { title: 'Whose?' }), { code: 'resource.forbidden' })
  await assert.rejects(w.resources.list(call, 'nothing', {}), { code: 'resource.not_found' })
  await assert.rejects(w.resources.list(call, 'notes', { limit: 1000 }), { code: 'resource.invalid' })
  await assert.rejects(w.resources.list(call, 'notes', { where: { pinned: 'yes' } }), { code: 'resource.invalid' })
  assert.equal((await w.resources.list(systemCall('job'), 'notes', { where: { ownerId: 'ada' } })).items.length, 1)
  const changed = await w.resources.update(systemCall('job'), 'notes', { id: object.id, input: { stars: 5 }, ifVersion: 1 })
  assert.equal(changed.version, 2)
  await w.resources.delete(systemCall('job'), 'notes', { id: object.id })
  await assert.rejects(w.resources.get(call, 'notes', object.id), { code: 'resource.not_found' })
})
