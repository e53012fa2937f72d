// The background removal leaves room for the writes of others.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { systemCall } from '#kernel/call.ts'
import { defineCollection } from '#kernel/collection.ts'
import { createLogger } from '#kernel/log.ts'
import { z } from '#kernel/schema.ts'
import { until } from '../../test/support/until.ts'
import { createSqliteEngine } from './drivers/sqlite/engine.ts'
import type { Engine, WriteRequest } from './ports.ts'
import { databaseServer } from './server.ts'

const SLOW_MS = 40
const DOCUMENTS = 120

const leaves = defineCollection<{ id: string; expiresAt: number }>({
  name: 'leaves',
  schema: z.strictObject({ id: z.string(), expiresAt: z.int() }),
  indexes: {},
  expiry: 'expiresAt',
})

interface Batch {
  readonly beganAt: number
  endedAt?: number
  rows?: number
}

/** Removing takes a while, and is written down. */
function slow(engine: Engine, batches: Batch[]): Engine {
  const write = async (request: WriteRequest): ReturnType<Engine['write']> => {
    if (request.kind !== 'expire' || request.collection !== leaves.name) return await engine.write(request)
    const batch: Batch = { beganAt: performance.now() }
    batches.push(batch)
    await delay(SLOW_MS)
    const answer = await engine.write(request)
    Object.assign(batch, { endedAt: performance.now(), rows: answer.kind === 'done' ? answer.rows : 0 })
    return answer
  }
  return new Proxy(engine, {
    get(target, name) {
      if (name === 'write') return write
      const member: unknown = Reflect.get(target, name, target)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

test('expired documents are removed in batches, each followed by a rest five times as long as it took', async (t) => {
  const logger = createLogger({ level: 'silent' })
  let now = 1000
  const batches: Batch[] = []
  const engine = slow(createSqliteEngine({ file: ':memory:', durability: 'full', logger }), batches)
  const server = databaseServer.create({ engine, sweepEveryMs: 10, clock: { now: () => now }, logger })
  const collection = server.contract.collection(leaves)
  await server.start()
  t.after(() => server.stop())
  const call = systemCall('test')
  await Promise.all(Array.from({ length: DOCUMENTS }, (_, number) => collection.insert(call, { id: `leaf${number}`, expiresAt: 2000 })))
  now = 3000
  await until('all are removed', () => batches.reduce((sum, { rows = 0 }) => sum + rows, 0) === DOCUMENTS)
  const removing = batches.filter(({ rows = 0 }) => rows > 0)
  assert.deepEqual(
    removing.map(({ rows }) => rows),
    [25, 25, 25, 25, 20],
  )
  for (const [number, { endedAt = 0 }] of removing.slice(0, -1).entries()) {
    const restedMs = (removing[number + 1]?.beganAt ?? 0) - endedAt
    // A timer may fire a little early.
    assert.ok(restedMs >= SLOW_MS * 4.8, `batch ${number} was followed by a rest of ${restedMs} ms`)
  }
  now = 1500
  for (const id of ['leaf0', `leaf${DOCUMENTS - 1}`]) assert.equal(await collection.get(call, id), undefined, 'all are gone')
})
