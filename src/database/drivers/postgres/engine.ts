// PostgreSQL as an engine: prepared statements over a pool of connections; the server does the rest.
import type { Logger } from '#kernel/log.ts'
import type { DatabaseCapabilities } from '../../contract.ts'
import type { CollectionLayout, Declared } from '../../layout.ts'
import type { Engine, EventStore, Snapshot } from '../../ports.ts'
import { failedRead, unavailable } from './failures.ts'
import { consumerOf, createLedger, eventOf, type Ledger, markOf } from './ledger.ts'
import { createLoader, type Loader } from './load.ts'
import { Pool, POOL_TIMES, type PoolSettings, type PoolTimes } from './pool.ts'
import { needsSynchronousCommit, probe, type ServerFacts } from './probe.ts'
import { type CollectionReader, createReader } from './reader.ts'
import { Session } from './session.ts'
import { createSettledHead, type SettledHead } from './settled.ts'
import { planned, type Prepared, prepare } from './setup.ts'
import { openSnapshot } from './snapshot.ts'
import type { Value } from './statement.ts'
import { createTable, type Table } from './table.ts'
import { parsePostgresUrl, type PostgresTarget } from './url.ts'
import { createWriter, type Writer } from './writer.ts'

export interface PostgresSettings {
  readonly url: string
  readonly logger: Logger
  readonly times?: PoolTimes
}

interface Open {
  readonly pool: Pool
  readonly facts: ServerFacts
  readonly tables: ReadonlyMap<string, Table>
  readonly readers: ReadonlyMap<string, CollectionReader>
  readonly writer: Writer
  readonly loader: Loader
  readonly head: SettledHead
}

export function createPostgresEngine({ url, logger, times = POOL_TIMES }: PostgresSettings): Engine {
  const target = parsePostgresUrl(url)
  const ledger = createLedger()
  let open: Open | undefined
  const opened = (): Open => {
    if (open === undefined) throw unavailable('The database is closed.')
    return open
  }
  const readerOf = (collection: CollectionLayout): CollectionReader => known(opened().readers, collection.name)

  return {
    get capabilities(): DatabaseCapabilities {
      return { engine: 'postgres', commit: 'transactions', durable: open?.facts.durable ?? false, snapshot: true, shared: true }
    },
    form: 'value',
    async start(collections: readonly Declared[]) {
      const layouts = collections.map(({ layout }) => layout)
      const prepared = await withSession(target, async (session) => ({
        facts: await probe(session),
        ...(await prepare(session, target.schema, layouts)),
      }))
      open = await opening({ target, times, logger }, { ...prepared, layouts, ledger })
      await open.head.begin()
    },
    plan: (collections) =>
      withSession(target, async (session) => {
        await probe(session)
        return await planned(
          session,
          target.schema,
          collections.map(({ layout }) => layout),
        )
      }),
    async stop() {
      const closing = open
      await closing?.pool.stop()
      open = undefined
    },
    health: () => (open === undefined ? 'the database is closed' : open.pool.health()),
    marks: async () => (await opened().pool.read(ledger.marks)).rows.map(markOf),
    rows: (collection, page) => readerOf(collection).rows(page),
    find: (collection, id, now) => readerOf(collection).find(id, now),
    findByKey: (collection, key, now) => readerOf(collection).findByKey(key, now),
    scan: (collection, stretch, now) => readerOf(collection).scan(stretch, now),
    count: (collection, stretch, now) => readerOf(collection).count(stretch, now),
    search: (collection, search, now) => readerOf(collection).search(search, now),
    snapshot: () => snapshotOf(opened(), ledger),
    async load(batch) {
      await opened().loader.load(batch)
      if (batch.kind === 'events') await opened().head.begin()
    },
    write: async (request) => await opened().writer.submit(request),
    events: eventsOf(opened, ledger),
  }
}

interface Preparation extends Prepared {
  readonly facts: ServerFacts
  readonly layouts: readonly CollectionLayout[]
  readonly ledger: Ledger
}

async function opening(settings: PoolSettings, { facts, layouts, lost, ledger }: Preparation): Promise<Open> {
  if (!facts.durable) {
    settings.logger.warn({ settings: facts.settings }, 'the PostgreSQL server does not sync: a power cut may lose what was answered')
  }
  const pool = new Pool(settings, needsSynchronousCommit(facts))
  const tables = new Map(layouts.map((layout) => [layout.name, createTable(layout, lost.get(layout.name) ?? [])]))
  const readers = new Map([...tables].map(([name, table]) => [name, createReader(table, pool)]))
  await pool.start()
  return {
    pool,
    facts,
    tables,
    readers,
    writer: createWriter({ pool, tables, ledger }),
    loader: createLoader(pool, tables),
    head: createSettledHead(pool),
  }
}

async function snapshotOf({ pool, tables, head }: Open, ledger: Ledger): Promise<Snapshot> {
  const settled = await head.head()
  const session = await connect(() => pool.separate())
  try {
    return await openSnapshot({ session, ledger, tableOf: (collection) => known(tables, collection.name), head: settled })
  } catch (error) {
    session.destroy()
    throw error instanceof Error ? failedRead(error) : error
  }
}

function eventsOf(opened: () => Open, ledger: Ledger): EventStore {
  const rows = async (command: Ledger['first']): Promise<readonly (readonly Value[])[]> => (await opened().pool.read(command)).rows
  return {
    head: () => opened().head.head(),
    async first() {
      const found = (await rows(ledger.first))[0]?.[0]
      return typeof found === 'string' ? Number(found) : (await opened().head.head()) + 1
    },
    read: async (range) => (await rows(ledger.read(range))).map(eventOf),
    consumers: async () => (await rows(ledger.consumers)).map(consumerOf),
  }
}

function known<Part>(all: ReadonlyMap<string, Part>, name: string): Part {
  const found = all.get(name)
  if (found === undefined) throw new Error(`The collection ${name} was not declared before start.`)
  return found
}

async function withSession<Result>(target: PostgresTarget, work: (session: Session) => Promise<Result>): Promise<Result> {
  const session = await connect(() => Session.open({ target }))
  try {
    return await work(session)
  } finally {
    await session.end().catch(() => {})
  }
}

async function connect(open: () => Promise<Session>): Promise<Session> {
  try {
    return await open()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw unavailable(`The PostgreSQL server cannot be reached: ${reason}.`, error)
  }
}
