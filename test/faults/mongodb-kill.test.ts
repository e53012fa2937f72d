// Two processes that are killed in the middle of their writes, and a server that is: what was answered is there with its event, no event without its
// write, and nobody ever sees half a commit.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { systemClock } from '#kernel/clock.ts'
import type { Running } from '#kernel/lifecycle.ts'
import { createLogger } from '#kernel/log.ts'
import type { Collection, Database, StoredEvent } from '../../src/database/contract.ts'
import { createMongoDatabase } from '../support/other-databases.ts'
import { call, eventually, type Ticket, ticket, tickets } from '../support/database.ts'
import { type Ferret, startFerret, withoutFerret } from '../support/ferretdb.ts'

const program = fileURLToPath(new URL('../fixtures/mongodb-child.ts', import.meta.url))
const logger = createLogger({ level: 'silent' })
const ids = ['d0', 'd1', 'd2', 'd3', 'p', 'q']
const ROUNDS = process.env['NINEFOLD_LONG'] === undefined ? 3 : 30

interface Opened {
  readonly database: Running<Database>
  readonly documents: Collection<Ticket>
}

/** `undefined` while the server is away. */
async function usesOf(documents: Collection<Ticket>, id: string): Promise<number | undefined> {
  try {
    const found = await documents.get(call, id)
    assert.ok(found !== undefined)
    return found.value.uses
  } catch (error) {
    if (Reflect.get(Object(error), 'code') !== 'database.unavailable') throw error
    await new Promise((resolve) => setTimeout(resolve, 50))
    return undefined
  }
}

describe('killed in the middle on MongoDB', { skip: withoutFerret }, () => {
  let ferret: Ferret
  before(async () => {
    ferret = await startFerret()
  })
  after(async () => await ferret.stop())

  async function open(place: string): Promise<Opened> {
    const database = createMongoDatabase({ url: ferret.url(place), clock: systemClock, logger })
    const documents = database.contract.collection(tickets)
    await database.start()
    return { database, documents }
  }

  async function prepare(place: string): Promise<void> {
    const { database, documents } = await open(place)
    for (const id of ids) {
      await documents.insert(call, ticket({ id, code: `${id}0` }), { events: [{ topic: 'changed', key: id, data: { version: 1 } }] })
    }
    await database.stop()
  }

  /** Two processes write until they have been told together that so many writes are stored; then `end` is called. Answers what they had been told. */
  async function writeUntil(
    place: string,
    wanted: number,
    end: (children: readonly ChildProcess[]) => Promise<void>,
  ): Promise<[string, number][]> {
    const children = [5, 6].map((clients) =>
      spawn(process.execPath, [program, ferret.url(place), `${clients}`], { stdio: ['ignore', 'pipe', 'inherit'] }),
    )
    const stored: [string, number][] = []
    let ending: Promise<void> | undefined
    await Promise.all(
      children.map(async (child) => {
        const lines = createInterface({ input: child.stdout })
        const closed = once(lines, 'close')
        lines.on('line', (line) => {
          const [, id, version] = /^stored (\w+) (\d+)$/.exec(line) ?? []
          if (id !== undefined) stored.push([id, Number(version)])
          if (stored.length >= wanted) ending ??= end(children)
        })
        await Promise.all([once(child, 'exit'), closed])
      }),
    )
    await ending
    return stored
  }

  /** Reads both documents of the pair all the time. What is read later is never older. */
  async function watchPair({ documents }: Opened, signal: AbortSignal): Promise<number> {
    let newest = 0
    let reads = 0
    while (!signal.aborted) {
      for (const id of ['p', 'q', 'q', 'p']) {
        const uses = await usesOf(documents, id)
        if (uses === undefined) continue
        assert.ok(uses >= newest, `${id} is at ${uses} after the other was at ${newest}: half a commit was seen`)
        newest = uses
        reads += 1
      }
      const { items } = await documents.list(call, { index: 'byUses', limit: 10 }).catch(() => ({ items: [] }))
      const pair = items.filter((item) => ['p', 'q'].includes(item.value.id)).map((item) => item.value.uses)
      assert.equal(new Set(pair).size, pair.length === 0 ? 0 : 1, 'a page with half a commit')
    }
    return reads
  }

  async function check(place: string, answered: readonly [string, number][]): Promise<void> {
    const { database, documents } = await open(place)
    const seen = new Map<string, number[]>()
    const handle = async (events: readonly StoredEvent[]): Promise<void> => {
      for (const { key, data } of events) seen.set(key, [...(seen.get(key) ?? []), Number(Reflect.get(Object(data), 'version'))])
    }
    const versions = new Map<string, number>()
    for (const id of ids) versions.set(id, (await documents.get(call, id))?.version ?? 0)
    const [p, q] = [await documents.get(call, 'p'), await documents.get(call, 'q')]
    assert.equal(p?.value.uses, q?.value.uses)
    for (const one of [p, q]) {
      const { id = '', code = '' } = one?.value ?? {}
      assert.equal((await documents.getByKey(call, 'byCode', { code }))?.value.id, id)
    }
    database.contract.subscribe({ consumer: `check ${performance.now()}`, topics: ['changed'], handle })
    await eventually(() => ids.every((id) => (seen.get(id)?.length ?? 0) >= (versions.get(id) ?? 0)), 'an event for every version')
    await database.stop()
    for (const id of ids) {
      const every = Array.from({ length: versions.get(id) ?? 0 }, (_, number) => number + 1)
      assert.deepEqual(seen.get(id), every, `${id}: one event for every version, in order`)
    }
    for (const [id, version] of answered) assert.ok(version <= (versions.get(id) ?? 0), `${id} ${version} was answered and is gone`)
  }

  test('two processes that are killed leave whole writes, each with its event, in order per document', { timeout: 180_000 }, async () => {
    await prepare('killed')
    const answered: [string, number][] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      const watcher = await open('killed')
      const watching = new AbortController()
      const reads = watchPair(watcher, watching.signal)
      reads.catch(() => {})
      const stored = await writeUntil('killed', 30 + round * 17, async (children) => {
        // The second goes on alone for a while, with whatever the first has left.
        children[0]?.kill('SIGKILL')
        await new Promise((resolve) => setTimeout(resolve, round % 2 === 0 ? 0 : 2000))
        children[1]?.kill('SIGKILL')
      })
      watching.abort()
      assert.ok((await reads) > 0)
      await watcher.database.stop()
      answered.push(...stored)
      await check('killed', answered)
    }
  })

  test('a server that is killed loses nothing that it has answered, and what waited goes on when it is back', {
    timeout: 180_000,
  }, async () => {
    await prepare('stopped')
    const answered: [string, number][] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      const stored = await writeUntil('stopped', 30 + round * 17, async (children) => {
        await ferret.kill()
        await new Promise((resolve) => setTimeout(resolve, 300))
        if (round % 2 === 0) await ferret.startAgain()
        await new Promise((resolve) => setTimeout(resolve, 1000))
        for (const child of children) child.kill('SIGKILL')
        if (round % 2 === 1) await ferret.startAgain()
      })
      answered.push(...stored)
      await check('stopped', answered)
    }
  })
})
