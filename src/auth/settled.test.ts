import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settled } from './settled.ts'

const overtaken = (times: number) => {
  let asked = 0
  return async (): Promise<number | 'moved'> => ((asked += 1) > times ? asked : 'moved')
}

test('a decision is taken anew however many were faster, and the first of them costs no pause', async (t) => {
  const drawn = t.mock.method(Math, 'random', () => 0)
  assert.equal(await settled(overtaken(1)), 2)
  assert.equal(drawn.mock.callCount(), 0)
  assert.equal(await settled(overtaken(60)), 61)
  assert.equal(drawn.mock.callCount(), 59)
})

test('whoever is overtaken for too long, or gone, is told so by a code', async (t) => {
  t.mock.method(Math, 'random', () => 0)
  const told = { code: 'auth.changed_meanwhile', status: 409 }
  const left = new AbortController()
  left.abort()
  await assert.rejects(settled(overtaken(Number.POSITIVE_INFINITY), { signal: left.signal }), told)
  assert.equal(await settled(overtaken(0), { signal: left.signal }), 1)
  let now = 0
  t.mock.method(performance, 'now', () => (now += 100))
  await assert.rejects(settled(overtaken(Number.POSITIVE_INFINITY)), told)
  assert.ok(now > 5000 && now < 6000, `after ${now} ms`)
})
