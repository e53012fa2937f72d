import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemCall } from '#kernel/call.ts'
import type { Cache } from '../../cache/contract.ts'
import { createCounts } from './counts.ts'
import { MAX_LOCAL } from './local-counts.ts'
import { createThrottle, PER_ACCOUNT, type ThrottleRule } from './throttle.ts'

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

function guessing() {
  let now = 1_000_000
  const counts = createCounts(brokenCache, { now: () => now })
  const throttle = createThrottle(counts)
  return {
    counts,
    guess: (account: string) => throttle.enter(call, [{ key: `account:${account}`, rule: PER_ACCOUNT }]),
    pass: (ms: number) => void (now += ms),
  }
}

test('requirement 69: tries at however many other accounts open no closed door, and nothing is forgotten of how often it was tried', async () => {
  const { guess, pass } = guessing()
  for (let tries = 0; tries < 4; tries += 1) await guess('ada')
  await assert.rejects(guess('ada'), { headers: { 'retry-after': '30' } })
  for (let other = 0; other < MAX_LOCAL * 1.5; other += 1) await guess(`other ${other}`)
  await assert.rejects(guess('ada'), { headers: { 'retry-after': '30' } })
  pass(30_000)
  await guess('ada')
  await assert.rejects(guess('ada'), { headers: { 'retry-after': '60' } }, 'the fifth try')
})

test('requirement 69: whoever fills the memory with accounts that were tried more often guesses at one no faster', async () => {
  const { guess } = guessing()
  for (let other = 0; other < MAX_LOCAL * 2; other += 1) await guess(`other ${other % MAX_LOCAL}`)
  let guesses = 0
  for (let noise = 0; noise < 10; noise += 1) {
    await guess(`noise ${noise}`).catch(() => undefined)
    await guess('ada').then(
      () => (guesses += 1),
      () => undefined,
    )
  }
  assert.ok(guesses <= 4, `${guesses} guesses`)
})

test('kinds of counts do not push each other out, and the memory is bounded', async () => {
  const { counts, guess } = guessing()
  for (let tries = 0; tries < 4; tries += 1) await guess('ada')
  for (let other = 0; other < MAX_LOCAL * 1.5; other += 1) {
    await counts.add(call, `mail:${other}`, { by: 100, ttlMs: 60_000 })
    await counts.close(call, `puzzle:${other}`, 600_000)
  }
  await assert.rejects(guess('ada'), { code: 'auth.too_many_tries' })
  assert.equal(await counts.seen(call, 'mail:0'), 0, 'the oldest of equals goes')
  assert.equal(await counts.seen(call, `mail:${MAX_LOCAL}`), 100)
})

test('requirement 69: what weighs least goes first: low counts, and gates that were closed for a short time', async () => {
  const { counts } = guessing()
  await counts.add(call, 'mail:high', { by: 12, ttlMs: 60_000 })
  await counts.close(call, 'mail:high', 60_000)
  for (let other = 0; other < MAX_LOCAL * 1.5; other += 1) {
    await counts.add(call, `mail:${other}`, { by: 3, ttlMs: 60_000 })
    await counts.close(call, `mail:${other}`, 10_000)
  }
  assert.equal(await counts.seen(call, 'mail:high'), 12)
  assert.equal(await counts.closedFor(call, 'mail:high'), 60_000)
})

test('what has expired goes before what has not', async () => {
  const { counts, pass } = guessing()
  const add = (key: string, by: number, ttlMs: number) => counts.add(call, key, { by, ttlMs })
  for (let index = 0; index < MAX_LOCAL - 1; index += 1) await add(`mail:old ${index}`, 9, 1000)
  await add('mail:live', 1, 60_000)
  pass(1000)
  for (let index = 0; index < MAX_LOCAL / 2; index += 1) await add(`mail:new ${index}`, 1, 60_000)
  assert.equal(await counts.seen(call, 'mail:live'), 1)
})
