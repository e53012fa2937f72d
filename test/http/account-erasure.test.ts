// When an account is gone, so is what its owner kept with the other servers: objects, their files, loose files, shares; and nothing of anybody else.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accountDeletedEvent } from '#kernel/account-events.ts'
import { systemCall } from '#kernel/call.ts'
import { z } from '#kernel/schema.ts'
import { resource } from '../../src/resource/definition.ts'
import { type DataWorld, dataWorld, jpeg, person } from '../support/data-world.ts'
import { until } from '../support/until.ts'

const photos = resource('photos', {
  schema: z.strictObject({ caption: z.string(), image: z.string() }),
  files: { image: 'photos' },
  indexes: {},
  share: true,
  access: [
    { who: 'owner', may: ['get', 'create', 'update', 'delete'] },
    { who: 'shared', may: ['get'] },
  ],
  scopes: { read: 'photos:read', write: 'photos:write' },
  // The end of an account is not the app's to refuse.
  hooks: {
    beforeDelete: () => {
      throw new Error('never')
    },
  },
})
const notes = resource('notes', {
  schema: z.strictObject({ text: z.string() }),
  indexes: { byOwner: { fields: ['ownerId', 'createdAt'] } },
  access: [{ who: 'owner', may: ['list', 'get', 'create'] }],
  scopes: { read: 'notes:read', write: 'notes:write' },
})
const scopes = { read: 'photos:read', write: 'photos:write' }
const parts = { resources: [photos, notes], buckets: [{ name: 'photos', maxBytes: 100_000, accept: ['image/jpeg'], scopes }] }
const ada = person('ada')
const bob = person('bob')

async function made(w: DataWorld, path: string, ask: { as: typeof ada; json?: unknown; body?: Uint8Array }): Promise<string> {
  const reply = await w.ask('POST', path, ask)
  assert.equal(reply.status, 201, reply.body)
  return (JSON.parse(reply.body) as { id: string }).id
}

test('objects, files and shares of one person go, in however many pages, and those of others stay', async (t) => {
  const w = await dataWorld(t, parts)
  for (let index = 0; index < 105; index += 1) await made(w, '/api/notes', { as: ada, json: { text: `canary ${index}` } })
  const upload = (as: typeof ada): Promise<string> => made(w, '/api/files/photos', { as, body: jpeg(100) })
  const adas = await made(w, '/api/photos', { as: ada, json: { caption: 'canary', image: await upload(ada) } })
  await upload(ada)
  const bobs = await made(w, '/api/photos', { as: bob, json: { caption: 'kept', image: await upload(bob) } })
  const bobsNote = await made(w, '/api/notes', { as: bob, json: { text: 'kept' } })
  const call = systemCall('test')
  await w.resources.shares.put(call, 'photos', { id: adas, accountId: 'bob', may: 'read' })
  await w.resources.shares.put(call, 'photos', { id: bobs, accountId: 'ada', may: 'read' })
  assert.equal((await w.files.owned(call, 'ada')).items.length, 2)
  assert.deepEqual((await w.files.owned({ ...call, principal: bob }, 'ada')).items, [], 'only the platform may ask')

  await w.database.commit(call, [], [accountDeletedEvent('ada')])
  await until('one file to be left on disk', async () => (await w.stored()).length === 1)
  await until('the photo to be gone', async () => (await w.ask('GET', `/api/photos/${adas}`, { as: bob })).status === 404)
  await until('all notes to be gone', async () => !(await w.ask('GET', '/api/notes', { as: ada })).body.includes('canary'))
  assert.deepEqual((await w.files.owned(call, 'ada')).items, [])
  await until('what was shared with her to be gone', async () => (await w.resources.shares.list(call, 'photos', bobs)).length === 0)
  assert.equal((await w.ask('GET', `/api/photos/${bobs}`, { as: bob })).status, 200)
  assert.equal((await w.ask('GET', `/api/notes/${bobsNote}`, { as: bob })).status, 200)
  await w.database.commit(call, [], [accountDeletedEvent('ada')])
})

test('what one person shares and what is shared with them is given whole, in however many pages, to the platform alone', async (t) => {
  const drawings = { ...photos, name: 'drawings', hooks: {} }
  const w = await dataWorld(t, { ...parts, resources: [notes, photos, drawings] })
  const call = systemCall('test')
  const { ownedShares, shares } = w.resources
  assert.deepEqual((await ownedShares.by(call, 'ada')).items, [])
  const upload = (as: typeof ada): Promise<string> => made(w, '/api/files/photos', { as, body: jpeg(100) })
  const expected: string[] = []
  for (const name of ['photos', 'drawings'])
    for (let index = 0; index < 12; index += 1) {
      const id = await made(w, `/api/${name}`, { as: ada, json: { caption: 'canary', image: await upload(ada) } })
      for (const accountId of index % 2 === 0 ? ['bob', 'eve'] : []) {
        await shares.put(call, name, { id, accountId, may: 'write' })
        expected.push(`${name} ${id} ${accountId} write`)
      }
    }
  const bobs = await made(w, '/api/photos', { as: bob, json: { caption: 'his', image: await upload(bob) } })
  await shares.put(call, 'photos', { id: bobs, accountId: 'ada', may: 'read' })
  await made(w, '/api/notes', { as: ada, json: { text: 'of a resource that is not shared' } })
  const all = async (read: typeof ownedShares.with, whose: string): Promise<Record<string, unknown>[]> => {
    const found: object[] = []
    let after: string | undefined
    do {
      const { items, next } = await read(call, whose, after)
      found.push(...items)
      after = next
    } while (after !== undefined)
    return found as Record<string, unknown>[]
  }
  const given = await all(ownedShares.by, 'ada')
  assert.deepEqual(
    given.map((share) => ['resource', 'objectId', 'accountId', 'may'].map((field) => String(share[field])).join(' ')).toSorted(),
    expected.toSorted(),
  )
  assert.deepEqual(
    (await all(ownedShares.with, 'ada')).map(({ createdAt: _at, ...share }) => share),
    [{ resource: 'photos', objectId: bobs, may: 'read' }],
  )
  assert.equal((await all(ownedShares.with, 'eve')).length, 12)
  for (const read of [ownedShares.by, ownedShares.with]) assert.deepEqual((await read({ ...call, principal: ada }, 'ada')).items, [])
})
