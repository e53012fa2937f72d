// `node bench/database.ts --engine sqlite`: what the layer over the database costs, beside the bare driver in the same run. Interleaved rounds, medians.
// The figures to reach are in docs/performance.md; `--check` fails when one is missed.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { parseArgs } from 'node:util'
import { systemCall } from '#kernel/call.ts'
import { systemClock } from '#kernel/clock.ts'
import { type CollectionDefinition, insertInto } from '#kernel/collection.ts'
import type { Running } from '#kernel/lifecycle.ts'
import { createLogger } from '#kernel/log.ts'
import { z } from '#kernel/schema.ts'
import type { Collection, Database } from '../src/database/contract.ts'
import { createSqliteDatabase } from '../src/database/server.ts'
import { median } from './cpu.ts'

const { values } = parseArgs({
  options: {
    engine: { type: 'string', default: 'sqlite' },
    rounds: { type: 'string', default: '15' },
    /** Rows of the large collection. */
    rows: { type: 'string', default: '1000000' },
    check: { type: 'boolean', default: false },
  },
})
if (values.engine !== 'sqlite') throw new Error('This bench measures SQLite; those of other engines have files of their own.')
const ROUNDS = Number(values.rounds)
const LARGE = Number(values.rows)
const SMALL = 1000
const GETS = 20_000
const LISTS = 500
const CREATES = 64 * 8
const CLIENTS = 64

const schema = z.strictObject({
  id: z.string(),
  ownerId: z.string(),
  createdAt: z.string(),
  title: z.string(),
  width: z.number(),
  height: z.number(),
  colour: z.string(),
  starred: z.boolean(),
  tags: z.array(z.string()),
})
type Picture = z.infer<typeof schema>

const definition = (name: string): CollectionDefinition<Picture> => ({
  name,
  schema,
  indexes: { byOwner: { fields: ['ownerId', 'createdAt'] } },
})
const [small, large, plain] = [definition('small'), definition('large'), definition('plain')]

function picture(number: number): Picture {
  return {
    id: `picture${number}`,
    // The same number of pictures of each person in both collections, so that a page is as full in both.
    ownerId: `owner${Math.floor(number / 50)}`,
    createdAt: new Date(1_700_000_000_000 + number * 1000).toISOString(),
    title: `Picture number ${number} of the evening at the harbour`,
    width: 640,
    height: 480,
    colour: '#336699',
    starred: number % 7 === 0,
    tags: ['evening', 'harbour'],
  }
}

const call = systemCall('bench')
const folder = mkdtempSync(join(tmpdir(), 'ninefold-bench-'))
const open = (file: string): Running<Database> =>
  createSqliteDatabase({ file: join(folder, file), clock: systemClock, logger: createLogger({ level: 'silent' }) })

async function fill(database: Database, into: CollectionDefinition<Picture>, count: number): Promise<void> {
  for (let first = 0; first < count; first += 1000) {
    const commits = Array.from({ length: 10 }, async (_, part) => {
      const numbers = Array.from({ length: 100 }, (__, n) => first + part * 100 + n).filter((number) => number < count)
      await database.commit(
        call,
        numbers.map((number) => insertInto(into, picture(number))),
      )
    })
    await Promise.all(commits)
  }
}

/** Reads happen in this thread, so what they cost is its time on the processor; a write is what its caller waits for. */
type Meter = 'thread' | 'wall'

function nowUs(meter: Meter): number {
  if (meter === 'wall') return performance.now() * 1000
  const { user, system } = process.threadCpuUsage()
  return user + system
}

/** Microseconds for each operation, by name, one sample for each round. Every round runs all of them, beginning with another one. */
async function rounds(
  meter: Meter,
  subjects: Readonly<Record<string, { readonly count: number; run(count: number): Promise<void> }>>,
): Promise<Map<string, number>> {
  const entries = Object.entries(subjects)
  const samples = new Map(entries.map(([name]) => [name, [] as number[]]))
  for (let round = -2; round < ROUNDS; round += 1) {
    for (let turn = 0; turn < entries.length; turn += 1) {
      const [name, { count, run }] = entries[(turn + round + 2) % entries.length] ?? ['', { count: 0, run: async () => {} }]
      const began = nowUs(meter)
      await run(count)
      // The first two are for the compiler.
      if (round >= 0) samples.get(name)?.push((nowUs(meter) - began) / count)
    }
  }
  return new Map([...samples].map(([name, measured]) => [name, median(measured)]))
}

