// The SQL text of everything the driver does. Names come from checked layouts and are quoted; values are always bound.
import type { CollectionLayout, IndexLayout } from '../../layout.ts'
import type { Scalar } from '../../ports.ts'

export const LIVE = '(expires_at IS NULL OR expires_at > ?)'

/** What an index holds for a field. Absent fields are minus infinity in an ordinary index, which SQLite can seek, unlike NULL. */
function key(index: IndexLayout, field: string): string {
  const extract = `json_extract(document,'$."${field}"')`
  return index.unique ? extract : `ifnull(${extract},-9e999)`
}

export function bound(value: Scalar): string | number {
  if (value === null) return Number.NEGATIVE_INFINITY
  return typeof value === 'boolean' ? Number(value) : value
}

export function createTable(collection: CollectionLayout): string {
  const columns = 'id TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL, document TEXT NOT NULL, expires_at INTEGER'
  return `CREATE TABLE IF NOT EXISTS "${collection.name}" (${columns}) STRICT`
}

export function indexId(collection: string, index: string): string {
  return `${collection}:${index}`
}

/** Every index of a collection by its identifier, as SQLite remembers its text. */
export function createIndexes(collection: CollectionLayout): ReadonlyMap<string, string> {
  const statements = new Map<string, string>()
  for (const index of collection.indexes) {
    const id = indexId(collection.name, index.name)
    const keys = index.fields.map((field) => key(index, field))
    const text = index.unique
      ? `CREATE UNIQUE INDEX "${id}" ON "${collection.name}" (${keys.join(', ')}) WHERE ${keys.map((part) => `${part} IS NOT NULL`).join(' AND ')}`
      : `CREATE INDEX "${id}" ON "${collection.name}" (${[...keys, 'id'].join(', ')})`
    statements.set(id, text)
  }
  if (collection.expiry !== undefined) {
    const id = indexId(collection.name, ':expiry')
    statements.set(id, `CREATE INDEX "${id}" ON "${collection.name}" (expires_at) WHERE expires_at IS NOT NULL`)
  }
  return statements
}

export function selectById(collection: CollectionLayout): string {
  return `SELECT version, document FROM "${collection.name}" WHERE id = ?${liveAnd(collection)}`
}

export function selectByKey(collection: CollectionLayout, index: IndexLayout): string {
  return `SELECT version, document FROM ${indexed(collection, index)} WHERE ${equalKeys(index, index.fields.length)}${liveAnd(collection)}`
}

export interface StretchShape {
  readonly equal: number
  readonly lower: '' | '>' | '>='
  readonly upper: '' | '<'
  readonly descending: boolean
}

/** Values: the equal ones, lower, upper, now (if the collection has an expiry), limit. `INDEXED BY` makes a scan impossible to compile. */
export function selectStretch(collection: CollectionLayout, index: IndexLayout, shape: StretchShape): string {
  const rest = index.fields.slice(shape.equal).map((field) => key(index, field))
  const order = index.unique ? rest : [...rest, 'id']
  const next = order[0] ?? 'id'
  const terms = [
    ...(shape.equal > 0 ? [equalKeys(index, shape.equal)] : []),
    ...(shape.lower === '' ? [] : [`${next} ${shape.lower} ?`]),
    ...(shape.upper === '' ? [] : [`${next} < ?`]),
    ...(index.unique ? rest.map((part) => `${part} IS NOT NULL`) : []),
    ...(collection.expiry === undefined ? [] : [LIVE]),
  ]
  const where = terms.length === 0 ? '' : ` WHERE ${terms.join(' AND ')}`
  const direction = shape.descending ? ' DESC' : ''
  const sort = order.length === 0 ? '' : ` ORDER BY ${order.map((part) => part + direction).join(', ')}`
  return `SELECT version, document FROM ${indexed(collection, index)}${where}${sort} LIMIT ?`
}

/** Removes the expired row that holds the same unique values as a document (bound as JSON text, then now). */
export function deleteExpiredTwin(collection: CollectionLayout, index: IndexLayout): string {
  const same = index.fields.map((field) => `${key(index, field)} = json_extract(?1,'$."${field}"')`)
  return `DELETE FROM ${indexed(collection, index)} WHERE ${same.join(' AND ')} AND expires_at <= ?2`
}

function indexed(collection: CollectionLayout, index: IndexLayout): string {
  return `"${collection.name}" INDEXED BY "${indexId(collection.name, index.name)}"`
}

function equalKeys(index: IndexLayout, count: number): string {
  return index.fields
    .slice(0, count)
    .map((field) => `${key(index, field)} = ?`)
    .join(' AND ')
}

function liveAnd(collection: CollectionLayout): string {
  return collection.expiry === undefined ? '' : ` AND ${LIVE}`
}
