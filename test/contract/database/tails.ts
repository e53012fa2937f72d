// Events for those who follow without a stored position, and how long they are kept for who comes back.
import assert from 'node:assert/strict'
import type { EventDraft } from '#kernel/collection.ts'
import type { StoredEvent } from '../../../src/database/contract.ts'
import { call, eventually, type Opened, type TestInWorld } from '../../support/database.ts'

const drafts = (from: number, count: number, topic = 'news'): EventDraft[] =>
  Array.from({ length: count }, (_, number) => ({ topic, key: `${from + number}`, data: null }))
// oxlint-disable-next-line eslint/max-params -- where, from which number, how many, and as what
const publish = async (db: Opened, from: number, count: number, topic?: string): Promise<void> =>
  await db.database.commit(call, [], drafts(from, count, topic))
const numbers = (from: number, count: number): string[] => drafts(from, count).map((draft) => draft.key)

interface Heard {
  readonly keys: string[]
  readonly upTo: number[]
  handle(events: readonly StoredEvent[], upTo: number): void
}

function hearing(): Heard {
  const keys: string[] = []
  const upTo: number[] = []
  return {
    keys,
    upTo,
    handle(events, to) {
      keys.push(...events.map((event) => event.key))
      upTo.push(to)
      for (const event of events) assert.ok(event.sequence <= to)
    },
  }
}

