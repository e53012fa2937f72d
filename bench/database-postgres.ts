// What the data access layer costs on PostgreSQL: CPU of this process for get, list and insert, beside `pg` prepared statements written by hand over a
// table made by hand. Interleaved rounds, medians of the ratios of each round. Run: node bench/database-postgres.ts
import { Pool } from 'pg'
import { systemCall } from '#kernel/call.ts'
import { systemClock } from '#kernel/clock.ts'
import { defineCollection } from '#kernel/collection.ts'
import { newId } from '#kernel/ids.ts'
import { createLogger } from '#kernel/log.ts'
import { z } from '#kernel/schema.ts'
import { createPostgresDatabase } from '../test/support/other-databases.ts'
import { startPostgres } from '../test/support/postgres.ts'
import { median } from './cpu.ts'

const ROUNDS = Number(process.env['ROUNDS'] ?? 9)
const OPERATIONS = Number(process.env['OPERATIONS'] ?? 3000)
const WARM_UP = 2
const CLIENTS = 8
const CONNECTIONS = 8
const OWNERS = 50
const PHOTOS = 5000
const PAGE = 20

const photoSchema = z.strictObject({
  id: z.string(),
  ownerId: z.string(),
  takenAt: z.number(),
  caption: z.string(),
  album: z.string().optional(),
  starred: z.boolean(),
  width: z.number(),
  height: z.number(),
  tags: z.array(z.string()),
})
type Photo = z.infer<typeof photoSchema>
const photos = defineCollection<Photo>({ name: 'photos', schema: photoSchema, indexes: { byOwner: { fields: ['ownerId', 'takenAt'] } } })

function photo(number: number): Photo {
  return {
    id: newId(number + 1),
    ownerId: `owner-${number % OWNERS}`,
    takenAt: 1_700_000_000_000 + number * 1000,
    caption: `A day at the sea, number ${number}, with wind and clouds`,
    ...(number % 3 === 0 ? { album: 'Summer' } : {}),
    starred: number % 7 === 0,
    width: 4032,
    height: 3024,
    tags: ['sea', 'wind', `day-${number % 30}`],
  }
}

interface Subject {
  readonly name: string
  get(id: string): Promise<unknown>
  list(owner: string): Promise<readonly unknown[]>
  insert(value: Photo): Promise<unknown>
  stop(): Promise<void>
}

async function byHand(url: string): Promise<Subject> {
  const pool = new Pool({ connectionString: url, max: CONNECTIONS })
  await pool.query(`create table by_hand (id text collate "C" primary key, "ownerId" text collate "C" not null, "takenAt" double precision not null,
    caption text not null, album text, starred boolean not null, width double precision not null, height double precision not null, tags jsonb not null)`)
  await pool.query('create index on by_hand ("ownerId", "takenAt", id)')
  const columns = 'id, "ownerId", "takenAt", caption, album, starred, width, height, tags'
  const get = { name: 'get', text: `select ${columns} from by_hand where id = $1` }
  const list = { name: 'list', text: `select ${columns} from by_hand where "ownerId" = $1 order by "takenAt" desc, id desc limit $2` }
  const insert = { name: 'insert', text: `insert into by_hand (${columns}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)` }
  return {
    name: 'pg by hand',
    async get(id) {
      return (await pool.query<Photo>({ ...get, values: [id] })).rows[0]
    },
    async list(owner) {
      return (await pool.query<Photo>({ ...list, values: [owner, PAGE + 1] })).rows
    },
    async insert({ id, ownerId, takenAt, caption, album, starred, width, height, tags }) {
      await pool.query({ ...insert, values: [id, ownerId, takenAt, caption, album, starred, width, height, JSON.stringify(tags)] })
    },
    stop: () => pool.end(),
  }
}

async function byLayer(url: string): Promise<Subject> {
  const call = systemCall('bench')
  const database = createPostgresDatabase({
    url: `${url}?connections=${CONNECTIONS}`,
    clock: systemClock,
    logger: createLogger({ level: 'silent' }),
  })
  const collection = database.contract.collection(photos)
  await database.start()
  return {
    name: 'collection',
    get: (id) => collection.get(call, id),
    list: async (owner) =>
      (await collection.list(call, { index: 'byOwner', where: { ownerId: owner }, order: 'descending', limit: PAGE })).items,
    insert: (value) => collection.insert(call, value),
    stop: () => database.stop(),
  }
}

interface Cost {
  readonly cpuUs: number
  readonly wallUs: number
}

async function measured(operations: number, work: (number: number) => Promise<unknown>): Promise<Cost> {
  let next = 0
  const client = async (): Promise<void> => {
    for (let number = next++; number < operations; number = next++) await work(number)
  }
  const began = performance.now()
  const before = process.cpuUsage()
  await Promise.all(Array.from({ length: CLIENTS }, client))
  const { user, system } = process.cpuUsage(before)
  return { cpuUs: (user + system) / operations, wallUs: ((performance.now() - began) * 1000) / operations }
}

async function compare(kind: string, subjects: readonly Subject[], run: (subject: Subject) => Promise<Cost>): Promise<void> {
  const costs = new Map<string, Cost[]>(subjects.map(({ name }) => [name, []]))
  const ratios: number[] = []
  for (let round = -WARM_UP; round < ROUNDS; round += 1) {
    const found = new Map<string, Cost>()
    // The order changes, so that neither always comes first.
    for (const subject of round % 2 === 0 ? subjects : subjects.toReversed()) found.set(subject.name, await run(subject))
    if (round < 0) continue
    for (const [name, cost] of found) costs.get(name)?.push(cost)
    ratios.push((found.get('collection')?.cpuUs ?? 0) / (found.get('pg by hand')?.cpuUs ?? 1))
  }
  for (const [name, all] of costs) {
    const cpu = median(all.map(({ cpuUs }) => cpuUs)).toFixed(1)
    const wall = median(all.map(({ wallUs }) => wallUs)).toFixed(1)
    console.log(`${kind.padEnd(7)} ${name.padEnd(12)} ${cpu.padStart(8)} us CPU ${wall.padStart(8)} us wall`)
  }
  console.log(`${kind.padEnd(7)} the layer takes ${median(ratios).toFixed(2)} times the CPU of pg by hand\n`)
}

const server = await startPostgres()
try {
  const subjects = [await byHand(server.url()), await byLayer(server.url())]
  const stored = Array.from({ length: PHOTOS }, (_, number) => photo(number))
  for (const subject of subjects) await measured(PHOTOS, (number) => subject.insert(stored[number] ?? photo(number)))
  server.sql('vacuum analyze')
  let made = PHOTOS
  const kinds: Record<string, (subject: Subject) => Promise<Cost>> = {
    get: (subject) => measured(OPERATIONS, (number) => subject.get(stored[(number * 7919) % PHOTOS]?.id ?? '')),
    list: (subject) => measured(OPERATIONS / 5, (number) => subject.list(`owner-${number % OWNERS}`)),
    insert: (subject) => measured(OPERATIONS, () => subject.insert(photo((made += 1)))),
  }
  for (const [kind, run] of Object.entries(kinds)) await compare(kind, subjects, run)
  for (const subject of subjects) await subject.stop()
} finally {
  await server.stop()
}
