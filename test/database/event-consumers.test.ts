// Consumers of events cost what they have to do: they look only when something of theirs was stored, and a busy time is taken in batches.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '#kernel/clock.ts'
import type { Running } from '#kernel/lifecycle.ts'
import { createLogger } from '#kernel/log.ts'
import type { Database } from '../../src/database/contract.ts'
import { createSqliteEngine } from '../../src/database/drivers/sqlite/engine.ts'
import type { Engine } from '../../src/database/ports.ts'
import { databaseServer } from '../../src/database/server.ts'
import { call, eventually } from '../support/database.ts'

const logger = createLogger({ level: 'silent' })
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

interface World {
  readonly database: Running<Database>
  /** How often events of this topic were looked for. */
  reads(topic: string): number
  store(topic: string, key: string): Promise<void>
}

async function inDatabase(body: (world: World) => Promise<void>): Promise<void> {
  const engine = createSqliteEngine({ file: ':memory:', durability: 'full', logger })
  const asked: string[] = []
  const read: Engine['events']['read'] = (range) => {
    asked.push(...range.topics)
    return engine.events.read(range)
  }
  const events = new Proxy(engine.events, { get: (target, name) => (name === 'read' ? read : Reflect.get(target, name)) })
  const watched = new Proxy(engine, { get: (target, name) => (name === 'events' ? events : Reflect.get(target, name)) })
  const database = databaseServer.create({ engine: watched, clock: systemClock, logger })
  await database.start()
  try {
    await body({
      database,
      reads: (topic) => asked.filter((one) => one === topic).length,
      store: async (topic, key) => await database.contract.commit(call, [], [{ topic, key, data: null }]),
    })
  } finally {
    await database.stop()
  }
}

test('a consumer does not look when only events of other topics were stored', () =>
  inDatabase(async ({ database, reads, store }) => {
    const heard: string[] = []
    for (const topic of ['mine', 'other']) {
      database.contract.subscribe({
        consumer: topic,
        topics: [topic],
        handle: async (batch) => void heard.push(...batch.map(({ key }) => key)),
      })
    }
    await database.contract.subscribed(call)
    const before = reads('mine')
    for (let number = 0; number < 30; number += 1) {
      await store('other', `o${number}`)
      await wait(10)
    }
    await eventually(() => heard.length === 30, 'the other consumer has all')
    // All look once a second, for what another process may have stored.
    assert.ok(reads('mine') - before <= 2, `looked ${reads('mine') - before} times`)
    await store('mine', 'm')
    await eventually(() => heard.includes('m'), 'what passed over others finds its own')
  }))

test('events of a busy time are taken in batches, in order and none twice; the first of a quiet time waits for nothing', () =>
  inDatabase(async ({ database, store }) => {
    const batches: string[][] = []
    database.contract.subscribe({
      consumer: 'mine',
      topics: ['mine'],
      handle: async (batch) => void batches.push(batch.map(({ key }) => key)),
    })
    await database.contract.subscribed(call)
    const keys = Array.from({ length: 100 }, (_, number) => `k${number}`)
    const began = performance.now()
    for (const key of keys) {
      await store('mine', key)
      await wait(1)
    }
    const tookMs = performance.now() - began
    await eventually(() => batches.flat().length >= keys.length, 'all are delivered')
    assert.deepEqual(batches.flat(), keys)
    assert.ok(batches.length <= tookMs / 100 + 3, `${batches.length} batches in ${tookMs} ms`)
    let soonestMs = Infinity
    for (let round = 0; round < 10; round += 1) {
      await wait(150)
      const delivered = batches.length
      const at = performance.now()
      await store('mine', `q${round}`)
      while (batches.length === delivered) await wait(0)
      soonestMs = Math.min(soonestMs, performance.now() - at)
    }
    assert.ok(soonestMs < 15, `the soonest came after ${soonestMs} ms`)
  }))

test('consumers that are woken together have turns of their own: nobody waits for all of them', () =>
  inDatabase(async ({ database, store }) => {
    let turn = 0
    const turns = new Set<number>()
    const names = Array.from({ length: 8 }, (_, number) => `consumer${number}`)
    const heard: string[] = []
    for (const consumer of names) {
      database.contract.subscribe({
        consumer,
        topics: ['mine'],
        async handle() {
          turns.add(turn)
          heard.push(consumer)
          const end = performance.now() + 1
          while (performance.now() < end);
        },
      })
    }
    await database.contract.subscribed(call)
    const stop = new AbortController()
    const count = (): void => {
      turn += 1
      if (!stop.signal.aborted) setImmediate(count)
    }
    count()
    await store('mine', 'k')
    await eventually(() => heard.length === names.length, 'all have it')
    stop.abort()
    assert.ok(turns.size >= 5, `${turns.size} turns`)
  }))
