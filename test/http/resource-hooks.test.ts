// Hooks of the app: before a write they change and refuse it, after it they run from its stored event, at least once.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { callAs, systemCall } from '#kernel/call.ts'
import { defineErrors } from '#kernel/errors.ts'
import { JOB_REQUESTED } from '#kernel/job.ts'
import { createKeyRing } from '#kernel/keyring.ts'
import { createLogger } from '#kernel/log.ts'
import { z } from '#kernel/schema.ts'
import { Secret } from '#kernel/secret.ts'
import type { Json } from '#kernel/json.ts'
import type { ResourceHooks } from '../../src/resource/contract.ts'
import { resource } from '../../src/resource/definition.ts'
import { resourceServer } from '../../src/resource/server.ts'
import { dataWorld, person, SITES } from '../support/data-world.ts'
import { testClock } from '../support/database.ts'
import type { Reply } from '../support/http.ts'
import { scenarioDatabase } from '../support/scenario-database.ts'
import { until } from '../support/until.ts'

const ada = person('ada')
const scopes = { read: 'notes:read', write: 'notes:write' }
const problemOf = (reply: Reply): { code: string; errors?: { field: string; message: string }[] } => JSON.parse(reply.body)
const quota = defineErrors('notes', { full: { status: 409, title: 'Your notebook is full' } })

const schema = z.strictObject({
  text: z.string().min(1).max(20),
  words: z.number().int().optional(),
  editor: z.string().optional(),
  lock: z.boolean().default(false),
})
const notesWith = (hooks: ResourceHooks) =>
  resource('notes', {
    schema,
    readOnly: ['words', 'editor'],
    indexes: { byOwner: { fields: ['ownerId', 'createdAt'] } },
    access: [{ who: 'owner', may: ['list', 'get', 'create', 'update', 'delete'] }],
    hooks: hooks as never,
    scopes,
  })

const typed = resource('notes', {
  schema,
  readOnly: ['words', 'editor'],
  indexes: { byOwner: { fields: ['ownerId', 'createdAt'] } },
  access: [{ who: 'owner', may: ['list', 'get', 'create', 'update', 'delete'] }],
  hooks: {
    async beforeCreate({ call, resources }, draft) {
      const { items } = await resources.list(call, 'notes', { limit: 3 })
      if (items.length === 3) throw quota.full({ detail: 'Delete one first.' })
      if (draft.text === 'spam') return { problems: [{ field: 'text', message: 'We would rather not' }] }
      return { set: { words: draft.text.split(' ').length } }
    },
    beforeUpdate({ call }, { before, after, changed }) {
      if (before.lock && after.lock) return { problems: [{ field: '', message: 'It is locked' }] }
      const editor = call.principal.kind === 'user' ? call.principal.accountId : undefined
      return { set: { editor, ...(changed.includes('text') ? { words: after.text.split(' ').length } : {}) } }
    },
    beforeDelete: (_context, { lock }) => (lock ? { problems: [{ field: 'lock', message: 'Unlock it first' }] } : undefined),
  },
  scopes,
})

test('before hooks change, refuse, and see who writes', async (t) => {
  const w = await dataWorld(t, { resources: [typed] })
  const create = (json: unknown): Promise<Reply> => w.ask('POST', '/api/notes', { as: ada, json })
  const spam = await create({ text: 'spam' })
  assert.deepEqual([spam.status, problemOf(spam).errors], [422, [{ field: 'text', message: 'We would rather not' }]])
  const made = await create({ text: 'one two three' })
  assert.equal(JSON.parse(made.body).words, 3)
  const path = `/api/notes/${JSON.parse(made.body).id}`
  const change = (json: unknown): Promise<Reply> => w.ask('PATCH', path, { as: ada, json })
  const { words, editor } = JSON.parse((await change({ text: 'one' })).body)
  assert.deepEqual([words, editor], [1, 'ada'])
  await change({ lock: true })
  assert.equal((await change({ text: 'x' })).status, 422)
  const kept = await w.ask('DELETE', path, { as: ada })
  assert.deepEqual([kept.status, problemOf(kept).errors?.[0]?.field], [422, 'lock'])
  await change({ lock: false })
  assert.equal((await create({ text: 'b' })).status, 201)
  assert.equal((await create({ text: 'c' })).status, 201)
  const full = await create({ text: 'd' })
  assert.deepEqual([full.status, problemOf(full).code], [409, 'notes.full'])
  assert.equal((await w.ask('DELETE', path, { as: ada })).status, 204)
  await until('three creations, three changes and a deletion', () => w.events.length === 7)
})

