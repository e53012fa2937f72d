// Processes that end in the middle of their writes, and a server that does: what was answered is there with its event, and no event without its write.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { systemClock } from '#kernel/clock.ts'
import { createLogger } from '#kernel/log.ts'
import type { StoredEvent } from '../../src/database/contract.ts'
import { createPostgresDatabase } from '../support/other-databases.ts'
import { call, eventually, ticket, tickets } from '../support/database.ts'
import { type PostgresServer, startPostgres, withoutPostgres } from '../support/postgres.ts'

const program = fileURLToPath(new URL('../fixtures/postgres-child.ts', import.meta.url))
const logger = createLogger({ level: 'silent' })
const ids = Array.from({ length: 6 }, (_, number) => `d${number}`)
const ROUNDS = process.env['NINEFOLD_LONG'] === undefined ? 4 : 40

describe('killed in the middle on PostgreSQL', { skip: withoutPostgres }, () => {
  let server: PostgresServer
  before(async () => {
    server = await startPostgres({ fsync: true })
  })
  after(async () => await server.stop())

  async function prepare(schema: string): Promise<void> {
    const database = createPostgresDatabase({ url: server.url(schema), clock: systemClock, logger })
    const documents = database.contract.collection(tickets)
    await database.start()
    for (const id of ids) await documents.insert(call, ticket({ id }), { events: [{ topic: 'changed', key: id, data: { version: 1 } }] })
    await database.stop()
  }

  /** Runs until it has been told that so many writes are stored; then `end` is called, and what it had been told is the answer. */
  async function writeUntil(schema: string, wanted: number, end: (child: ChildProcess) => Promise<void>): Promise<[string, number][]> {
    const child = spawn(process.execPath, [program, server.url(schema), '12'], { stdio: ['ignore', 'pipe', 'inherit'] })
    const exit = once(child, 'exit')
    const stored: [string, number][] = []
    const lines = createInterface({ input: child.stdout })
    const closed = once(lines, 'close')
    let ending: Promise<void> | undefined
    lines.on('line', (line) => {
      const [, id, version] = /^stored (\w+) (\d+)$/.exec(line) ?? []
      if (id !== undefined) stored.push([id, Number(version)])
      if (stored.length >= wanted) ending ??= end(child)
    })
    await Promise.all([exit, closed])
    await ending
    return stored
  }

  async function check(schema: string, answered: readonly [string, number][]): Promise<void> {
    const database = createPostgresDatabase({ url: server.url(schema), clock: systemClock, logger })
    const documents = database.contract.collection(tickets)
    const seen = new Map<string, number[]>()
    const handle = async (events: readonly StoredEvent[]): Promise<void> => {
      for (const { key, data } of events) seen.set(key, [...(seen.get(key) ?? []), (data as { version: number }).version])
    }
    database.contract.subscribe({ consumer: `check ${performance.now()}`, topics: ['changed'], handle })
    await database.start()
    const versions = new Map<string, number>()
    for (const id of ids) versions.set(id, (await documents.get(call, id))?.version ?? 0)
    await eventually(() => ids.every((id) => (seen.get(id)?.length ?? 0) >= (versions.get(id) ?? 0)), 'an event for every version')
    await database.stop()
    for (const id of ids) {
      const every = Array.from({ length: versions.get(id) ?? 0 }, (_, number) => number + 1)
      assert.deepEqual(seen.get(id), every, `${id}: one event for every version, in order`)
    }
    for (const [id, version] of answered) assert.ok(version <= (versions.get(id) ?? 0), `${id} ${version} was answered and is gone`)
  }

  test('a process that is killed leaves whole writes, each with its event, in order per document', { timeout: 120_000 }, async () => {
    await prepare('killed')
    const answered: [string, number][] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      const stored = await writeUntil('killed', 60 + round * 37, async (child) => void child.kill('SIGKILL'))
      assert.ok(stored.length >= 60)
      answered.push(...stored)
      await check('killed', answered)
    }
  })

  test('a server that is stopped at once loses nothing that it has answered', { timeout: 120_000 }, async () => {
    await prepare('stopped')
    const answered: [string, number][] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      const stored = await writeUntil('stopped', 60 + round * 37, async (child) => {
        await server.halt('immediate')
        await new Promise((resolve) => setTimeout(resolve, 100))
        child.kill('SIGKILL')
      })
      answered.push(...stored)
      await server.resume()
      await check('stopped', answered)
    }
  })
})
