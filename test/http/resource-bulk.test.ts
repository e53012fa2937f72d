// Many writes in one request: each with its own result, or all of them or none.
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
const reader = person('ada', { scopes: ['notes:read'] })
const writer = person('ada', { scopes: ['notes:write'] })
const scopes = { read: 'notes:read', write: 'notes:write' }

const notes = resource('notes', {
  schema: z.strictObject({ text: z.string().min(1).max(100), slug: z.string().optional(), seen: z.number().optional() }),
  readOnly: ['seen'],
  indexes: { byOwner: { fields: ['ownerId', 'createdAt'] }, bySlug: { fields: ['slug'], unique: true } },
  access: [{ who: 'owner', may: ['list', 'get', 'create', 'update', 'delete'] }],
  hooks: {
    beforeCreate: (_context, { text }) => (text === 'forbidden' ? { problems: [{ field: 'text', message: 'Not this' }] } : undefined),
    beforeDelete: (_context, { text }) => (text === 'forever' ? { problems: [{ field: '', message: 'Stays' }] } : undefined),
  },
  scopes,
})
const world = { resources: [notes] }

interface Result {
  status: number
  object?: { id: string; text: string; [field: string]: unknown }
  etag?: string
  problem?: { code: string; status: number; errors?: { field: string }[] }
}
const resultsOf = (reply: Reply): Result[] => JSON.parse(reply.body).results
const problemOf = (reply: Reply): { code: string; errors?: { field: string; message: string }[] } => JSON.parse(reply.body)

async function openWorld(t: Parameters<typeof dataWorld>[0]) {
  const w = await dataWorld(t, world)
  const bulk = (operations: unknown, more: object = {}, as = ada): Promise<Reply> =>
    w.ask('POST', '/api/notes/bulk', { as, json: { operations, ...more } })
  const make = async (json: object, as = ada): Promise<string> => JSON.parse((await w.ask('POST', '/api/notes', { as, json })).body).id
  const texts = async (as = ada): Promise<string[]> =>
    JSON.parse((await w.ask('GET', '/api/notes?limit=100', { as })).body).items.map(({ text }: { text: string }) => text)
  return { w, bulk, make, texts }
}

test('gives each operation its own result, in order', async (t) => {
  const { w, bulk, make, texts } = await openWorld(t)
  const [mine, old, theirs, lasting] = [
    await make({ text: 'a' }),
    await make({ text: 'old' }),
    await make({ text: 'b' }, bob),
    await make({ text: 'forever' }),
  ]
  const reply = await bulk([
    { create: { text: 'new', slug: 'one' } },
    { update: mine, change: { text: 'changed' }, ifVersion: '"v1"' },
    { update: mine, change: { text: 'again' }, ifVersion: 'v1' },
    { delete: old },
    { create: { text: '', id: 'mine', seen: 3 } },
    { create: { text: 'forbidden' } },
    { create: { text: 'x', slug: 'one' } },
    { update: theirs, change: { text: 'stolen' } },
    { delete: 'nothing' },
    { delete: lasting },
  ])
  assert.equal(reply.status, 200, reply.body)
  const results = resultsOf(reply)
  assert.deepEqual(
    results.map(({ status, problem }) => [status, problem?.code]),
    [
      [201, undefined],
      [200, undefined],
      [412, 'resource.version_conflict'],
      [204, undefined],
      [422, 'resource.invalid'],
      [422, 'resource.invalid'],
      [409, 'resource.duplicate'],
      [404, 'resource.not_found'],
      [404, 'resource.not_found'],
      [422, 'resource.invalid'],
    ],
  )
  assert.deepEqual([results[1]?.object?.text, results[1]?.etag], ['changed', '"v2"'])
  assert.deepEqual(results[4]?.problem?.errors?.map(({ field }) => field).toSorted(), ['id', 'seen', 'text'])
  assert.deepEqual((await texts()).toSorted(), ['changed', 'forever', 'new'])
  assert.deepEqual(await texts(bob), ['b'])
  await until('the events of four creations, a change and a deletion', () => w.events.length === 7)
})

