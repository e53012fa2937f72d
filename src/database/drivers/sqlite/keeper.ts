// Writes to the tables of the database itself: events, the positions of their consumers, and what is recorded about collections.
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Load, WriteRequest } from '../../ports.ts'

export interface Keeper {
  readonly append: StatementSync
  run(request: Exclude<WriteRequest, { kind: 'write' | 'expire' }>): number
  load(batch: Extract<Load, { kind: 'events' | 'consumers' }>): number
}

export function createKeeper(db: DatabaseSync): Keeper {
  const place = db.prepare(
    'INSERT INTO ninefold_consumers (name, position, seen_at) VALUES (?, ?, ?) ' +
      'ON CONFLICT (name) DO UPDATE SET position = max(position, excluded.position), seen_at = excluded.seen_at',
  )
  const forget = db.prepare('DELETE FROM ninefold_consumers WHERE name = ?')
  const prune = db.prepare(
    'DELETE FROM ninefold_events WHERE sequence IN (SELECT sequence FROM ninefold_events WHERE sequence <= ? ORDER BY sequence LIMIT ?)',
  )
  const mark = db.prepare('INSERT OR REPLACE INTO ninefold_collections (name, shape, target, expiry, search) VALUES (?, ?, ?, ?, ?)')
  const putEvent = db.prepare('INSERT OR REPLACE INTO ninefold_events (sequence, topic, key, data, at) VALUES (?, ?, ?, ?, ?)')
  const putConsumer = db.prepare('INSERT OR REPLACE INTO ninefold_consumers (name, position, seen_at) VALUES (?, ?, ?)')
  const raiseHead = db.prepare("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'ninefold_events'")
  return {
    append: db.prepare('INSERT INTO ninefold_events (topic, key, data, at) VALUES (?, ?, ?, ?)'),
    run(request) {
      if (request.kind === 'position') return Number(place.run(request.consumer, request.position, request.now).changes)
      if (request.kind === 'forget') return Number(forget.run(request.consumer).changes)
      if (request.kind === 'prune') return Number(prune.run(request.upTo, request.limit).changes)
      const { name, shape, target, expiry, search } = request.mark
      return Number(mark.run(name, shape, target, expiry, search).changes)
    },
    load(batch) {
      if (batch.kind === 'consumers') {
        for (const { name, position, seenAt } of batch.consumers) putConsumer.run(name, position, seenAt)
        return batch.consumers.length
      }
      for (const { sequence, topic, key, data, at } of batch.events) putEvent.run(sequence, topic, key, JSON.stringify(data) ?? 'null', at)
      raiseHead.run(batch.head)
      return batch.events.length
    },
  }
}
