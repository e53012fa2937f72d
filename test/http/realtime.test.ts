// Following lists and documents: who is told what, and what nobody may learn from it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from '#kernel/schema.ts'
import { resource } from '../../src/resource/definition.ts'
import { quiet, type RealtimeWorld, realtimeWorld, type Stream, type Told } from '../support/realtime-world.ts'
import { until } from '../support/until.ts'

const bearer = async (w: RealtimeWorld, accountId: string): Promise<Record<string, string>> => ({
  authorization: `Bearer ${await w.token(accountId)}`,
})

const titleOf = (told: Told | undefined): unknown => (told?.data['object'] as { title?: unknown } | undefined)?.title

const idsOf = (stream: Stream): unknown[] =>
  stream.told.map(({ data }) => (data['object'] as { id?: unknown } | undefined)?.id ?? data['id'])

/** What a client that keeps the newest tag of one object makes of messages that come at least once. */
function news(stream: Stream): string[] {
  const all = stream.told.map(({ event, data }) => ({ event, etag: data['etag'] }))
  const fresh = all.filter(({ event, etag }, index) => {
    const before = all[index - 1]
    return event === 'removed' ? before?.event !== 'removed' : etag === undefined || before?.etag !== etag
  })
  return fresh.map(({ event, etag }) => (typeof etag === 'string' ? `${event} ${/^"(v\d+)/.exec(etag)?.[1]}` : String(event)))
}

/** All that was written before has been told: events are told in one order, and the last one has come. */
async function settled(w: RealtimeWorld): Promise<void> {
  const witness = await w.follow('/api/notes/events', await bearer(w, 'witness'))
  await witness.kinds(1)
  const { id } = await w.as('witness').create({ title: 'the last one' })
  await until('the last one', () => idsOf(witness).includes(id))
  witness.close()
}

test('tells the owner of a list what is created, changed and deleted, as reading shows it', async (t) => {
  const w = await realtimeWorld(t)
  const stream = await w.follow('/api/notes/events', await bearer(w, 'ada'))
  assert.deepEqual([stream.status, stream.headers['content-type'], stream.headers['cache-control']], [200, 'text/event-stream', 'no-store'])
  await stream.kinds(1)
  const note = await w.as('ada').create({ title: 'One', secret: 'mine' })
  // Who is told late is told of it as it is by then.
  await stream.kinds(2)
  await w.as('bob').create({ title: 'not for Ada' })
  await w.as('ada').update(note.id, { title: 'Two' })
  await stream.kinds(3)
  await w.as('ada').delete(note.id)
  assert.deepEqual(await stream.kinds(4), ['ready', 'created', 'updated', 'removed'])
  const [, created, updated, removed] = stream.told
  assert.deepEqual(created?.data['object'], note)
  assert.equal(created?.data['etag'], '"v1"')
  assert.deepEqual([titleOf(updated), updated?.data['etag']], ['Two', '"v2"'])
  assert.deepEqual(removed?.data, { id: note.id })
  await quiet(() => stream.told.length)
})

test('shows strangers the fields that they may see, and tells them when they may see nothing more', async (t) => {
  const w = await realtimeWorld(t)
  const stream = await w.follow('/api/notes/events?shared=true', await bearer(w, 'bob'))
  await stream.kinds(1)
  const hidden = await w.as('ada').create({ title: 'Hidden', secret: 'x' })
  const note = await w.as('ada').create({ title: 'Shown', shared: true, secret: 'y' })
  await stream.kinds(2)
  await w.as('ada').update(note.id, { shared: false })
  await stream.kinds(3)
  await w.as('ada').update(note.id, { title: 'Behind the curtain' })
  await w.as('ada').update(note.id, { shared: true, title: 'Shown again' })
  await until('what is shown again', () => news(stream).length >= 4)
  await w.as('ada').delete(note.id)
  await w.as('ada').update(hidden.id, { title: 'Still hidden' })
  await w.as('ada').delete(hidden.id)
  await until('the end of what was shown', () => news(stream).length >= 5)
  await settled(w)
  await quiet(() => stream.told.length)
  assert.deepEqual(news(stream), ['ready', 'created v1', 'removed', 'created v4', 'removed'])
  // It was new to this list twice, however often it was told.
  assert.deepEqual(stream.told.filter(({ event }) => event === 'created').map(titleOf), ['Shown', 'Shown again'])
  assert.deepEqual(new Set(idsOf(stream).slice(1)), new Set([note.id]))
  assert.deepEqual(
    Object.keys(stream.told[1]?.data['object'] as object).toSorted(),
    ['createdAt', 'id', 'ownerId', 'shared', 'title', 'updatedAt'].toSorted(),
  )
  assert.doesNotMatch(stream.text, new RegExp(`${hidden.id}|secret|curtain`))
})