export function tailTests(test: TestInWorld): void {
  test('a follower hears what is stored from now on, of its topics, in order', async ({ open }) => {
    const db = await open()
    await publish(db, 0, 3)
    const { newest } = await db.database.events(call)
    const heard = hearing()
    const leave = db.database.tail({ topics: ['news'], after: newest, handle: (events, upTo) => heard.handle(events, upTo) })
    await publish(db, 10, 450)
    await publish(db, 0, 5, 'other')
    await publish(db, 500, 1)
    await eventually(() => heard.keys.length >= 451, 'all of the news')
    assert.deepEqual(heard.keys, [...numbers(10, 450), '500'])
    const last = (await db.database.events(call)).newest
    await eventually(() => heard.upTo.at(-1) === last, 'it knows how far it has read')
    assert.deepEqual(
      heard.upTo,
      heard.upTo.toSorted((a, b) => a - b),
    )
    leave()
    await publish(db, 900, 1)
    await new Promise((resolve) => setTimeout(resolve, 60))
    assert.ok(!heard.keys.includes('900'))
  })

  test('between events that nobody follows, in many writes at once, none is missed or told twice', async ({ open }) => {
    const db = await open()
    const heard = hearing()
    db.database.tail({ topics: ['news'], handle: (events, upTo) => heard.handle(events, upTo) })
    let published = 0
    const writes = Array.from({ length: 200 }, async (_one, index) => {
      const isNews = index % 7 === 0
      await publish(db, isNews ? published++ : index, 1, isNews ? 'news' : 'other')
    })
    await Promise.all(writes)
    await publish(db, 0, 1, 'other')
    const { newest } = await db.database.events(call)
    await eventually(() => heard.upTo.at(-1) === newest, 'it knows how far it has read')
    assert.deepEqual(heard.keys.toSorted(), numbers(0, published).toSorted())
  })

  test('a follower that begins now misses nothing that is stored after it was told to', async ({ open }) => {
    const db = await open()
    for (let round = 0; round < 10; round += 1) {
      const heard = hearing()
      const leave = db.database.tail({ topics: ['news'], handle: (events, upTo) => heard.handle(events, upTo) })
      await publish(db, round * 10, 10)
      await eventually(() => heard.keys.includes(`${round * 10 + 9}`), 'the news of this round')
      assert.deepEqual(heard.keys.slice(-10), numbers(round * 10, 10))
      leave()
    }
  })

  test('one that comes back with a number hears everything after it, once', async ({ open }) => {
    const db = await open()
    const first = hearing()
    let known = 0
    const leave = db.database.tail({
      topics: ['news'],
      handle(events, upTo) {
        first.handle(events, upTo)
        known = events.at(-1)?.sequence ?? known
      },
    })
    await publish(db, 0, 5)
    await eventually(() => first.keys.length === 5, 'the first five')
    leave()
    await publish(db, 5, 300)
    await publish(db, 0, 300, 'other')
    const second = hearing()
    db.database.tail({ topics: ['news'], after: known, handle: (events, upTo) => second.handle(events, upTo) })
    await publish(db, 305, 20)
    await eventually(() => second.keys.length >= 320, 'the rest')
    assert.deepEqual(second.keys, numbers(5, 320))
  })

  test('a slow follower holds nobody up, gets everything, and one batch at a time', async ({ open }) => {
    const db = await open()
    const [slow, quick] = [hearing(), hearing()]
    let release = (): void => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    let inside = 0
    db.database.tail({
      topics: ['news'],
      async handle(events, upTo) {
        inside += 1
        assert.equal(inside, 1)
        await held
        slow.handle(events, upTo)
        inside -= 1
      },
    })
    db.database.tail({ topics: ['news'], handle: (events, upTo) => quick.handle(events, upTo) })
    for (let round = 0; round < 10; round += 1) await publish(db, round * 90, 90)
    await eventually(() => quick.keys.length === 900, 'the quick one has all')
    assert.equal(slow.keys.length, 0)
    release()
    await eventually(() => slow.keys.length >= 900, 'the slow one has all')
    assert.deepEqual(slow.keys, numbers(0, 900))
    assert.deepEqual(quick.keys, numbers(0, 900))
  })

  test('a follower that throws goes on hearing, and others do not notice', async ({ open, log }) => {
    const db = await open()
    const [faulty, fine] = [hearing(), hearing()]
    db.database.tail({
      topics: ['news'],
      handle(events, upTo) {
        faulty.handle(events, upTo)
        if (events.length > 0) throw new Error('too much news')
      },
    })
    db.database.tail({ topics: ['news'], handle: (events, upTo) => fine.handle(events, upTo) })
    for (let round = 0; round < 3; round += 1) {
      await publish(db, round, 1)
      await eventually(() => faulty.keys.length === round + 1 && fine.keys.length === round + 1, 'both have heard it')
    }
    assert.ok(log.some((line) => line.includes('too much news')))
  })

  test('events are kept for five minutes after all have read them, and their numbers say so', async ({ open, clock }) => {
    const db = await open({ sweepEveryMs: 10 })
    assert.deepEqual(await db.database.events(call), { newest: 0, oldest: 1 })
    const seen: string[] = []
    db.database.subscribe({
      consumer: 'reads',
      topics: ['news'],
      handle: async (events) => void seen.push(...events.map((event) => event.key)),
    })
    await publish(db, 0, 10)
    await eventually(() => seen.length === 10, 'the events')
    const { newest, oldest } = await db.database.events(call)
    assert.ok(oldest <= newest - 9)
    const sweeps = async (): Promise<void> => await new Promise((resolve) => setTimeout(resolve, 100))
    await sweeps()
    clock.advance(4 * 60_000)
    await sweeps()
    assert.equal((await db.database.events(call)).oldest, oldest, 'they are still there after four minutes')
    const heard = hearing()
    const leave = db.database.tail({ topics: ['news'], after: oldest - 1, handle: (events, upTo) => heard.handle(events, upTo) })
    await eventually(() => heard.keys.length === 10, 'they can be asked for again')
    leave()
    clock.advance(2 * 60_000)
    await eventually(async () => (await db.database.events(call)).oldest === newest + 1, 'they are gone after six')
    assert.equal((await db.database.events(call)).newest, newest, 'what was the newest is still known')
    await publish(db, 10, 1)
    await eventually(async () => (await db.database.events(call)).newest > newest, 'no number is used again')
  })
}
