// The SQL text of everything the driver does. Names come from checked layouts and are quoted; values are always bound.
import type { CollectionLayout, IndexLayout } from '../../layout.ts'
import type { Scalar } from '../../ports.ts'

export const LIVE = '(expires_at IS NULL OR expires_at > ?)'

/** What an index holds for a field. Absent fields are minus infinity in an ordinary index, which SQLite can seek, unlike NULL. */
function key(index: IndexLayout, field: string): string {
  const extract = `json_extract(document,'$."${field}"')`
  return index.unique ? extract : `ifnull(${extract},-9e999)`
}

// Searchable collections have two tables more. `order` numbers the documents as they come, and keeps the numbers when the file is rebuilt, which rowids
// of a table without an integer key do not survive; `terms` is the inverted index by those numbers, without a copy of the terms.
export function searchTables(collection: string): { readonly order: string; readonly terms: string; readonly forget: string } {
  return { order: `ninefold_order_${collection}`, terms: `ninefold_terms_${collection}`, forget: `ninefold_forget_${collection}` }
}

export function createSearch(collection: string): string[] {
  const { order, terms, forget } = searchTables(collection)
  return [
    `CREATE TABLE "${order}" (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE) STRICT`,
    // The layer's terms are letters and digits. The ascii tokenizer takes all that is not ASCII for letters, so it splits at the spaces only.
    `CREATE VIRTUAL TABLE "${terms}" USING fts5(terms, content='', contentless_delete=1, detail=none, tokenize='ascii', prefix='2 3 4')`,
    `CREATE TRIGGER "${forget}" AFTER DELETE ON "${collection}" BEGIN ` +
      `DELETE FROM "${terms}" WHERE rowid = (SELECT number FROM "${order}" WHERE id = old.id); DELETE FROM "${order}" WHERE id = old.id; END`,
    `INSERT INTO "${order}" (id) SELECT id FROM "${collection}" ORDER BY rowid`,
  ]
}

export function dropSearch(collection: string): string[] {
  const { order, terms, forget } = searchTables(collection)
  return [`DROP TRIGGER "${forget}"`, `DROP TABLE "${terms}"`, `DROP TABLE "${order}"`]
}

/** Values: the query, the number to begin below, now (if the collection has an expiry), limit. Newest first along the index, without sorting. */
export function selectSearch(collection: CollectionLayout): string {
  const { order, terms } = searchTables(collection.name)
  const live = collection.expiry === undefined ? '' : ` AND ${LIVE}`
  return (
    `SELECT ${rowColumns(collection, 'd.')}, t.rowid AS number FROM "${terms}" AS t ` +
    `CROSS JOIN "${order}" AS o ON o.number = t.rowid CROSS JOIN "${collection.name}" AS d ON d.id = o.id ` +
    `WHERE "${terms}" MATCH ? AND t.rowid < ?${live} ORDER BY t.rowid DESC LIMIT ?`
  )
}

export function bound(value: Scalar): string | number {
  if (value === null) return Number.NEGATIVE_INFINITY
  return typeof value === 'boolean' ? Number(value) : value
}

export function createTable(collection: CollectionLayout): string {
  const columns =
    'id TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL, document TEXT NOT NULL, expires_at INTEGER, shape INTEGER NOT NULL'
  return `CREATE TABLE "${collection.name}" (${columns}) STRICT`
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

/** The shape only where there can be more than one: the most frequent read of all has two columns. */
function rowColumns(collection: CollectionLayout, from = ''): string {
  return ['version', 'document', ...(collection.shape > 0 ? ['shape'] : [])].map((column) => from + column).join(', ')
}

export function selectById(collection: CollectionLayout): string {
  return `SELECT ${rowColumns(collection)} FROM "${collection.name}" WHERE id = ?${liveAnd(collection)}`
}

export function selectByKey(collection: CollectionLayout, index: IndexLayout): string {
  return `SELECT ${rowColumns(collection)} FROM ${indexed(collection, index)} WHERE ${equalKeys(index, index.fields.length)}${liveAnd(collection)}`
}

export interface StretchShape {
  readonly equal: number
  readonly lower: '' | '>' | '>='
  readonly upper: '' | '<'
  readonly descending: boolean
}

/** Values: the equal ones, lower, upper, now (if the collection has an expiry), limit. `INDEXED BY` makes a scan impossible to compile. */
export function selectStretch(collection: CollectionLayout, index: IndexLayout, shape: StretchShape): string {
  return `SELECT ${rowColumns(collection)} FROM ${stretch(collection, index, shape)}`
}

/** The same values. Counts at most as many as the limit. */
export function countStretch(collection: CollectionLayout, index: IndexLayout, shape: StretchShape): string {
  return `SELECT count(*) AS rows FROM (SELECT 1 FROM ${stretch(collection, index, shape)})`
}

// oxlint-disable-next-line eslint/max-params -- the same three as its callers, one step shorter
function stretch(collection: CollectionLayout, index: IndexLayout, shape: StretchShape): string {
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
  return `${indexed(collection, index)}${where}${sort} LIMIT ?`
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