function bareGet(file: string, asArrays: boolean): (count: number) => Promise<void> {
  const db = new DatabaseSync(join(folder, file), { readOnly: true })
  const statement = db.prepare('SELECT version, document FROM small WHERE id = ?')
  statement.setReturnArrays(asArrays)
  return async (count) => {
    let found = 0
    for (let number = 0; number < count; number += 1) {
      const row: Readonly<Record<string, unknown>> | undefined = statement.get(`picture${(number * 7919) % SMALL}`)
      const value: { readonly id: string } = JSON.parse(String(asArrays ? row?.[1] : row?.['document']))
      if (value.id !== '') found += 1
    }
    if (found !== count) throw new Error('A row is missing.')
  }
}

const getFrom =
  (collection: Collection<Picture>, size: number) =>
  async (count: number): Promise<void> => {
    let found = 0
    for (let number = 0; number < count; number += 1) {
      if ((await collection.get(call, `picture${(number * 7919) % size}`)) !== undefined) found += 1
    }
    if (found !== count) throw new Error('A document is missing.')
  }

const listFrom =
  (collection: Collection<Picture>, size: number) =>
  async (count: number): Promise<void> => {
    for (let number = 0; number < count; number += 1) {
      const ownerId = `owner${(number * 7919) % (size / 50)}`
      const { items } = await collection.list(call, { index: 'byOwner', where: { ownerId }, order: 'descending', limit: 20 })
      if (items.length !== 20) throw new Error('A page is not full.')
    }
  }

let created = 0
const createWith =
  (collection: Collection<Picture>, clients: number) =>
  async (count: number): Promise<void> => {
    let left = count
    const client = async (): Promise<void> => {
      while (left > 0) {
        left -= 1
        created += 1
        await collection.insert(call, picture(10_000_000 + created))
      }
    }
    await Promise.all(Array.from({ length: clients }, client))
  }

const server = open('bench.db')
const [smallPictures, largePictures, plainPictures] = [small, large, plain].map((one) => server.contract.collection(one))
if (smallPictures === undefined || largePictures === undefined || plainPictures === undefined) throw new Error('Three collections.')
await server.start()
await fill(server.contract, small, SMALL)
process.stdout.write(`Filling ${LARGE} rows ...\n`)
await fill(server.contract, large, LARGE)

const reads = await rounds('thread', {
  'bare get': { count: GETS, run: bareGet('bench.db', false) },
  'bare get, rows as arrays': { count: GETS, run: bareGet('bench.db', true) },
  get: { count: GETS, run: getFrom(smallPictures, SMALL) },
  'list of the small': { count: LISTS, run: listFrom(smallPictures, SMALL) },
  'list of the large': { count: LISTS, run: listFrom(largePictures, LARGE) },
})
const writes = await rounds('wall', {
  'create, one client': { count: 64, run: createWith(plainPictures, 1) },
  [`create, ${CLIENTS} clients`]: { count: CREATES, run: createWith(plainPictures, CLIENTS) },
})
await server.stop()
rmSync(folder, { recursive: true, force: true })

const of = (name: string): number => reads.get(name) ?? writes.get(name) ?? Number.NaN
const figures = [
  {
    name: 'get / bare prepared get with JSON.parse',
    ratio: of('get') / Math.min(of('bare get'), of('bare get, rows as arrays')),
    aim: 'at most 2.5',
    isMet: (ratio: number) => ratio <= 2.5,
  },
  {
    name: `list of 20 among ${LARGE} / among ${SMALL}`,
    ratio: of('list of the large') / of('list of the small'),
    aim: 'at most 1.2',
    isMet: (ratio: number) => ratio <= 1.2,
  },
  {
    name: `durable creates a second, ${CLIENTS} clients / one commit each`,
    ratio: of('create, one client') / of(`create, ${CLIENTS} clients`),
    aim: 'over 5',
    isMet: (ratio: number) => ratio > 5,
  },
]
for (const [name, us] of [...reads, ...writes]) process.stdout.write(`${name.padEnd(24)} ${us.toFixed(2).padStart(10)} us\n`)
process.stdout.write('\n')
for (const { name, ratio, aim, isMet } of figures) {
  process.stdout.write(`${name}: ${ratio.toFixed(2)} (${aim}${isMet(ratio) ? '' : ', MISSED'})\n`)
}
if (values.check && figures.some(({ ratio, isMet }) => !isMet(ratio))) process.exitCode = 1