test('follows one document, for those who may read it and nobody else', async (t) => {
  const w = await realtimeWorld(t)
  const note = await w.as('ada').create({ title: 'One', shared: true })
  const path = `/api/notes/${note.id}/events`
  const [ada, bob, nobody] = [
    await w.follow(path, await bearer(w, 'ada')),
    await w.follow(path, await bearer(w, 'bob')),
    await w.follow(path),
  ]
  for (const stream of [ada, bob, nobody]) assert.deepEqual(await stream.kinds(1), ['ready'])
  await w.as('ada').update(note.id, { shared: false })
  assert.deepEqual(await ada.kinds(2), ['ready', 'updated'])
  assert.deepEqual(await bob.kinds(2), ['ready', 'removed'])
  assert.deepEqual(await nobody.kinds(2), ['ready', 'removed'])
  const missing = await w.follow(`/api/notes/${note.id}/events`, await bearer(w, 'bob'))
  const never = await w.follow('/api/notes/01arz3ndektsv4rrffq69g5fav/events', await bearer(w, 'bob'))
  await until('the refusals', () => missing.text !== '' && never.text !== '')
  const bare = ({ text }: Stream): unknown => ({ ...(JSON.parse(text) as object), requestId: '' })
  assert.deepEqual([missing.status, never.status], [404, 404])
  assert.deepEqual(bare(missing), bare(never))
})

test('asks for what reading asks for: a session or a token, its scope, a declared index, known fields', async (t) => {
  const w = await realtimeWorld(t)
  const status = async (path: string, headers: Record<string, string> = {}): Promise<number> => {
    const stream = await w.follow(path, headers)
    stream.close()
    return stream.status
  }
  const narrow = { authorization: `Bearer ${await w.token('ada', { scope: 'photos:write' })}` }
  assert.equal(await status('/api/notes/events', narrow), 403)
  assert.equal(await status('/api/notes/events', { authorization: 'Bearer x.y.z' }), 401)
  assert.equal(await status('/api/notes/events?title=x', await bearer(w, 'ada')), 400)
  assert.equal(await status('/api/notes/events?colour=x', await bearer(w, 'ada')), 422)
  assert.equal(await status('/api/nothing/events', await bearer(w, 'ada')), 404)
  // What is open to anyone is shown to anyone, within those limits.
  assert.equal(await status('/api/notes/events?shared=true'), 200)
})

test('goes on from the last event id, and tells what was missed once per document', async (t) => {
  const w = await realtimeWorld(t)
  const ada = await bearer(w, 'ada')
  const first = await w.follow('/api/notes/events', ada)
  await first.kinds(1)
  const kept = await w.as('ada').create({ title: 'Kept' })
  const gone = await w.as('ada').create({ title: 'Gone' })
  await first.kinds(3)
  first.close()
  await w.as('ada').update(kept.id, { title: 'Kept, changed' })
  await w.as('ada').update(kept.id, { title: 'Kept, changed twice' })
  await w.as('ada').delete(gone.id)
  await w.as('bob').create({ title: 'of no concern' })
  // Else some of it is not missed, and is told as it comes.
  await settled(w)
  const second = await w.follow('/api/notes/events', { ...ada, 'last-event-id': first.lastId ?? '' })
  assert.deepEqual(await second.kinds(3), ['ready', 'updated', 'removed'])
  assert.deepEqual(second.told[0]?.data, { resumed: true })
  assert.equal(titleOf(second.told[1]), 'Kept, changed twice')
  assert.deepEqual(second.told[2]?.data, { id: gone.id })
  second.close()
  const third = await w.follow(`/api/notes/events?after=${second.lastId}`, ada)
  assert.deepEqual(await third.kinds(1), ['ready'])
  await quiet(() => third.told.length)
})

