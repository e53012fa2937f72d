import assert from 'node:assert/strict'
import { test } from 'node:test'
import { breath, ownTurn, turnHasBegun } from './breath.ts'

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** By this thread: what other programs take from it is none of its doing. */
function computedMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

function work(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

test('who asks early in a turn of the event loop goes on, who asks late goes on in another one', async () => {
  await nextTurn()
  await nextTurn()
  assert.equal(breath(), undefined)
  work(0.5)
  const given = breath()
  assert.ok(given instanceof Promise)
  let goesOn = false
  const goOn = async (): Promise<void> => {
    await given
    goesOn = true
  }
  const gone = goOn()
  for (let count = 0; count < 10; count += 1) await Promise.resolve()
  assert.equal(goesOn, false, 'not in this turn')
  await gone
})

test('what was done before anybody asked is part of the turn, once a request has begun', async () => {
  await nextTurn()
  await nextTurn()
  turnHasBegun(performance.now())
  work(0.5)
  const late = breath()
  assert.ok(late instanceof Promise)
  await late
  await nextTurn()
  await nextTurn()
  work(0.5)
  assert.equal(breath(), undefined, 'the next turn begins with the one who asks')
})

test('long requests give way to what comes in, and all of them end', async () => {
  let ended = 0
  let others = 0
  const long = async (): Promise<void> => {
    for (let step = 0; step < 10; step += 1) {
      await breath()
      work(0.3)
    }
    ended += 1
  }
  const all = Promise.all(Array.from({ length: 20 }, long))
  let longestMs = 0
  const other = async (): Promise<void> => {
    while (ended < 20) {
      const began = computedMs()
      await nextTurn()
      longestMs = Math.max(longestMs, computedMs() - began)
      others += 1
    }
  }
  await Promise.all([all, other()])
  assert.equal(ended, 20)
  // Sixty milliseconds of work; in one go, the other would have had one turn or two.
  assert.ok(others >= 20, `${others} turns`)
  assert.ok(longestMs < 50, `${longestMs} ms`)
})

test('who waits leaves a turn that others have made long, and goes on in spite of them when every turn is', async () => {
  await nextTurn()
  await nextTurn()
  let turns = 0
  let goesOnIn: number | undefined
  // Queued before those who wait are looked after, in each turn.
  const others = (): void => {
    if (goesOnIn !== undefined || turns === 100) return
    setImmediate(others)
    turns += 1
    void breath()
    work(0.3)
  }
  setImmediate(others)
  void breath()
  work(0.3)
  const given = breath()
  assert.ok(given instanceof Promise)
  await given
  goesOnIn = turns
  // The others of this test have asked as well.
  await breath()
  assert.ok(goesOnIn > 1, 'the first turn is left')
  assert.ok(goesOnIn < 20, `${goesOnIn} turns`)
})

test('of a few who are let go on all at once, each has a turn of its own', async () => {
  await nextTurn()
  await nextTurn()
  const turns: number[] = []
  let turn = 0
  let counting = true
  const count = (): void => {
    turn += 1
    if (counting) setImmediate(count)
  }
  setImmediate(count)
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      await ownTurn()
      turns.push(turn)
      work(0.3)
    }),
  )
  counting = false
  assert.equal(new Set(turns).size, 4, turns.join())
})

test('who came first goes on first', async () => {
  void breath()
  work(0.5)
  const order: number[] = []
  await Promise.all(
    [1, 2, 3].map(async (number) => {
      await breath()
      order.push(number)
    }),
  )
  assert.deepEqual(order, [1, 2, 3])
})
