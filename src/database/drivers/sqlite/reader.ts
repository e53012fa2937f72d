// Reads in the calling thread. Every statement is compiled once and steps to its end at once, so that no read holds a snapshot.
import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite'
import type { StoredEvent } from '../../contract.ts'
import type { CollectionLayout, IndexLayout } from '../../layout.ts'
import { unusable } from '../../cursor.ts'
import type { Consumer, EventStore, Mark, NamedRow, Row, Stretch, TermSearch } from '../../ports.ts'
import { bound, countStretch, selectById, selectByKey, selectSearch, selectStretch, type StretchShape } from './sql.ts'

export interface CollectionReader {
  find(id: string, now: number): Row | undefined
  findByKey(index: IndexLayout, values: readonly SQLInputValue[], now: number): Row | undefined
  scan(stretch: Stretch, now: number): Row[]
  count(stretch: Stretch, now: number): number
  search(search: TermSearch, now: number): { readonly rows: Row[]; readonly next?: string }
  rows(page: { readonly after?: string; readonly limit: number }): NamedRow[]
}

type Found = Record<string, SQLOutputValue> | undefined

function rowOf(found: Found): Row | undefined {
  if (found === undefined) return undefined
  return checkedRow(found['version'], found['document'], found['shape'])
}

function checkedRow(version: unknown, document: unknown, shape: unknown): Row {
  if (typeof version !== 'number' || typeof document !== 'string') throw new Error('A row has columns of other types than its table.')
  return typeof shape === 'number' ? { version, document, shape } : { version, document }
}

export function createCollectionReader(db: DatabaseSync, layout: CollectionLayout): CollectionReader {
  const expires = layout.expiry !== undefined
  const byId = db.prepare(selectById(layout))
  // The most frequent read of all: a row without the names of its columns takes a third less.
  byId.setReturnArrays(true)
  const byKey = new Map(layout.indexes.filter((index) => index.unique).map((index) => [index.name, db.prepare(selectByKey(layout, index))]))
  // At most 20 or so per index, most of them never asked for: compiled when the first query of a shape comes, then kept.
  const stretches = new Map<string, StatementSync>()

  const walk = (verb: 'select' | 'count', { index, equal, lower, upper, descending }: Stretch): StatementSync => {
    const lowerSign = lower?.inclusive === true ? '>=' : '>'
    const shape: StretchShape = {
      equal: equal.length,
      lower: lower === undefined ? '' : lowerSign,
      upper: upper === undefined ? '' : '<',
      descending,
    }
    const name = `${verb} ${index.name} ${shape.equal}${shape.lower}${shape.upper}${shape.descending ? 'd' : ''}`
    let statement = stretches.get(name)
    if (statement === undefined) {
      statement = db.prepare(verb === 'select' ? selectStretch(layout, index, shape) : countStretch(layout, index, shape))
      stretches.set(name, statement)
    }
    return statement
  }
  const valuesOf = ({ equal, lower, upper, limit }: Stretch, now: number): SQLInputValue[] => {
    const values: SQLInputValue[] = equal.map(bound)
    if (lower !== undefined) values.push(bound(lower.value))
    if (upper !== undefined) values.push(bound(upper))
    if (expires) values.push(now)
    values.push(limit)
    return values
  }
  const searching = layout.searchable ? db.prepare(selectSearch(layout)) : undefined
  const page = db.prepare(`SELECT id, version, document, shape FROM "${layout.name}" WHERE id > ? ORDER BY id LIMIT ?`)

  return {
    find(id, now) {
      const found = expires ? byId.get(id, now) : byId.get(id)
      return found === undefined ? undefined : checkedRow(found[0], found[1], found[2])
    },
    findByKey(index, values, now) {
      return rowOf(byKey.get(index.name)?.get(...values, ...(expires ? [now] : [])))
    },
    scan(stretch, now) {
      const rows = walk('select', stretch).all(...valuesOf(stretch, now))
      return rows.map(rowOf).filter((row) => row !== undefined)
    },
    count(stretch, now) {
      return Number(walk('count', stretch).get(...valuesOf(stretch, now))?.['rows'])
    },
    search(search, now) {
      if (searching === undefined) throw new Error(`Collection ${layout.name} is not searchable.`)
      const hits = searching.all(matching(search), numberOf(search.after), ...(expires ? [now] : []), search.limit + 1)
      const kept = hits.slice(0, search.limit)
      const rows = kept.map(rowOf).filter((row) => row !== undefined)
      return hits.length > search.limit ? { rows, next: String(kept.at(-1)?.['number']) } : { rows }
    },
    rows: ({ after = '', limit }) =>
      page.all(after, limit).map((row) => ({ id: String(row['id']), ...checkedRow(row['version'], row['document'], row['shape']) })),
  }
}

/** Quoted, so that a term is never taken for a word of the query language. It has letters and digits only, and so no quote. */
function matching({ all, prefix }: TermSearch): string {
  const terms = all.map((term) => `"${term}"`)
  return [...terms, ...(prefix === undefined ? [] : [`"${prefix}"*`])].join(' AND ')
}

function numberOf(after: string | undefined): number {
  if (after === undefined) return Number.MAX_SAFE_INTEGER
  if (!/^[0-9]{1,15}$/.test(after)) throw unusable()
  return Number(after)
}

export function readMarks(db: DatabaseSync): Mark[] {
  const known = db.prepare('SELECT name, shape, target, expiry, search FROM ninefold_collections').all()
  const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null)
  return known.map((row) => ({
    name: String(row['name']),
    shape: Number(row['shape']),
    target: Number(row['target']),
    expiry: textOrNull(row['expiry']),
    search: textOrNull(row['search']),
  }))
}

export function createEventReader(db: DatabaseSync): EventStore {
  // Knows the number of events that were removed, too.
  const head = db.prepare("SELECT seq AS head FROM sqlite_sequence WHERE name = 'ninefold_events'")
  const first = db.prepare('SELECT min(sequence) AS first FROM ninefold_events')
  const read = db.prepare(
    'SELECT sequence, topic, key, data, at FROM ninefold_events WHERE sequence > ? AND sequence <= ? ' +
      'AND topic IN (SELECT value FROM json_each(?)) ORDER BY sequence LIMIT ?',
  )
  const consumers = db.prepare('SELECT name, position, seen_at FROM ninefold_consumers')
  return {
    head: () => Number(head.get()?.['head'] ?? 0),
    first: () => Number(first.get()?.['first'] ?? Number(head.get()?.['head'] ?? 0) + 1),
    read({ topics, after, upTo, limit }) {
      return read.all(after, upTo, JSON.stringify(topics), limit).map(eventOf)
    },
    consumers: () =>
      consumers
        .all()
        .map((row): Consumer => ({ name: String(row['name']), position: Number(row['position']), seenAt: Number(row['seen_at']) })),
  }
}

export function eventOf(row: Record<string, SQLOutputValue>): StoredEvent {
  return {
    sequence: Number(row['sequence']),
    topic: String(row['topic']),
    key: String(row['key']),
    data: JSON.parse(String(row['data'])),
    at: Number(row['at']),
  }
}
