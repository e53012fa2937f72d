// Objects that hold files: whose uploads they may name, the links they show, and that a file lives exactly as long as its object.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from '#kernel/schema.ts'
import type { BucketDefinition } from '../../src/files/contract.ts'
import { resource } from '../../src/resource/definition.ts'
import { type DataWorld, dataWorld, jpeg, person } from '../support/data-world.ts'
import type { Reply } from '../support/http.ts'
import { until } from '../support/until.ts'

const bucket = (name: string): BucketDefinition => ({
  name,
  maxBytes: 100_000,
  accept: ['image/jpeg'],
  scopes: { read: 'photos:read', write: 'photos:write' },
})
const photos = resource('photos', {
  schema: z.strictObject({ caption: z.string(), image: z.string(), second: z.string().optional(), slug: z.string().optional() }),
  files: { image: 'photos', second: 'extras' },
  indexes: { byOwner: { fields: ['ownerId', 'createdAt'] }, bySlug: { fields: ['slug'], unique: true } },
  access: [
    { who: 'owner', may: ['list', 'get', 'create', 'update', 'delete'] },
    { who: 'anyone', may: ['get'] },
  ],
  scopes: { read: 'photos:read', write: 'photos:write' },
})
const world = { resources: [photos], buckets: [bucket('photos'), bucket('extras')] }
const ada = person('ada')
const bob = person('bob')

type Photo = { id: string; image: string; imageUrl?: string; secondUrl?: string; second?: string }
const photoOf = (reply: Reply): Photo => JSON.parse(reply.body)
const errorsOf = (reply: Reply): { field: string; message: string }[] => JSON.parse(reply.body).errors

async function upload(w: DataWorld, as = ada, to = 'photos'): Promise<string> {
  const reply = await w.ask('POST', `/api/files/${to}`, { as, body: jpeg(100) })
  assert.equal(reply.status, 201, reply.body)
  return JSON.parse(reply.body).id
}

async function create(w: DataWorld, json: Record<string, unknown>, as = ada): Promise<Reply> {
  return w.ask('POST', '/api/photos', { as, json: { caption: 'x', ...json } })
}

function pathOf(url: string | undefined): string {
  const { origin, pathname, search } = new URL(url ?? '')
  assert.equal(origin, 'http://files.localhost:4000')
  return pathname + search
}

test('shows a link beside each file, to whoever may see the object, and in lists', async (t) => {
  const w = await dataWorld(t, world)
  const image = await upload(w)
  const made = await create(w, { image })
  assert.equal(made.status, 201, made.body)
  const photo = photoOf(made)
  assert.equal(photo.image, image)
  const seen = photoOf(await w.ask('GET', `/api/photos/${photo.id}`))
  assert.equal(seen.imageUrl, photo.imageUrl)
  assert.equal('secondUrl' in seen, false)
  const bytes = await w.ask('GET', pathOf(seen.imageUrl), { site: 'files' })
  assert.deepEqual([bytes.status, bytes.bytes], [200, jpeg(100)])
  const list = await w.ask('GET', '/api/photos', { as: ada })
  assert.equal(JSON.parse(list.body).items[0].imageUrl, photo.imageUrl)
})

test('a 304 never keeps a link alive that has ended', async (t) => {
  const w = await dataWorld(t, world)
  const made = await create(w, { image: await upload(w) })
  const path = `/api/photos/${photoOf(made).id}`
  const etag = made.headers['etag'] ?? ''
  assert.match(etag, /^"v1-[0-9a-z]+"$/)
  assert.equal((await w.ask('GET', path, { as: ada, headers: { 'if-none-match': etag } })).status, 304)
  w.clock.advance(11 * 60_000)
  const later = await w.ask('GET', path, { as: ada, headers: { 'if-none-match': etag } })
  assert.equal(later.status, 200)
  assert.equal((await w.ask('GET', pathOf(photoOf(later).imageUrl), { site: 'files' })).status, 200)
  // The version is the same, so a change that was meant for it still goes through.
  assert.equal((await w.ask('PATCH', path, { as: ada, headers: { 'if-match': etag }, json: { caption: 'y' } })).status, 200)
})

