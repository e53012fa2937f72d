// Events: stored with their write, delivered in order, at least once, from where the consumer has stopped.
import assert from 'node:assert/strict'
import type { EventDraft } from '#kernel/collection.ts'
import type { StoredEvent } from '../../../src/database/contract.ts'
import { call, eventually, photo, type TestInWorld } from '../../support/database.ts'

const draft = (key: string, topic = 'photos'): EventDraft => ({ topic, key, data: { key } })
const keys = (events: readonly StoredEvent[]): string[] => events.map((event) => event.key)

export function eventTests(test: TestInWorld): void {
  test('events of every kind of write arrive in order, with their data', async ({ open, clock }) => {
    const db = await open()
    const seen: StoredEvent[] = []
    db.database.subscribe({ consumer: 'one', topics: ['photos'], handle: async (events) => void seen.push(...events) })
    const { id } = (await db.photos.insert(call, photo(), { events: [draft('inserted')] })).value
    await db.photos.update(call, id, { set: { caption: 'x' } }, { events: [draft('updated'), draft('updated too')] })
    await db.photos.delete(call, id, { events: [draft('deleted')] })
    await db.database.commit(call, [], [draft('committed'), { topic: 'photos', key: 'odd \n "\u{1f30a}', data: ['\u0000', null] }])
    await eventually(() => seen.length === 6, 'six events')
    assert.deepEqual(keys(seen), ['inserted', 'updated', 'updated too', 'deleted', 'committed', 'odd \n "\u{1f30a}'])
    assert.deepEqual(seen[0], { sequence: seen[0]?.sequence, topic: 'photos', key: 'inserted', data: { key: 'inserted' }, at: clock.now() })
    assert.deepEqual(seen[5]?.data, ['\u0000', null])
    const sequences = seen.map((event) => event.sequence)
    assert.deepEqual(
      sequences,
      sequences.toSorted((a, b) => a - b),
    )
    assert.equal(new Set(sequences).size, 6)
  })

  test('a write that changes nothing stores no event', async ({ open }) => {
    const db = await open()
    const seen: StoredEvent[] = []
    db.database.subscribe({ consumer: 'one', topics: ['photos'], handle: async (events) => void seen.push(...events) })
    const { id } = (await db.photos.insert(call, photo({ slug: 'taken' }))).value
    const events = [draft('never')]
    await assert.rejects(db.photos.insert(call, photo({ slug: 'taken' }), { events }))
    assert.equal(await db.photos.update(call, id, { set: { caption: 'x' }, ifVersion: 9 }, { events }), undefined)
    assert.equal(await db.photos.update(call, 'absent', { set: { caption: 'x' } }, { events }), undefined)
    assert.equal(await db.photos.delete(call, id, { ifVersion: 9, events }), false)
    assert.equal(await db.photos.delete(call, 'absent', { events }), false)
    await db.photos.delete(call, id, { events: [draft('last')] })
    await eventually(() => seen.length > 0, 'the last event')
    assert.deepEqual(keys(seen), ['last'])
  })

  test('a batch whose handler throws comes again, and later events wait for it', async ({ open, log }) => {
    const db = await open()
    const batches: string[][] = []
    db.database.subscribe({
      consumer: 'flaky',
      topics: ['photos'],
      async handle(events) {
        batches.push(keys(events))
        if (batches.length < 3) throw new Error('not now')
      },
    })
    await db.photos.insert(call, photo(), { events: [draft('1')] })
    await eventually(() => batches.length > 0, 'the first try')
    await db.photos.insert(call, photo(), { events: [draft('2')] })
    await eventually(() => batches.length >= 3 && batches.flat().includes('2'), 'the third try and the second event')
    assert.deepEqual(batches[0], ['1'])
    for (const batch of batches.slice(0, 3)) assert.equal(batch[0], '1', 'nothing comes before what has failed')
    // Once a batch has succeeded, it does not come again.
    const afterSuccess = batches.slice(3).flat()
    assert.ok(!afterSuccess.includes('1'))
    assert.ok(afterSuccess.length === 0 || afterSuccess.join() === '2')
    assert.ok(log.some((line) => line.includes('not now')))
  })

  test('consumers read their topics only, each at its own pace, in batches of at most a hundred', async ({ open }) => {
    const db = await open()
    const [numbers, letters]: [string[][], string[][]] = [[], []]
    let release = (): void => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    db.database.subscribe({
      consumer: 'slow',
      topics: ['numbers'],
      async handle(events) {
        await held
        numbers.push(keys(events))
      },
    })
    db.database.subscribe({ consumer: 'fast', topics: ['letters', 'numbers'], handle: async (events) => void letters.push(keys(events)) })
    const expected = Array.from({ length: 250 }, (_, number) => `${number}`)
    await db.database.commit(
      call,
      [],
      expected.map((key) => draft(key, 'numbers')),
    )
    await db.database.commit(call, [], [draft('a', 'letters'), draft('b', 'other')])
    await eventually(() => letters.flat().length === 251, 'the fast consumer has all')
    assert.equal(numbers.length, 0)
    release()
    await eventually(() => numbers.flat().length === 250, 'the slow consumer has all')
    assert.deepEqual(numbers.flat(), expected)
    assert.ok(numbers.every((batch) => batch.length <= 100))
    assert.deepEqual(letters.flat(), [...expected, 'a'])
  })

  test('a new consumer gets what was stored before it, unless it begins at the end', async ({ open }) => {
    const db = await open()
    await db.database.commit(call, [], [draft('before')])
    const [all, later]: [string[], string[]] = [[], []]
    db.database.subscribe({ consumer: 'all', topics: ['photos'], handle: async (events) => void all.push(...keys(events)) })
    db.database.subscribe({
      consumer: 'later',
      topics: ['photos'],
      beginAtEnd: true,
      handle: async (events) => void later.push(...keys(events)),
    })
    await db.database.subscribed(call)
    await db.database.commit(call, [], [draft('after')])
    await eventually(() => all.length === 2 && later.length > 0, 'the event from after')
    assert.deepEqual(later, ['after'])
    assert.throws(() => db.database.subscribe({ consumer: 'all', topics: [], handle: async () => {} }), /subscribed already/)
  })

  test('a consumer that left gets the rest when it comes back', async ({ open }) => {
    const db = await open()
    const seen: string[] = []
    const subscription = {
      consumer: 'guest',
      topics: ['photos'],
      handle: async (events: readonly StoredEvent[]) => void seen.push(...keys(events)),
    }
    const leave = db.database.subscribe(subscription)
    await db.database.commit(call, [], [draft('1')])
    await eventually(() => seen.length === 1, 'the first event')
    // Its position is stored after that.
    await new Promise((resolve) => setTimeout(resolve, 500))
    leave()
    await db.database.commit(call, [], [draft('2')])
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.deepEqual(seen, ['1'])
    db.database.subscribe(subscription)
    await eventually(() => seen.length === 2, 'the second event')
    assert.deepEqual(seen, ['1', '2'])
  })

  test('events that all consumers have read are removed, and no others', async ({ open, clock }) => {
    const db = await open({ sweepEveryMs: 10 })
    const seen: string[] = []
    let failing = true
    db.database.subscribe({ consumer: 'reads', topics: ['photos'], handle: async (events) => void seen.push(...keys(events)) })
    db.database.subscribe({
      consumer: 'stuck',
      topics: ['photos'],
      async handle() {
        if (failing) throw new Error('stuck')
      },
    })
    await db.database.commit(call, [], [draft('1'), draft('2')])
    await eventually(() => seen.length === 2, 'the events')
    await new Promise((resolve) => setTimeout(resolve, 100))
    const found = await peek(db.database, 'first look')
    assert.deepEqual(found, ['1', '2'], 'the stuck consumer holds them')
    clock.advance(10 * 60_000)
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.deepEqual(await peek(db.database, 'second look'), ['1', '2'], 'it holds them for as long as it takes')
    failing = false
    await eventually(async () => (await peek(db.database, `look ${performance.now()}`)).length === 0, 'the events are removed')
    await db.database.commit(call, [], [draft('3')])
    await eventually(() => seen.includes('3'), 'the next event, with a number that was never used')
  })
}

/** What a consumer that was never here before would get. */
async function peek(
  database: {
    subscribe: (subscription: {
      consumer: string
      topics: string[]
      handle: (events: readonly StoredEvent[]) => Promise<void>
    }) => () => void
  },
  consumer: string,
): Promise<string[]> {
  const found: string[] = []
  const leave = database.subscribe({ consumer, topics: ['photos'], handle: async (events) => void found.push(...keys(events)) })
  // Nothing is only nothing after a while.
  for (let round = 0; round < 100 && found.length === 0; round += 1) await new Promise((resolve) => setTimeout(resolve, 10))
  leave()
  return found
}
