// Everything as it is while it is read: our journal gives every write one moment, but no server without transactions keeps one for a reader.
import type { Db } from 'mongodb'
import type { Snapshot } from '../../ports.ts'
import type { Connection } from './connection.ts'
import type { EventReader } from './event-reader.ts'
import type { Journal } from './journal.ts'
import { wholeRowOf } from './stored.ts'
import { Walks } from './walk.ts'

export function liveSnapshot(parts: {
  readonly db: Db
  readonly connection: Connection
  readonly journal: Journal
  readonly events: EventReader
}): Snapshot {
  const { db, connection, journal, events } = parts
  const walks = new Walks(db)
  return {
    async rows({ name }, page) {
      return await connection.read(async () => {
        await journal.catchUp()
        return (await walks.page(name, page)).map(wholeRowOf)
      })
    },
    events: async ({ after, limit }) => await events.stored(after, limit),
    consumers: async () => await events.consumers(),
    head: async () => await events.head(),
    close: async () => await walks.close(),
  }
}
