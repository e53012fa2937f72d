import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ratioByChance } from './chance.ts'

test('many requests say more about a ratio than a few, and what is the same is not told apart', () => {
  const sample = (count: number, scale = 1): number[] =>
    Array.from({ length: count }, (_, index) => -Math.log(1 - (index + 0.5) / count) * scale)
  const [low, high] = ratioByChance(sample(4000), sample(4000), 0.99)
  assert.ok(low < 1 && low > 0.8 && high > 1 && high < 1.25, `${low} to ${high}`)
  const [least, most] = ratioByChance(sample(200), sample(200), 0.99)
  assert.ok(least < low && most > high, `${least} to ${most}`)
  const [twice] = ratioByChance(sample(4000), sample(4000, 2), 0.99)
  assert.ok(twice > 1.5, `${twice}`)
})