test('a hook that fails, or sets what does not fit, lets nothing pass', async (t) => {
  const sets: unknown[] = [{ set: { words: 'many' } }, { set: { colour: 'red' } }, { set: { text: '' } }, { set: { ownerId: 'bob' } }]
  const w = await dataWorld(t, {
    resources: [
      notesWith({
        beforeCreate(_context, { text }) {
          if (text === 'throw') throw new TypeError('secret reason')
          return sets[Number(text)] as never
        },
        beforeUpdate: () => ({ set: { words: -0.5 } }),
      }),
    ],
  })
  for (const [text, status] of [
    ['throw', 500],
    ['0', 422],
    ['1', 422],
    ['2', 422],
    ['3', 422],
    ['4', 201],
  ] as const) {
    const reply = await w.ask('POST', '/api/notes', { as: ada, json: { text } })
    assert.equal(reply.status, status, reply.body)
    assert.doesNotMatch(reply.body, /secret/)
  }
  const [only] = (await w.resources.list({ ...systemCall('t'), principal: ada }, 'notes', {})).items
  assert.equal(only?.['text'], '4')
  assert.equal((await w.ask('PATCH', `/api/notes/${only?.id}`, { as: ada, json: { text: 'x' } })).status, 422)
})

test('a hook that takes too long refuses the write and is told to stop', { timeout: 20_000 }, async (t) => {
  let stopped = false
  const w = await dataWorld(t, {
    resources: [
      notesWith({
        beforeCreate: ({ call }) =>
          new Promise((resolve) => {
            call.signal.addEventListener('abort', () => {
              stopped = true
              resolve(undefined)
            })
          }),
      }),
    ],
  })
  const reply = await w.ask('POST', '/api/notes', { as: ada, json: { text: 'x' } })
  assert.deepEqual([reply.status, problemOf(reply).code, stopped], [503, 'resource.hook_timeout', true])
  assert.equal((await w.resources.list({ ...systemCall('t'), principal: ada }, 'notes', {})).items.length, 0)
})

test('after hooks are told of every write, in order, on the authority of the platform', async (t) => {
  const told: string[] = []
  const w = await dataWorld(t, {
    resources: [
      notesWith({
        afterCreate: async ({ call, resources }, { id, object }) => {
          told.push(`created ${String(object?.['text'])}`)
          await resources.update(call, 'notes', { id, input: { words: 7 } })
        },
        afterUpdate: (_context, { changed }) => void told.push(`updated ${changed.join()}`),
        afterDelete: (_context, { object }) => void told.push(`deleted ${typeof object}`),
      }),
    ],
  })
  const { id } = JSON.parse((await w.ask('POST', '/api/notes', { as: ada, json: { text: 'a' } })).body)
  await until('the hook has counted', () => told.length === 2)
  assert.equal(JSON.parse((await w.ask('GET', `/api/notes/${id}`, { as: ada })).body).words, 7)
  await w.ask('POST', '/api/notes/bulk', { as: ada, json: { operations: [{ update: id, change: { text: 'b' } }, { delete: id }] } })
  await until('all are told', () => told.length === 4)
  assert.deepEqual(told, ['created a', 'updated words', 'updated text', 'deleted undefined'])
})

test('an after hook that fails becomes a job, and holds up nobody', async (t) => {
  const told: string[] = []
  const w = await dataWorld(t, {
    resources: [
      notesWith({
        afterCreate(_context, { object }) {
          const text = String(object?.['text'])
          told.push(text)
          if (text === 'bad') throw new Error('not now')
        },
      }),
    ],
  })
  const requested: Json[] = []
  w.database.subscribe({
    consumer: 'test-jobs',
    topics: [JOB_REQUESTED],
    handle: async (events) => void requested.push(...events.map(({ data }) => data)),
  })
  for (const text of ['a', 'bad', 'c']) await w.ask('POST', '/api/notes', { as: ada, json: { text } })
  await until('all were tried and one was handed over', () => told.length === 3 && requested.length === 1)
  assert.deepEqual(told, ['a', 'bad', 'c'])
  const [request] = requested as { name: string; input: { type: string; resource: string } }[]
  assert.deepEqual([request?.name, request?.input.type, request?.input.resource], ['resource.after_hook', 'created', 'notes'])
})

test('an after hook whose process ends in the middle runs again', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'ninefold-hooks-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const clock = testClock()
  const logger = createLogger({ level: 'silent' })
  const keyRing = createKeyRing(new Secret(randomBytes(32).toString('base64url')))
  const start = async (hooks: ResourceHooks) => {
    const database = await scenarioDatabase({ file: join(folder, 'main.db'), clock, logger })
    const settings = {
      resources: [notesWith(hooks)],
      buckets: [],
      sites: SITES,
      productName: 'Test',
      scopes: { 'notes:read': '', 'notes:write': '' },
    }
    const server = resourceServer.create({ database: database.contract, files: {} as never, keyRing, clock, logger, settings })
    await database.start()
    await server.start()
    return {
      server,
      stop: async () => {
        await server.stop()
        await database.stop()
      },
    }
  }
  let begun = 0
  const first = await start({
    afterCreate: ({ call }) =>
      new Promise((_resolve, reject) => {
        begun += 1
        call.signal.addEventListener('abort', () => reject(new Error('the process ends')))
      }),
  })
  await first.server.contract.create(callAs(systemCall('t'), ada), 'notes', { text: 'a' })
  await until('the hook has begun', () => begun === 1)
  await first.stop()
  const told: unknown[] = []
  const second = await start({ afterCreate: (_context, { object }) => void told.push(object?.['text']) })
  await until('it ran again', () => told.length === 1)
  assert.deepEqual(told, ['a'])
  await second.stop()
})