test('takes only uploads of the caller, of the right bucket, and each of them once', async (t) => {
  const w = await dataWorld(t, world)
  const [mine, bobs, extra] = [await upload(w), await upload(w, bob), await upload(w, ada, 'extras')]
  for (const image of [bobs, extra, '0'.repeat(26), 'x', '../../etc/passwd', '']) {
    const reply = await create(w, { image })
    assert.deepEqual([reply.status, errorsOf(reply)], [422, [{ field: 'image', message: 'Not an upload of yours in photos' }]], image)
  }
  const both = await create(w, { image: mine, second: bobs })
  assert.deepEqual([both.status, errorsOf(both).map((error) => error.field)], [422, ['second']])
  // What was reserved for the refused object is free again.
  const good = await create(w, { image: mine, second: extra })
  assert.equal(good.status, 201, good.body)
  const again = await create(w, { image: mine })
  assert.deepEqual([again.status, errorsOf(again)[0]?.field], [422, 'image'])
  assert.match(errorsOf(again)[0]?.message ?? '', /belongs to an object already/)
  const race = await upload(w)
  const replies = await Promise.all(Array.from({ length: 8 }, () => create(w, { image: race })))
  assert.deepEqual(replies.map((reply) => reply.status).toSorted(), [201, ...Array.from({ length: 7 }, () => 422)])
  assert.equal(JSON.parse((await w.ask('GET', '/api/photos', { as: ada })).body).items.length, 2)
})

test('gives an upload back when the object could not be written', async (t) => {
  const w = await dataWorld(t, world)
  assert.equal((await create(w, { image: await upload(w), slug: 'taken' })).status, 201)
  const image = await upload(w)
  assert.equal((await create(w, { image, slug: 'taken' })).status, 409)
  assert.equal((await create(w, { image, slug: 'free' })).status, 201)
})

test('a file goes with its object, and with the change that replaces it', async (t) => {
  const w = await dataWorld(t, world)
  const [first, second, third] = [await upload(w), await upload(w), await upload(w, ada, 'extras')]
  const photo = photoOf(await create(w, { image: first, second: third }))
  const path = `/api/photos/${photo.id}`
  const link = pathOf(photo.imageUrl)
  assert.equal((await w.ask('DELETE', `/api/files/photos/${first}`, { as: ada })).status, 409)
  const changed = await w.ask('PATCH', path, { as: ada, json: { image: second } })
  assert.equal(changed.status, 200, changed.body)
  await until('the first file is gone', async () => (await w.stored()).length === 2)
  assert.equal((await w.ask('GET', link, { site: 'files' })).status, 404)
  assert.equal((await w.ask('PATCH', path, { as: ada, json: { image: first } })).status, 422)
  assert.equal((await w.ask('PATCH', path, { as: ada, json: { caption: 'new' } })).status, 200)
  assert.equal((await w.ask('PATCH', path, { as: ada, json: { second: null } })).status, 200)
  await until('the extra file is gone', async () => (await w.stored()).length === 1)
  assert.equal((await w.ask('GET', pathOf(photoOf(changed).imageUrl), { site: 'files' })).status, 200)
  assert.equal((await w.ask('DELETE', path, { as: bob })).status, 403)
  assert.equal((await w.ask('DELETE', path, { as: ada })).status, 204)
  await until('no file is left', async () => (await w.stored()).length === 0)
})

test('what an object holds is confirmed, so that no sweep ever takes it', async (t) => {
  const w = await dataWorld(t, world)
  const photo = photoOf(await create(w, { image: await upload(w) }))
  const other = photoOf(await create(w, { image: await upload(w) }))
  assert.equal((await w.ask('DELETE', `/api/photos/${other.id}`, { as: ada })).status, 204)
  // Events come in order: when the later one has done its work, so has the earlier one.
  await until('the other file is gone', async () => (await w.stored()).length === 1)
  w.clock.advance(30 * 24 * 60 * 60 * 1000)
  await w.runJob('files.sweep')
  const seen = photoOf(await w.ask('GET', `/api/photos/${photo.id}`, { as: ada }))
  assert.equal((await w.ask('GET', pathOf(seen.imageUrl), { site: 'files' })).status, 200)
})
