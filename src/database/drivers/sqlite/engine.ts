// SQLite as an engine: reads in the calling thread, writes in one thread of their own; in memory both share one connection.
import type { DatabaseSync } from 'node:sqlite'
import type { Logger } from '#kernel/log.ts'
import { databaseErrors } from '../../errors.ts'
import type { CollectionLayout, Declared } from '../../layout.ts'
import type { Engine, EventStore, WriteAnswer, WriteRequest } from '../../ports.ts'
import { createBatch } from './batch.ts'
import { type Durability, MEMORY, openForReading, openForWriting } from './connection.ts'
import { type CollectionReader, createCollectionReader, createEventReader } from './reader.ts'
import { checkFile, prepareFile } from './setup.ts'
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
    capabilities: { engine: 'sqlite', commit: true, durable: file !== MEMORY && durability === 'full' },
    async start(collections: readonly Declared[]) {
      const layouts = collections.map((declared) => declared.layout)
      if (file !== MEMORY) checkFile(file)
      const preparing = openForWriting(file, durability)
      try {
        prepareFile(preparing, collections)
      } catch (error) {
        preparing.close()
        throw error
      }
      if (file === MEMORY) {
        open = opening(preparing, layouts, inPlaceWriter(preparing, layouts))
        return
      }
      preparing.close()
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
    write: async (request) => await opened().writer.submit(request),
    events: {
      head: () => opened().events.head(),
      read: (range) => opened().events.read(range),
      consumers: () => opened().events.consumers(),
    },
  }
}

function opening(db: DatabaseSync, layouts: readonly CollectionLayout[], writer: Writer): Open {
  const readers = new Map(layouts.map((layout) => [layout.name, createCollectionReader(db, layout)]))
  return { db, readers, events: createEventReader(db), writer }
}

/** The same batches in the calling thread, for a database in memory, which a second thread could not open. */
function inPlaceWriter(db: DatabaseSync, layouts: readonly CollectionLayout[]): Writer {
  const run = createBatch(db, layouts)
  let batch: { requests: WriteRequest[]; answers: Promise<WriteAnswer[]> } | undefined
  return {
    async start() {},
    async submit(request) {
      if (batch === undefined) {
        const requests: WriteRequest[] = []
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
    async stop() {
      await batch?.answers
    },
    health: () => undefined,
  }
}