test('an event id says nothing and opens for its own subscription only; with any other the client reads again', async (t) => {
  const w = await realtimeWorld(t)
  const ada = await bearer(w, 'ada')
  const one = await w.follow('/api/notes/events', ada)
  const two = await w.follow('/api/notes/events?shared=true', await bearer(w, 'bob'))
  await Promise.all([one.kinds(1), two.kinds(1)])
  const [idOne, idTwo] = [one.lastId ?? '', two.lastId ?? '']
  assert.equal(idOne.length, idTwo.length)
  assert.notEqual(idOne, idTwo)
  for (const id of [idTwo, `${idOne.slice(0, -2)}AA`, '1', '0', 'x'.repeat(500)]) {
    const stream = await w.follow('/api/notes/events', { ...ada, 'last-event-id': id })
    assert.deepEqual(await stream.kinds(1), ['reset'], id)
    stream.close()
  }
})

test('a client that comes back too late is told to read again', async (t) => {
  const w = await realtimeWorld(t)
  const ada = await bearer(w, 'ada')
  const first = await w.follow('/api/notes/events', ada)
  await first.kinds(1)
  first.close()
  // More documents than are told one by one.
  for (let index = 0; index < 300; index += 1) await w.as('ada').create({ title: String(index) })
  // Else what is still on its way to all would come after the reset, once more for a client that has read it.
  await settled(w)
  const late = await w.follow('/api/notes/events', { ...ada, 'last-event-id': first.lastId ?? '' })
  assert.deepEqual(await late.kinds(1), ['reset'])
  const note = await w.as('ada').create({ title: 'after' })
  await late.kinds(2)
  assert.deepEqual(idsOf(late).slice(1), [note.id])
})

test('what is shared is told to whom it is shared with, and taken back within a second', async (t) => {
  const lists = resource('lists', {
    schema: z.strictObject({ title: z.string() }),
    indexes: { byOwner: { fields: ['ownerId', 'createdAt'] } },
    scopes: { read: 'photos:read', write: 'photos:write' },
    share: true,
    access: [
      { who: 'user', may: ['create'] },
      { who: 'owner', may: ['list', 'get', 'update', 'delete'] },
      { who: 'shared', may: ['list', 'get', 'update'] },
    ],
  })
  const w = await realtimeWorld(t, { resources: [lists] })
  const [own, early] = [await w.as('ada').create({ title: 'Ours' }, 'lists'), await w.as('ada').create({ title: 'Shared before' }, 'lists')]
  await w.share('ada', 'lists', { id: early.id, accountId: 'bob', may: 'read' })
  const bob = await bearer(w, 'bob')
  assert.equal((await w.follow(`/api/lists/${own.id}/events`, bob)).status, 404)
  const all = await w.follow('/api/lists/events?shared=true', bob)
  const other = await w.follow('/api/lists/events?shared=true', await bearer(w, 'eve'))
  const nobody = await w.follow('/api/lists/events', bob)
  const doc = await w.follow(`/api/lists/${early.id}/events`, bob)
  for (const stream of [all, other, nobody, doc]) await stream.kinds(1)
  await w.share('ada', 'lists', { id: own.id, accountId: 'bob', may: 'write' })
  await all.kinds(2)
  await w.as('ada').update(own.id, { title: 'Ours, changed' }, 'lists')
  await all.kinds(3)
  const at = Date.now()
  await w.share('ada', 'lists', { id: own.id, accountId: 'bob', may: 'nothing' })
  await w.share('ada', 'lists', { id: early.id, accountId: 'bob', may: 'nothing' })
  assert.deepEqual(await all.kinds(5), ['ready', 'created', 'updated', 'removed', 'removed'])
  assert.deepEqual(await doc.kinds(2), ['ready', 'removed'])
  assert.ok(Date.now() - at < 1000)
  assert.deepEqual(idsOf(all).slice(1), [own.id, own.id, own.id, early.id])
  await w.as('ada').update(own.id, { title: 'Mine again' }, 'lists')
  await w.as('ada').update(early.id, { title: 'Mine again' }, 'lists')
  await quiet(() => all.told.length + doc.told.length)
  assert.deepEqual([other.told.length, nobody.told.length], [1, 1])
  // Who comes back after it was taken away learns that it is gone.
  await w.share('ada', 'lists', { id: own.id, accountId: 'bob', may: 'read' })
  const again = await w.follow(`/api/lists/${own.id}/events`, bob)
  await again.kinds(1)
  again.close()
  await w.share('ada', 'lists', { id: own.id, accountId: 'bob', may: 'nothing' })
  const back = await w.follow(`/api/lists/${own.id}/events`, { ...bob, 'last-event-id': again.lastId ?? '' })
  assert.deepEqual(await back.kinds(2), ['ready', 'removed'])
})

