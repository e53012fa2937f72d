// MongoDB, or a server that speaks its protocol, as an engine. It relies on one thing that all of them do: an id can be inserted once.
import type { Db } from 'mongodb'
import type { Logger } from '#kernel/log.ts'
import { databaseErrors } from '../../errors.ts'
import type { CollectionLayout, Declared } from '../../layout.ts'
import type { Awaitable, Engine, EventStore, Load, WriteAnswer, WriteRequest } from '../../ports.ts'
import { applyRecord } from './apply.ts'
import { type Connection, connect, type ConnectionSettings, unavailable } from './connection.ts'
import type { Decidable } from './requests.ts'
import { EventReader } from './event-reader.ts'
import { Journal } from './journal.ts'
import { probeServer, type ServerAbilities } from './probe.ts'
import { countRows, findRow, findRowByKey, scanRows, searchRows } from './reader.ts'
import { checkDatabase, planDatabase, prepareDatabase, readMarks } from './setup.ts'
import { liveSnapshot } from './snapshot.ts'
import { rowOf } from './stored.ts'
import { Upkeep } from './upkeep.ts'
import { Walks } from './walk.ts'
import { Writer } from './writer.ts'

export interface MongoSettings extends ConnectionSettings {
  readonly logger: Logger
}

interface Open {
  readonly db: Db
  readonly connection: Connection
  readonly journal: Journal
  readonly events: EventReader
  readonly writer: Writer
  readonly upkeep: Upkeep
  readonly walks: Walks
}

const NO_ABILITIES: ServerAbilities = { atomicUpdates: false }

export function createMongoEngine(settings: MongoSettings): Engine {
  let open: Open | undefined
  let abilities = NO_ABILITIES
  const opened = (): Open => {
    if (open === undefined) throw databaseErrors.unavailable({ detail: 'The database is closed.' })
    return open
  }
  const reading = async <Result>(work: (parts: Open) => Promise<Result>): Promise<Result> => {
    const parts = opened()
    return await parts.connection.read(async () => await work(parts))
  }

  return {
    get capabilities() {
      return { engine: 'mongodb', commit: 'intents', durable: true, snapshot: false, shared: abilities.atomicUpdates } as const
    },
    form: 'value',
    async start(collections: readonly Declared[]) {
      const connection = await connect(settings)
      try {
        await checkDatabase(connection.db, collections)
        abilities = await probeServer(connection.db)
        await prepareDatabase(connection.db, collections)
        open = await opening(connection, collections, { abilities, logger: settings.logger })
      } catch (error) {
        await connection.close()
        throw error
      }
    },
    async stop() {
      const closing = open
      open = undefined
      if (closing !== undefined) await close(closing)
    },
    health: () => (open === undefined ? 'the database is closed' : open.connection.down()),
    find: async (collection, id, now) => await reading(async (parts) => await findRow({ ...parts, collection, now }, id)),
    findByKey: async (collection, { index, values }, now) =>
      await reading(async (parts) => await findRowByKey({ ...parts, collection, now }, index, values)),
    scan: async (collection, stretch, now) => await reading(async (parts) => await scanRows({ ...parts, collection, now }, stretch)),
    count: async (collection, stretch, now) => await reading(async (parts) => await countRows({ ...parts, collection, now }, stretch)),
    search: async (collection, search, now) => await reading(async (parts) => await searchRows({ ...parts, collection, now }, search)),
    rows: async ({ name }, page) =>
      (await reading(async ({ walks }) => await walks.page(name, page))).map((stored) => ({ id: stored._id, ...rowOf(stored) })),
    marks: async () => await reading(async ({ db }) => await readMarks(db)),
    async plan(collections) {
      const connection = await connect(settings)
      try {
        return await planDatabase(connection.db, collections)
      } finally {
        await connection.close()
      }
    },
    snapshot: async () => liveSnapshot(opened()),
    load: async (batch) => await load(opened(), batch),
    write: async (request) => await write(opened(), request),
    events: lazily(() => opened().events),
  }
}

async function opening(
  connection: Connection,
  collections: readonly Declared[],
  { abilities, logger }: { readonly abilities: ServerAbilities; readonly logger: Logger },
): Promise<Open> {
  const { db } = connection
  const layouts: ReadonlyMap<string, CollectionLayout> = new Map(collections.map(({ layout }) => [layout.name, layout]))
  const journal = new Journal(db, async (record, first) => await applyRecord(db, record, { ...abilities, first }))
  await journal.open()
  const writer = new Writer({
    db,
    layouts,
    manyAtOnce: abilities.atomicUpdates,
    connection,
    journal,
    logger,
    deleted: (collection, id, number) => upkeep.deleted(collection, id, number),
  })
  const purge = async (request: Decidable): Promise<unknown> => await writer.submit({ kind: 'decide', request })
  const upkeep = new Upkeep({ db, layouts, journal, logger, purge })
  upkeep.start()
  return { db, connection, journal, events: new EventReader(connection, journal), writer, upkeep, walks: new Walks(db) }
}

async function close({ upkeep, writer, journal, walks, connection }: Open): Promise<void> {
  await upkeep.stop()
  await writer.stop()
  await journal.close()
  await walks.close()
  await connection.close()
}

async function write({ events, writer }: Open, request: WriteRequest): Promise<WriteAnswer> {
  if (request.kind === 'write') return await writer.submit({ kind: 'decide', request })
  if (request.kind !== 'expire') return { kind: 'done', rows: await events.keep(request) }
  const { collection, now, limit } = request
  return await writer.submit({ kind: 'decide', request: { kind: 'remove', now, collection, limit } })
}

async function load({ writer }: Open, batch: Load): Promise<void> {
  const answer = await writer.submit({ kind: 'load', batch })
  if (answer.kind === 'failed') throw unavailable(`The batch may be stored in part: ${answer.reason}. Load it again.`)
}

function lazily(events: () => EventStore): EventStore {
  return {
    head: (): Awaitable<number> => events().head(),
    first: () => events().first(),
    read: (range) => events().read(range),
    consumers: () => events().consumers(),
  }
}
