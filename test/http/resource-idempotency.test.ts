// Idempotency-Key: a request that is sent again is done once and answered as before, whatever happened in between.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from '#kernel/schema.ts'
import { resource } from '../../src/resource/definition.ts'
import { type Ask, dataWorld, jpeg, person } from '../support/data-world.ts'
import type { Reply } from '../support/http.ts'
import { until } from '../support/until.ts'

const ada = person('ada')
const bob = person('bob')
const scopes = { read: 'notes:read', write: 'notes:write' }
const everything = ['list', 'get', 'create', 'update', 'delete'] as const
const notes = resource('notes', {
  schema: z.strictObject({ text: z.string().min(1), image: z.string().optional() }),
  files: { image: 'photos' },
  indexes: { byOwner: { fields: ['ownerId', 'createdAt'] } },
  access: [{ who: 'owner', may: everything }],
  scopes,
})
const buckets = [{ name: 'photos', maxBytes: 10_000, accept: ['image/jpeg'], scopes: { read: 'photos:read', write: 'photos:write' } }]
const world = { resources: [notes], buckets }
const keyed = (key: string, more: object = {}): Ask['headers'] => ({ 'idempotency-key': key, ...more })
const idOf = (reply: Reply): string => JSON.parse(reply.body).id
const codeOf = (reply: Reply): string => JSON.parse(reply.body).code
const shape = ({ status, body, headers }: Reply): unknown => [status, body, headers['etag'], headers['location'], headers['cache-control']]

async function openWorld(t: Parameters<typeof dataWorld>[0]) {
  const w = await dataWorld(t, world)
  const count = async (as = ada): Promise<number> => JSON.parse((await w.ask('GET', '/api/notes?limit=100', { as })).body).items.length
  const create = (key: string, json: unknown, as = ada): Promise<Reply> =>
    w.ask('POST', '/api/notes', { as, json, headers: keyed(key) ?? {} })
  return { w, count, create }
}

test('a repeated creation, change or deletion is done once and answered the same', async (t) => {
  const { w, count, create } = await openWorld(t)
  const first = await create('k1', { text: 'a' })
  assert.equal(first.status, 201, first.body)
  w.clock.advance(60_000)
  assert.deepEqual(shape(await create('k1', { text: 'a' })), shape(first))
  // The draft writes keys as structured strings; both spellings are one key.
  assert.deepEqual(shape(await create('"k1"', { text: 'a' })), shape(first))
  assert.equal(await count(), 1)
  const path = `/api/notes/${idOf(first)}`
  const change = (key: string, match: string): Promise<Reply> =>
    w.ask('PATCH', path, { as: ada, json: { text: 'b' }, headers: { 'idempotency-key': key, 'if-match': match } })
  const changed = await change('k2', '"v1"')
  assert.equal(changed.status, 200)
  // Without the key this would be a conflict.
  assert.deepEqual(shape(await change('k2', '"v1"')), shape(changed))
  assert.equal((await change('k3', '"v1"')).status, 412)
  const removed = await w.ask('DELETE', path, { as: ada, headers: keyed('k4') ?? {} })
  const again = await w.ask('DELETE', path, { as: ada, headers: keyed('k4') ?? {} })
  assert.deepEqual([removed.status, again.status, await count()], [204, 204, 0])
  assert.equal((await w.ask('DELETE', path, { as: ada, headers: keyed('k5') ?? {} })).status, 404)
  await until('three events', () => w.events.length === 3)
})

test('a key is bound to its person, its client, its address and its content', async (t) => {
  const { w, count, create } = await openWorld(t)
  await create('k', { text: 'a' })
  const other = await create('k', { text: 'b' })
  assert.deepEqual([other.status, codeOf(other)], [422, 'resource.key_reused'])
  assert.equal(await count(), 1)
  assert.equal((await create('k', { text: 'b' }, bob)).status, 201)
  assert.equal((await create('k', { text: 'c' }, person('ada', { clientId: 'shop' }))).status, 201)
  const bulk = await w.ask('POST', '/api/notes/bulk', {
    as: ada,
    json: { operations: [{ create: { text: 'd' } }] },
    headers: keyed('k') ?? {},
  })
  assert.equal(bulk.status, 200)
  assert.equal(await count(), 3)
  // Rights are looked at before anything that was kept.
  assert.equal((await create('k', { text: 'a' }, person('ada', { scopes: ['notes:read'] }))).status, 403)
  for (const bad of ['', ' ', 'x'.repeat(300), 'caf\u00e9', '"a"b"']) {
    const reply = await create(bad, { text: 'z' })
    assert.ok(reply.status === 400, `${bad}: ${reply.status}`)
  }
})

