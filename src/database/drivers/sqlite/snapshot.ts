// Everything as it was at one moment: a read transaction on a connection of its own, which no write waits for. In memory there is only the one
// connection, and a page is what it is when it is read.
import type { DatabaseSync } from 'node:sqlite'
import type { Snapshot, WholeRow } from '../../ports.ts'
import { openForReading } from './connection.ts'
import { createEventReader, eventOf } from './reader.ts'

export function fileSnapshot(file: string): Snapshot {
  const db = openForReading(file)
  try {
    db.exec('BEGIN')
    // The first read decides the moment.
    db.prepare('SELECT count(*) FROM ninefold_collections').get()
    const close = async (): Promise<void> => db.close()
    return { ...reading(db), close }
  } catch (error) {
    db.close()
    throw error
  }
}

export function liveSnapshot(db: DatabaseSync): Snapshot {
  return { ...reading(db), async close() {} }
}

function reading(db: DatabaseSync): Omit<Snapshot, 'close'> {
  const events = createEventReader(db)
  const page = db.prepare('SELECT sequence, topic, key, data, at FROM ninefold_events WHERE sequence > ? ORDER BY sequence LIMIT ?')
  return {
    rows({ name }, { after = '', limit }) {
      const rows = db.prepare(`SELECT id, version, document, expires_at, shape FROM "${name}" WHERE id > ? ORDER BY id LIMIT ?`)
      return rows.all(after, limit).map(
        (row): WholeRow => ({
          id: String(row['id']),
          version: Number(row['version']),
          document: String(row['document']),
          expiresAt: row['expires_at'] === null ? null : Number(row['expires_at']),
          shape: Number(row['shape']),
        }),
      )
    },
    events: ({ after, limit }) => page.all(after, limit).map(eventOf),
    consumers: () => events.consumers(),
    head: () => events.head(),
  }
}