test('atomic: all are stored in one commit, or every problem of every operation is told and nothing is', async (t) => {
  const { w, bulk, make, texts } = await openWorld(t)
  const [first, second, theirs] = [await make({ text: 'a' }), await make({ text: 'b' }), await make({ text: 'c' }, bob)]
  await until('three creations', () => w.events.length === 3)
  const refused = await bulk(
    [
      { create: { text: 'new' } },
      { update: first, change: { text: '' } },
      { delete: second, ifVersion: '"v9"' },
      { update: theirs, change: { text: 'stolen' } },
      { create: { text: 'forbidden' } },
      { create: [] },
    ],
    { atomic: true },
  )
  assert.deepEqual([refused.status, problemOf(refused).code], [422, 'resource.bulk_refused'])
  const errors = problemOf(refused).errors ?? []
  assert.deepEqual(
    errors.map(({ field }) => field),
    ['operations.1.change.text', 'operations.2', 'operations.3', 'operations.4.create.text', 'operations.5.create'],
  )
  assert.deepEqual((await texts()).toSorted(), ['a', 'b'])
  const done = await bulk(
    [
      { create: { text: 'new' } },
      { update: first, change: { text: 'x' } },
      // On what the operation before it leaves.
      { update: first, change: { slug: 'first' }, ifVersion: '"v2"' },
      { delete: second },
    ],
    { atomic: true },
  )
  assert.equal(done.status, 200, done.body)
  assert.deepEqual(
    resultsOf(done).map(({ status, etag }) => [status, etag]),
    [
      [201, '"v1"'],
      [200, '"v2"'],
      [200, '"v3"'],
      [204, undefined],
    ],
  )
  assert.deepEqual((await texts()).toSorted(), ['new', 'x'])
  await until('their events and no others', () => w.events.length === 7)
})

test('atomic: a unique value that is taken, or given twice, stops all of them', async (t) => {
  const { bulk, make, texts } = await openWorld(t)
  await make({ text: 'b', slug: 'taken' }, bob)
  for (const slugs of [
    ['free', 'taken'],
    ['twice', 'twice'],
  ]) {
    const reply = await bulk(
      slugs.map((slug) => ({ create: { text: slug, slug } })),
      { atomic: true },
    )
    assert.deepEqual([reply.status, problemOf(reply).code], [422, 'resource.bulk_refused'], reply.body)
    assert.match(problemOf(reply).errors?.[0]?.field ?? '', /slug$/)
  }
  assert.deepEqual(await texts(), [])
})

test('atomic bulks that race are one after the other', async (t) => {
  const { bulk, make, w } = await openWorld(t)
  const ids = await Promise.all(['a', 'b', 'c'].map((text) => make({ text })))
  const replies = await Promise.all(
    Array.from({ length: 6 }, (_, index) =>
      bulk(
        ids.map((update) => ({ update, change: { text: `by ${index}` } })),
        { atomic: true },
      ),
    ),
  )
  assert.ok(
    replies.every(({ status }) => status === 200 || status === 503),
    replies.map(({ body }) => body).join('\n'),
  )
  const now = await Promise.all(ids.map(async (id) => JSON.parse((await w.ask('GET', `/api/notes/${id}`, { as: ada })).body).text))
  assert.equal(new Set(now).size, 1)
})

test('a bulk that is too long, empty or misshapen is refused whole, and so is a caller without the scope', async (t) => {
  const { w, bulk, texts } = await openWorld(t)
  const create = { create: { text: 'x' } }
  const bad: [unknown, number][] = [
    [[], 422],
    [Array.from({ length: 101 }, () => create), 422],
    [[{}], 422],
    [[{ create: { text: 'x' }, delete: 'y' }], 422],
    [[{ update: 'x' }], 422],
    [[{ update: 'x', change: {}, ifVersion: 'x' }], 422],
    [[{ upsert: {} }], 422],
    ['x', 422],
    [Array.from({ length: 100 }, () => ({ create: { text: 'x'.repeat(12_000) } })), 413],
  ]
  for (const [operations, status] of bad) {
    const reply = await bulk(operations)
    assert.equal(reply.status, status, JSON.stringify(operations).slice(0, 80) + reply.body.slice(0, 200))
  }
  assert.equal((await bulk([create], {}, reader)).status, 403)
  assert.deepEqual(
    resultsOf(await bulk([create, { update: 'x', change: {} }], {}, writer)).map(({ status }) => status),
    [201, 403],
  )
  assert.equal((await w.ask('POST', '/api/notes/bulk', { json: { operations: [create] } })).status, 401)
  assert.deepEqual(await texts(), ['x'])
  const hundred = await bulk(
    Array.from({ length: 100 }, (_, index) => ({ create: { text: `n${index}` } })),
    { atomic: true },
  )
  assert.equal(resultsOf(hundred).length, 100)
})

test('the contract has the same bulk for pages and jobs', async (t) => {
  const { w } = await openWorld(t)
  const call = { ...systemCall('page'), principal: ada }
  const [made, bad] = await w.resources.bulk(call, 'notes', { operations: [{ create: { text: 'a' } }, { create: {} }] })
  assert.equal(made?.kind, 'created')
  assert.equal(bad?.kind, 'refused')
  const atomic = { operations: [{ create: { text: 'a' } }, { create: {} }], atomic: true }
  await assert.rejects(w.resources.bulk(call, 'notes', atomic), { code: 'resource.bulk_refused' })
  await assert.rejects(w.resources.bulk(call, 'notes', { operations: [] }), { code: 'resource.invalid' })
})
