import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ratioRange } from './chance.ts'

/** Rounds of as many latencies each, exponential like those of a queue. */
const rounds = (count: number, each: number, scales: readonly number[] = [1]): number[][] =>
  Array.from({ length: count }, (_, round) =>
    Array.from({ length: each }, (_unused, index) => -Math.log(1 - (index + 0.5) / each) * (scales[round % scales.length] ?? 1)),
  )
const range = (less: number[][], more: number[][]): readonly [number, number] => ratioRange(less, more, 0.99) ?? assert.fail('no range')

test('the range of a ratio is as wide as theory says, and wider where rounds differ', () => {
  const [low, high] = range(rounds(5, 800), rounds(5, 800))
  // An order statistic of 4,000: 0.99 plus or minus 0.0031, twice.
  assert.ok(low > 0.84 && low < 0.95 && high > 1.05 && high < 1.2, `${low} to ${high}`)
  const [least, most] = range(rounds(5, 800), rounds(5, 800, [1, 1, 1, 1, 4]))
  assert.ok(most / least > (1.5 * high) / low, `${least} to ${most}`)
  const [twice] = range(rounds(5, 800), rounds(5, 800, [2]))
  assert.ok(twice > 1.5, `${twice}`)
})

test('too few requests have no range', () => {
  assert.equal(ratioRange(rounds(5, 40), rounds(5, 800), 0.99), undefined)
  assert.notEqual(ratioRange(rounds(5, 80), rounds(5, 80), 0.99), undefined)
})
