// The database that a scenario runs on: SQLite, unless the run is about another one. `scripts/test.ts --on` starts the server and names it here.
import { createHash, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { MongoClient } from 'mongodb'
import { Client } from 'pg'
import type { Clock } from '#kernel/clock.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import type { Running } from '#kernel/lifecycle.ts'
import type { Logger } from '#kernel/log.ts'
import { createJobSeal } from '#kernel/sealed-job.ts'
import type { Database } from '../../src/database/contract.ts'
import type { Engine, WriteRequest } from '../../src/database/ports.ts'
import { engineFor } from '../../src/database/engines.ts'
import { databaseServer } from '../../src/database/server.ts'

const server = process.env['NINEFOLD_TEST_DATABASE_URL']

/** A place of its own on the server that is tested: the same name finds the same data. `undefined` when SQLite is. */
export function scenarioUrl(place: string): string | undefined {
  if (server === undefined) return undefined
  const url = new URL(server)
  const name = `t_${createHash('sha256').update(place).digest('hex').slice(0, 20)}`
  if (url.protocol.startsWith('mongodb')) url.pathname = `/${name}`
  else url.searchParams.set('schema', name)
  return url.href
}

/** For a platform, or a command beside it, on this data folder. */
export function scenarioEnvironment(dataDir: string): Record<string, string> {
  const url = scenarioUrl(dataDir)
  return url === undefined ? {} : { NINEFOLD_DATABASE_URL: url }
}

export interface ScenarioDatabase {
  /** Given, what is stored can be opened again. */
  readonly file?: string | undefined
  readonly clock: Clock
  readonly logger: Logger
  /** Told of each write that the engine is asked for: one commit. */
  readonly onWrite?: ((request: WriteRequest) => void) | undefined
  /** Stands between the database and its engine. */
  readonly between?: ((engine: Engine) => Engine) | undefined
  /** Background removal; as in production unless told. */
  readonly sweepEveryMs?: number
  /** Given, what mails carry is sealed, as by a whole platform. */
  readonly keyRing?: KeyRing
}

export async function scenarioDatabase(options: ScenarioDatabase): Promise<Running<Database>> {
  const { file, clock, logger, onWrite, between = (bare) => bare, sweepEveryMs, keyRing } = options
  const url = scenarioUrl(file ?? randomBytes(16).toString('hex')) ?? `sqlite:${encodeURI(file ?? ':memory:')}`
  const engine = between(await engineFor(url, { logger }))
  const eventAtRest = keyRing && createJobSeal(keyRing).event
  const sweeping = sweepEveryMs === undefined ? {} : { sweepEveryMs }
  return databaseServer.create({
    engine: onWrite === undefined ? engine : watched(engine, onWrite),
    clock,
    logger,
    eventAtRest,
    ...sweeping,
  })
}

/** The same engine, which tells of each write that it is asked for. */
export function watched(engine: Engine, onWrite: (request: WriteRequest) => void): Engine {
  return withWrites(engine, (request, write) => {
    onWrite(request)
    return write(request)
  })
}

/** The same engine, with something around each write. */
export function withWrites(engine: Engine, around: (request: WriteRequest, write: Engine['write']) => ReturnType<Engine['write']>): Engine {
  return new Proxy(engine, {
    get(target, name) {
      if (name === 'write') return (request: WriteRequest) => around(request, (given) => target.write(given))
      const member: unknown = Reflect.get(target, name, target)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

const LOOKS: ReadonlySet<unknown> = new Set(['find', 'findByKey', 'scan', 'count', 'search'])

/** The same engine, which tells of each look into a collection, as `find accounts`. */
export function looked(engine: Engine, onLook: (look: string) => void): Engine {
  return new Proxy(engine, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function' || !LOOKS.has(name)) return typeof member === 'function' ? member.bind(target) : member
      return (layout: { readonly name: string }, ...rest: readonly unknown[]): unknown => {
        onLook(`${String(name)} ${layout.name}`)
        return member.call(target, layout, ...rest)
      }
    },
  })
}

/** The database of a platform that keeps its data in this folder. */
export async function databaseOf(
  dataDir: string,
  { clock, logger }: Pick<ScenarioDatabase, 'clock' | 'logger'>,
): Promise<Running<Database>> {
  const url = scenarioUrl(dataDir) ?? `sqlite:${encodeURI(join(dataDir, 'database', 'main.db'))}`
  return databaseServer.create({ engine: await engineFor(url, { logger }), clock, logger })
}

/** All that the database of a file keeps, names of tables included: its bytes, or what any program with access to the server can read. */
export async function everythingStored(file: string): Promise<Buffer> {
  const url = scenarioUrl(file)
  if (url === undefined) {
    const parts = await Promise.all(['', '-wal'].map((suffix) => readFile(`${file}${suffix}`).catch(() => Buffer.alloc(0))))
    return Buffer.concat(parts)
  }
  return Buffer.from([...(await tablesOf(url))].map(([name, rows]) => `${name}\n${rows}\n`).join(''))
}

/**
 * The rows of each table or collection, as text. While it is in use, too. Without what goes by the clock of the machine, which no test moves: with MongoDB
 * the journal of our driver (ten minutes) and what is remembered of a deleted document (one minute).
 */
export async function rowsStored(file: string): Promise<ReadonlyMap<string, string>> {
  const url = scenarioUrl(file)
  if (url === undefined) return sqliteTables(file)
  const tables = url.startsWith('mongodb') ? await mongoTables(url, { _gone: { $exists: false } }) : await postgresTables(url)
  tables.delete('ninefold_journal')
  return tables
}

const tablesOf = (url: string): Promise<Map<string, string>> => (url.startsWith('mongodb') ? mongoTables(url) : postgresTables(url))

export function sqliteTables(file: string): Map<string, string> {
  const db = new DatabaseSync(file, { readOnly: true })
  try {
    const names = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'").all()
    const tables = new Map<string, string>()
    for (const { name } of names) {
      const all = db.prepare(`SELECT * FROM "${String(name)}"`)
      all.setReadBigInts(true)
      const rows = all.all()
      tables.set(String(name), rows.map((row) => Object.values(row).map(textOf).join('\t')).join('\n'))
    }
    return tables
  } finally {
    db.close()
  }
}

const textOf = (value: unknown): string => (value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value))

async function postgresTables(url: string): Promise<Map<string, string>> {
  const schema = new URL(url).searchParams.get('schema') ?? 'public'
  const client = new Client({ connectionString: url.replace(/\?.*/, '') })
  await client.connect()
  try {
    const tables = await client.query<{ name: string }>(
      'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = $1',
      [schema],
    )
    const found = new Map<string, string>()
    for (const { name } of tables.rows) {
      const rows = await client.query<{ row: string }>(`SELECT row_to_json(t)::text AS row FROM "${schema}"."${name}" t`)
      found.set(name, rows.rows.map(({ row }) => row).join('\n'))
    }
    return found
  } finally {
    await client.end()
  }
}

async function mongoTables(url: string, filter: Record<string, unknown> = {}): Promise<Map<string, string>> {
  const client = await new MongoClient(url).connect()
  try {
    const found = new Map<string, string>()
    for (const { name } of await client.db().listCollections().toArray()) {
      found.set(name, JSON.stringify(await client.db().collection(name).find(filter).toArray()))
    }
    return found
  } finally {
    await client.close()
  }
}
