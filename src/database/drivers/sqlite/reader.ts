// Reads in the calling thread. Every statement is compiled once and steps to its end at once, so that no read holds a snapshot.
import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite'
import type { StoredEvent } from '../../contract.ts'
import type { CollectionLayout, IndexLayout } from '../../layout.ts'
import type { Consumer, EventStore, Row, Stretch } from '../../ports.ts'
import { bound, selectById, selectByKey, selectStretch, type StretchShape } from './sql.ts'

export interface CollectionReader {
  find(id: string, now: number): Row | undefined
  findByKey(index: IndexLayout, values: readonly SQLInputValue[], now: number): Row | undefined
  scan(stretch: Stretch, now: number): Row[]
}

type Found = Record<string, SQLOutputValue> | undefined

function rowOf(found: Found): Row | undefined {
  if (found === undefined) return undefined
  return checkedRow(found['version'], found['document'])
}

function checkedRow(version: unknown, document: unknown): Row {
  if (typeof version !== 'number' || typeof document !== 'string') throw new Error('A row has columns of other types than its table.')
  return { version, document }
}

export function createCollectionReader(db: DatabaseSync, layout: CollectionLayout): CollectionReader {
  const expires = layout.expiry !== undefined
  const byId = db.prepare(selectById(layout))
  // The most frequent read of all: a row without the names of its columns takes a third less.
  byId.setReturnArrays(true)
  const byKey = new Map(layout.indexes.filter((index) => index.unique).map((index) => [index.name, db.prepare(selectByKey(layout, index))]))
  // At most 20 or so per index, most of them never asked for: compiled when the first query of a shape comes, then kept.
  const stretches = new Map<string, StatementSync>()

  const statementFor = (index: IndexLayout, shape: StretchShape): StatementSync => {
    const name = `${index.name} ${shape.equal}${shape.lower}${shape.upper}${shape.descending ? 'd' : ''}`
    let statement = stretches.get(name)
    if (statement === undefined) {
      statement = db.prepare(selectStretch(layout, index, shape))
      stretches.set(name, statement)
    }
    return statement
  }

  return {
    find(id, now) {
      const found = expires ? byId.get(id, now) : byId.get(id)
      return found === undefined ? undefined : checkedRow(found[0], found[1])
    },
    findByKey(index, values, now) {
      return rowOf(byKey.get(index.name)?.get(...values, ...(expires ? [now] : [])))
    },
    scan({ index, equal, lower, upper, descending, limit }, now) {
      const lowerSign = lower?.inclusive === true ? '>=' : '>'
      const shape: StretchShape = {
        equal: equal.length,
        lower: lower === undefined ? '' : lowerSign,
        upper: upper === undefined ? '' : '<',
        descending,
      }
      const values: SQLInputValue[] = equal.map(bound)
      if (lower !== undefined) values.push(bound(lower.value))
      if (upper !== undefined) values.push(bound(upper))
      if (expires) values.push(now)
      const rows = statementFor(index, shape).all(...values, limit)
      return rows.map(rowOf).filter((row) => row !== undefined)
    },
  }
}

export function createEventReader(db: DatabaseSync): EventStore {
  const head = db.prepare('SELECT coalesce(max(sequence), 0) AS head FROM ninefold_events')
  const read = db.prepare(
    'SELECT sequence, topic, key, data, at FROM ninefold_events WHERE sequence > ? AND sequence <= ? ' +
      'AND topic IN (SELECT value FROM json_each(?)) ORDER BY sequence LIMIT ?',
  )
  const consumers = db.prepare('SELECT name, position, seen_at FROM ninefold_consumers')
  return {
    head: () => Number(head.get()?.['head'] ?? 0),
    read({ topics, after, upTo, limit }) {
      return read.all(after, upTo, JSON.stringify(topics), limit).map(eventOf)
    },
    consumers: () =>
      consumers
        .all()
        .map((row): Consumer => ({ name: String(row['name']), position: Number(row['position']), seenAt: Number(row['seen_at']) })),
  }
}

function eventOf(row: Record<string, SQLOutputValue>): StoredEvent {
  return {
    sequence: Number(row['sequence']),
    topic: String(row['topic']),
    key: String(row['key']),
    data: JSON.parse(String(row['data'])),
    at: Number(row['at']),
  }
}