test('follows a range and what a rule of the app decides, and tells when something leaves either', async (t) => {
  const tasks = resource('tasks', {
    schema: z.strictObject({ state: z.string(), rank: z.number(), team: z.string() }),
    indexes: { byTeam: { fields: ['team', 'state', 'rank'] } },
    scopes: { read: 'photos:read', write: 'photos:write' },
    access: [
      { who: 'owner', may: ['create', 'get', 'update'] },
      { who: 'user', may: ['list', 'get'], when: (_principal, document) => document['team'] === 'blue', lists: { team: () => 'blue' } },
    ],
  })
  const w = await realtimeWorld(t, { resources: [tasks] })
  const low = await w.follow('/api/tasks/events?state=open&rank.below=10', await bearer(w, 'bob'))
  await low.kinds(1)
  const one = await w.as('ada').create({ state: 'open', rank: 3, team: 'blue' }, 'tasks')
  await low.kinds(2)
  await w.as('ada').update(one.id, { rank: 30 }, 'tasks')
  await low.kinds(3)
  await w.as('ada').update(one.id, { rank: 5 }, 'tasks')
  await low.kinds(4)
  await w.as('ada').update(one.id, { team: 'secret' }, 'tasks')
  assert.deepEqual(await low.kinds(5), ['ready', 'created', 'removed', 'created', 'removed'])
  await w.as('ada').create({ state: 'open', rank: 1, team: 'secret' }, 'tasks')
  await w.as('ada').create({ state: 'done', rank: 1, team: 'blue' }, 'tasks')
  await quiet(() => low.told.length)
  for (const query of ['limit=3', 'sort=rank', 'count=true', 'search=x', 'fields=rank']) {
    assert.equal((await w.follow(`/api/tasks/events?state=open&${query}`, await bearer(w, 'bob'))).status, 422, query)
  }
})

test('a client that does not read costs little, and is told to read again when it does', async (t) => {
  const w = await realtimeWorld(t)
  const ada = await bearer(w, 'ada')
  const slow = await w.follow('/api/notes/events', ada)
  await slow.kinds(1)
  slow.pause()
  // Reads all the time, so that it is known what was told: changes that wait together are told as one, and then the network could hold them all.
  const quick = await w.follow('/api/notes/events', ada)
  await quick.kinds(1)
  const big = 'x'.repeat(100_000)
  const note = await w.as('ada').create({ title: big })
  const heard = async (title: string): Promise<void> => {
    await until(`${title.slice(0, 10)} to be told`, () => titleOf(quick.told.at(-1)) === title)
  }
  // More than the network between the two can hold.
  for (let round = 0; round < 120; round += 1) {
    await w.as('ada').update(note.id, { title: `${round} ${big}` })
    await heard(`${round} ${big}`)
  }
  for (let index = 0; index < 20; index += 1) {
    await w.as('ada').create({ title: `another ${index} ${big}` })
    await heard(`another ${index} ${big}`)
  }
  assert.ok(!quick.told.some(({ event }) => event === 'reset'))
  slow.resume()
  await until('the reset', () => slow.told.some(({ event }) => event === 'reset'))
  assert.ok(slow.told.length < 130, `${slow.told.length} messages`)
  await w.as('ada').create({ title: 'last' })
  await until('what comes after', () => slow.told.some((told) => titleOf(told) === 'last'))
})