test('many at once with one key make one object, and all get its answer', async (t) => {
  const { count, create, w } = await openWorld(t)
  const replies = await Promise.all(Array.from({ length: 20 }, () => create('race', { text: 'a' })))
  assert.equal(new Set(replies.map((reply) => JSON.stringify(shape(reply)))).size, 1)
  assert.equal(replies[0]?.status, 201)
  assert.equal(await count(), 1)
  // A file belongs to one object: a second attempt would be refused if it were made.
  const upload = await w.ask('POST', '/api/files/photos', { as: ada, body: jpeg(), headers: { 'content-type': 'image/jpeg' } })
  const withFile = await Promise.all(Array.from({ length: 5 }, () => create('file', { text: 'f', image: idOf(upload) })))
  assert.deepEqual(new Set(withFile.map(({ status }) => status)), new Set([201]))
})

test('a refusal is not kept: the same key may succeed later', async (t) => {
  const { create, count } = await openWorld(t)
  assert.equal((await create('k', { text: '' })).status, 422)
  assert.equal((await create('k', { text: 'good' })).status, 201)
  assert.equal(await count(), 1)
})

test('the answer ends with its day', async (t) => {
  const { create, count, w } = await openWorld(t)
  await create('k', { text: 'a' })
  w.clock.advance(24 * 60 * 60 * 1000 + 1000)
  assert.equal((await create('k', { text: 'a' })).status, 201)
  assert.equal(await count(), 2)
})

test('a repeated bulk does nothing twice', async (t) => {
  const { w, count } = await openWorld(t)
  const operations = [{ create: { text: 'a' } }, { create: { text: '' } }, { create: { text: 'b' } }]
  const bulk = (key: string, json: object): Promise<Reply> => w.ask('POST', '/api/notes/bulk', { as: ada, json, headers: keyed(key) ?? {} })
  const first = await bulk('b1', { operations })
  assert.deepEqual(
    JSON.parse(first.body).results.map(({ status }: { status: number }) => status),
    [201, 422, 201],
  )
  assert.deepEqual(shape(await bulk('b1', { operations })), shape(first))
  assert.equal(await count(), 2)
  const atomic = { operations: [{ create: { text: 'c' } }, { create: { text: 'd' } }], atomic: true }
  const whole = await bulk('b2', atomic)
  assert.equal(whole.status, 200, whole.body)
  assert.deepEqual(shape(await bulk('b2', atomic)), shape(whole))
  assert.equal(await count(), 4)
  assert.equal((await bulk('b2', { ...atomic, atomic: false })).status, 422)
})

test('small changes of large objects, many at once: an answer that is too long to be kept is made again of its parts', async (t) => {
  const { w, create } = await openWorld(t)
  const text = 'x'.repeat(200_000)
  const large = await Promise.all(
    Array.from({ length: 25 }, async (_, index) => idOf(await create(`more-${index}`, { text: `${text}${index}` }))),
  )
  const changes = large.map((update) => ({ update, change: {} }))
  const ask = (key: string, more: object): Promise<Reply> =>
    w.ask('POST', '/api/notes/bulk', {
      as: ada,
      json: { operations: [...changes, { create: { text: 'one more' } }], ...more },
      headers: keyed(key) ?? {},
    })
  const first = await ask('b1', {})
  assert.equal(first.status, 200, first.body.slice(0, 500))
  assert.ok(first.body.length > 4 * 1024 * 1024)
  assert.equal((await ask('b1', {})).body, first.body)
  const atomic = await ask('b2', { atomic: true })
  assert.deepEqual([atomic.status, codeOf(atomic)], [422, 'resource.invalid'])
})
