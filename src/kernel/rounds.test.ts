import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRounds } from './rounds.ts'

test('everybody gets one turn a round, spread over it, until they leave', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const rounds = createRounds(25_000)
  const turns = Array.from({ length: 50 }, () => 0)
  const leave = turns.map((_, index) => rounds.join(() => (turns[index] = (turns[index] ?? 0) + 1)))
  t.mock.timers.tick(1000)
  assert.equal(turns.filter((count) => count === 1).length, 2)
  t.mock.timers.tick(24_000)
  assert.deepEqual(new Set(turns), new Set([1]))
  for (const each of leave.slice(1)) each()
  t.mock.timers.tick(25_000)
  assert.deepEqual([turns[0], turns.slice(1).every((count) => count === 1)], [2, true])
  leave[0]?.()
  leave[0]?.()
  t.mock.timers.tick(50_000)
  assert.equal(turns[0], 2)
})
