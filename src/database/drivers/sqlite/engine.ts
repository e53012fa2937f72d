// SQLite as an engine: reads in the calling thread, writes in one thread of their own; in memory both share one connection.
import type { DatabaseSync } from 'node:sqlite'
import type { Logger } from '#kernel/log.ts'
import type { DatabaseCapabilities } from '../../contract.ts'
import { databaseErrors } from '../../errors.ts'
import type { CollectionLayout, Declared } from '../../layout.ts'
import type { Engine, EventStore, Load, Scrubbed, WriteAnswer } from '../../ports.ts'
import { createBatch, type WriterRequest } from './batch.ts'
import { type Durability, MEMORY, openForReading, openForWriting } from './connection.ts'
import { type CollectionReader, createCollectionReader, createEventReader, readMarks } from './reader.ts'
import { bytesIn, hasRoom } from './scrub.ts'
import { checkFile, planFile, prepareFile } from './setup.ts'
import { fileSnapshot, liveSnapshot } from './snapshot.ts'
import { bound } from './sql.ts'
import { type Writer, WriteThread } from './write-thread.ts'

export interface SqliteSettings {
  readonly file: string
  readonly durability: Durability
  readonly logger: Logger
}

interface Open {
  readonly db: DatabaseSync
  readonly readers: ReadonlyMap<string, CollectionReader>
  readonly events: EventStore
  readonly writer: Writer
}

export function createSqliteEngine({ file, durability, logger }: SqliteSettings): Engine {
  let open: Open | undefined
  const opened = (): Open => {
    if (open === undefined) throw databaseErrors.unavailable({ detail: 'The database is closed.' })
    return open
  }
  const readerOf = (collection: CollectionLayout): CollectionReader => {
    const reader = opened().readers.get(collection.name)
    if (reader === undefined) throw new Error(`The collection ${collection.name} was not declared before start.`)
    return reader
  }

  return {
    capabilities: capabilitiesOf(file, durability),
    form: 'text',
    async start(collections: readonly Declared[]) {
      const layouts = collections.map((declared) => declared.layout)
      const prepared = prepare({ file, durability, logger }, collections)
      if (file === MEMORY) {
        open = opening(prepared, layouts, inPlaceWriter(prepared, layouts))
        return
      }
      prepared.close()
      const writer = new WriteThread({ file, durability, layouts }, logger)
      await writer.start()
      open = opening(openForReading(file), layouts, writer)
    },
    async stop() {
      const closing = open
      open = undefined
      if (closing === undefined) return
      // The writer closes last and so is the one that folds the log into the file.
      if (file !== MEMORY) closing.db.close()
      await closing.writer.stop()
      if (file === MEMORY) closing.db.close()
    },
    health: () => (open === undefined ? 'the database is closed' : open.writer.health()),
    find: (collection, id, now) => readerOf(collection).find(id, now),
    findByKey: (collection, key, now) => readerOf(collection).findByKey(key.index, key.values.map(bound), now),
    scan: (collection, stretch, now) => readerOf(collection).scan(stretch, now),
    count: (collection, stretch, now) => readerOf(collection).count(stretch, now),
    search: (collection, search, now) => readerOf(collection).search(search, now),
    rows: (collection, page) => readerOf(collection).rows(page),
    marks: () => readMarks(opened().db),
    plan: async (collections) => planFile(file, collections),
    async snapshot() {
      const { db } = opened()
      return file === MEMORY ? liveSnapshot(db) : fileSnapshot(file)
    },
    load: async (batch) => await loadBatch(opened(), batch),
    write: async (request) => await opened().writer.submit(request),
    scrub: async (upToBytes) => (file === MEMORY ? undefined : await scrubFile(opened(), file, upToBytes)),
    events: {
      first: () => opened().events.first(),
      head: () => opened().events.head(),
      read: (range) => opened().events.read(range),
      consumers: () => opened().events.consumers(),
    },
  }
}

async function loadBatch({ writer }: Open, batch: Load): Promise<void> {
  const answer = await writer.submit({ kind: 'load', batch })
  if (answer.kind === 'failed') throw databaseErrors.unavailable({ detail: `Nothing of the batch was stored: ${answer.reason}.` })
}

async function scrubFile({ db, writer }: Open, file: string, upToBytes: number): Promise<Scrubbed> {
  const bytes = bytesIn(db)
  if (bytes > upToBytes) return { outcome: 'too large', bytes }
  if (!hasRoom(file, bytes)) return { outcome: 'no room', bytes }
  const answer = await writer.scrub()
  if (answer.kind === 'failed') throw databaseErrors.unavailable({ detail: `The database was not written anew: ${answer.reason}.` })
  return { outcome: answer.kind === 'done' && answer.rows === 0 ? 'scrubbed' : 'log kept', bytes }
}

function capabilitiesOf(file: string, durability: Durability): DatabaseCapabilities {
  const isFile = file !== MEMORY
  return { engine: 'sqlite', commit: 'transactions', durable: isFile && durability === 'full', snapshot: isFile, shared: isFile }
}

/** A connection that has brought the file to the declared layout. */
function prepare({ file, durability }: SqliteSettings, collections: readonly Declared[]): DatabaseSync {
  if (file !== MEMORY) checkFile(file)
  const db = openForWriting(file, durability)
  try {
    prepareFile(db, collections)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

function opening(db: DatabaseSync, layouts: readonly CollectionLayout[], writer: Writer): Open {
  const readers = new Map(layouts.map((layout) => [layout.name, createCollectionReader(db, layout)]))
  return { db, readers, events: createEventReader(db), writer }
}

/** The same batches in the calling thread, for a database in memory, which a second thread could not open. */
function inPlaceWriter(db: DatabaseSync, layouts: readonly CollectionLayout[]): Writer {
  const run = createBatch(db, layouts)
  let batch: { requests: WriterRequest[]; answers: Promise<WriteAnswer[]> } | undefined
  return {
    async start() {},
    async submit(request) {
      if (batch === undefined) {
        const requests: WriterRequest[] = []
        const answers = Promise.resolve().then(() => {
          batch = undefined
          return run(requests)
        })
        batch = { requests, answers }
      }
      const number = batch.requests.push(request) - 1
      const answer = (await batch.answers)[number]
      if (answer === undefined) throw new Error('A batch has answered fewer requests than it was given.')
      return answer
    },
    async scrub() {
      throw new Error('A database in memory has no file to write anew.')
    },
    async stop() {
      await batch?.answers
    },
    health: () => undefined,
  }
}
