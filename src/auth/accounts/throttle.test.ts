import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemCall } from '#kernel/call.ts'
import type { Cache } from '../../cache/contract.ts'
import { createCounts } from './counts.ts'
import { createThrottle, type ThrottleRule } from './throttle.ts'

const call = systemCall('throttle-test')
const rule: ThrottleRule = { free: 2, firstWaitMs: 1000, longestWaitMs: 4000, windowMs: 60_000 }

const fail = async (): Promise<never> => {
  throw new Error('the cache is down')
}
const brokenCache: Cache = { get: fail, set: fail, add: fail, increment: fail, delete: fail, publish: fail, subscribe: () => () => {} }

function world(): { enter: () => ReturnType<ReturnType<typeof createThrottle>['enter']>; pass: (ms: number) => void } {
  let now = 1_000_000
  const throttle = createThrottle(createCounts(brokenCache, { now: () => now }))
  return {
    enter: () => throttle.enter(call, [{ key: 'door', rule }]),
    pass: (ms) => {
      now += ms
    },
  }
}

test('goes on refusing while the cache is down', async () => {
  const { enter } = world()
  for (let index = 0; index < 3; index += 1) await enter()
  await assert.rejects(enter(), { code: 'auth.too_many_tries', headers: { 'retry-after': '1' } })
})

test('waits twice as long each time, up to a limit', async () => {
  const { enter, pass } = world()
  for (let index = 0; index < 3; index += 1) await enter()
  for (const waitMs of [1000, 2000, 4000, 4000]) {
    await assert.rejects(enter(), { code: 'auth.too_many_tries', headers: { 'retry-after': String(waitMs / 1000) } })
    pass(waitMs - 1)
    await assert.rejects(enter(), { code: 'auth.too_many_tries' })
    pass(1)
    await enter()
  }
})

test('refused tries do not make the wait longer', async () => {
  const { enter, pass } = world()
  for (let index = 0; index < 3; index += 1) await enter()
  for (let index = 0; index < 100; index += 1) await assert.rejects(enter())
  pass(1000)
  await enter()
})

test('forgets after an honest try, and takes a cancelled one back', async () => {
  const { enter } = world()
  await enter()
  await enter()
  const honest = await enter()
  await honest.succeed(['door'])
  for (let index = 0; index < 10; index += 1) await (await enter()).cancel()
  await enter()
  await enter()
  await enter()
  await assert.rejects(enter(), { code: 'auth.too_many_tries' })
})
