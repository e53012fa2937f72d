// The cache contract on the memory driver, and what is its own: the budget.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemCall } from '#kernel/call.ts'
import { createLogger } from '#kernel/log.ts'
import type { Cache } from '../../src/cache/contract.ts'
import { cacheServer } from '../../src/cache/server.ts'
import { type TestClock, testClock } from '../support/database.ts'
import { cacheContract } from './cache.contract.ts'

const logger = createLogger({ level: 'silent' })
const call = systemCall('cache-memory')

function open(clock: TestClock, maxBytes = 8_388_608): Cache {
  return cacheServer.create({ maxBytes, clock, logger }).contract
}

cacheContract('memory', (clock) => open(clock))

test('the least recently used entries go first, and the memory stays within the budget', async () => {
  const cache = open(testClock(), 1_000_000)
  const value = 'x'.repeat(1000)
  await cache.set(call, 'used', value, { ttlMs: 1000 })
  for (let number = 0; number < 2000; number += 1) {
    await cache.set(call, `key ${number}`, value, { ttlMs: 1000 })
    await cache.get(call, 'used')
  }
  const found = await Promise.all(Array.from({ length: 2000 }, (_, number) => cache.get(call, `key ${number}`)))
  const kept = found.filter((one) => one !== undefined).length
  assert.ok(kept * 2200 <= 1_000_000 && kept > 300, `${kept} entries are kept`)
  assert.notEqual(found.at(-1), undefined)
  assert.equal(found[0], undefined)
  assert.equal(await cache.get(call, 'used'), value)
})

test('a value larger than its part of the budget is refused and pushes nothing out', async () => {
  const cache = open(testClock(), 1_000_000)
  await cache.set(call, 'small', 'value', { ttlMs: 1000 })
  await assert.rejects(cache.set(call, 'large', 'x'.repeat(100_000), { ttlMs: 1000 }), { code: 'cache.too_large' })
  await assert.rejects(cache.add(call, 'large', 'x'.repeat(100_000), { ttlMs: 1000 }), { code: 'cache.too_large' })
  assert.equal(await cache.get(call, 'large'), undefined)
  assert.equal(await cache.get(call, 'small'), 'value')
})
