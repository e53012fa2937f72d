// From what is there to what is declared: the statements that get there, in order. Nothing is run here.
import type { CollectionLayout } from '../../layout.ts'
import type { Catalog, StoredIndex, StoredTable } from './catalog.ts'
import { type Column, columnsOf, typeOf } from './columns.ts'
import { EXPIRY_INDEX, ID_INDEX, indexId, isOwnIndex, SEARCH_INDEX } from './names.ts'
import { listOf, type RawBuilder, schema, sql, textOf } from './statement.ts'
import { bornSequence, nextBorn } from './search.ts'
import { column } from './table.ts'

/** The format of our own tables. Part of every database; a greater one is of a newer program. */
export const FORMAT = 1

export interface Changes {
  /** Before documents are moved, in one transaction with everything that they need. */
  readonly tables: readonly string[]
  /** Fields whose values are to be moved out of the rest into their column, or of a column that goes, into the rest. */
  readonly moves: readonly Move[]
  /** Columns that go when they are empty, and those of another kind, which make place. */
  readonly dropped: readonly { readonly collection: string; readonly column: Column }[]
  /** One at a time, outside of a transaction. */
  readonly indexes: readonly IndexChange[]
}

export interface Move {
  readonly collection: string
  readonly column: Column
  /** The column that holds values of another kind until now. */
  readonly instead?: Column
}

export interface IndexChange {
  readonly collection: string
  readonly name: string
  readonly drop: boolean
  /** Absent when it only goes. */
  readonly create?: string
  /** As above, without holding up anybody's writes. */
  readonly createConcurrently?: string
}

const OWN_TABLES = [
  schema
    .createTable('ninefold_format')
    .ifNotExists()
    .addColumn('format', 'integer', (format) => format.primaryKey()),
  schema
    .createTable('ninefold_tables')
    .ifNotExists()
    .addColumn('name', 'text', (name) => name.primaryKey())
    .addColumn('fields', sql`text[]`, (fields) => fields.notNull()),
  schema
    .createTable('ninefold_collections')
    .ifNotExists()
    .addColumn('name', 'text', (name) => name.primaryKey())
    .addColumn('shape', 'integer', (shape) => shape.notNull())
    .addColumn('target', 'integer', (target) => target.notNull())
    .addColumn('expiry', 'text')
    .addColumn('search', 'text'),
  schema
    .createTable('ninefold_events')
    .ifNotExists()
    .addColumn('sequence', 'bigserial', (sequence) => sequence.primaryKey())
    .addColumn('topic', 'text', (topic) => topic.notNull())
    .addColumn('key', 'text', (key) => key.notNull())
    // Not jsonb, which refuses the escape of U+0000 that JSON may hold.
    .addColumn('data', 'text', (data) => data.notNull())
    .addColumn('at', 'double precision', (at) => at.notNull()),
  schema
    .createTable('ninefold_consumers')
    .ifNotExists()
    .addColumn('name', 'text', (name) => name.primaryKey())
    .addColumn('position', 'bigint', (position) => position.notNull())
    .addColumn('seen_at', 'double precision', (seen) => seen.notNull()),
]

export function changesTo(catalog: Catalog, layouts: readonly CollectionLayout[]): Changes {
  const tables =
    catalog.format === 0 ? [...OWN_TABLES.map(textOf), `insert into ninefold_format values (${FORMAT}) on conflict do nothing`] : []
  const moves: Move[] = []
  const dropped: { collection: string; column: Column }[] = []
  const indexes: IndexChange[] = []
  for (const layout of layouts) {
    const stored = catalog.tables.get(layout.name)
    if (stored === undefined) {
      tables.push(...newTable(layout))
      for (const index of wantedIndexes(layout)) tables.push(textOf(index.create(false)))
      continue
    }
    const part = changedTable(layout, stored, catalog.settled.get(layout.name) ?? [])
    tables.push(...part.tables)
    moves.push(...part.moves)
    dropped.push(...part.dropped)
    indexes.push(...changedIndexes(layout, stored))
  }
  return { tables, moves, dropped, indexes }
}

function newTable(layout: CollectionLayout): string[] {
  const table = columnsOf(layout).reduce(
    (so, { name, kind }) => so.addColumn(name, typeOf(kind)),
    schema
      .createTable(layout.name)
      .addColumn('id', sql`text collate "C"`, (id) => id.notNull())
      .addColumn('_version', 'bigint', (version) => version.notNull())
      .addColumn('_shape', 'integer', (shape) => shape.notNull())
      .addColumn('_expires_at', 'double precision')
      .addColumn('_rest', 'jsonb')
      .addPrimaryKeyConstraint(indexId(layout.name, ID_INDEX), ['id']),
  )
  return [textOf(table), ...(layout.searchable ? searchColumns(layout) : []), settledText(layout)]
}

function searchColumns(layout: CollectionLayout): string[] {
  const table = sql.id(layout.name)
  const sequence = sql.id(bornSequence(layout.name))
  // Added without a default, and the default after: so the rows that are there are not rewritten while everybody waits.
  return [
    textOf(sql`alter table ${table} add column _terms tsvector, add column _born bigint`),
    textOf(sql`create sequence if not exists ${sequence}`),
    textOf(sql`alter table ${table} alter column _born set default ${nextBorn(layout.name)}`),
  ]
}

/** Records that the values of all fields are in their columns. */
export function settledText(layout: CollectionLayout): string {
  const fields = layout.fields.map(({ name }) => sql.lit(name))
  return textOf(
    sql`insert into ninefold_tables (name, fields) values (${sql.lit(layout.name)}, array[${listOf(fields)}]::text[]) on conflict (name) do update set fields = excluded.fields`,
  )
}

function changedTable(
  layout: CollectionLayout,
  stored: StoredTable,
  settled: readonly string[],
): { tables: string[]; moves: Move[]; dropped: { collection: string; column: Column }[] } {
  const collection = layout.name
  const tables: string[] = []
  const moves: Move[] = []
  for (const wanted of columnsOf(layout)) {
    const found = stored.columns.find(({ name }) => name === wanted.name)
    if (found !== undefined && found.kind !== wanted.kind) moves.push({ collection, column: wanted, instead: found })
    else if (found === undefined)
      tables.push(textOf(sql`alter table ${sql.id(collection)} add column ${sql.id(wanted.name)} ${typeOf(wanted.kind)}`))
    if (found?.kind === wanted.kind || found === undefined) {
      if (!settled.includes(wanted.field)) moves.push({ collection, column: wanted })
    }
  }
  if (layout.searchable && !stored.names.has('_terms')) tables.push(...searchColumns(layout))
  return { tables, moves, dropped: lostColumns(layout, stored).map((lost) => ({ collection, column: lost })) }
}

/** Columns of fields that the definition does not know any more. */
export function lostColumns(layout: CollectionLayout, stored: StoredTable): Column[] {
  const wanted = new Set(columnsOf(layout).map(({ name }) => name))
  return stored.columns.filter(({ name }) => !wanted.has(name))
}

interface WantedIndex {
  readonly name: string
  readonly columns: readonly string[]
  readonly unique: boolean
  readonly method: string
  create(concurrently: boolean): RawBuilder<unknown>
}

function wantedIndexes(layout: CollectionLayout): WantedIndex[] {
  const table = sql.id(layout.name)
  const names = new Map(columnsOf(layout).map(({ field, name }) => [field, name]))
  const make = (id: string, kind: RawBuilder<unknown>, rest: RawBuilder<unknown>) => (concurrently: boolean) =>
    sql`create ${kind}index ${concurrently ? sql`concurrently ` : sql``}${sql.id(id)} on ${table} ${rest}`
  const wanted = layout.indexes.map(({ name, fields, unique }): WantedIndex => {
    const id = indexId(layout.name, name)
    const columns = [...fields.map((field) => names.get(field) ?? field), ...(unique ? [] : ['id'])]
    const all = listOf(fields.map(column))
    const present = listOf(
      fields.map((field) => sql`${column(field)} is not null`),
      sql` and `,
    )
    const create = unique
      ? make(id, sql`unique `, sql`(${all}) where ${present}`)
      : make(id, sql``, sql`(${listOf(fields.map((field) => sql`${column(field)} asc nulls first`))}, id)`)
    return { name: id, columns, unique, method: 'btree', create }
  })
  const own = (id: string, what: { columns: string[]; method: string; rest: RawBuilder<unknown> }): WantedIndex => ({
    name: indexId(layout.name, id),
    columns: what.columns,
    unique: false,
    method: what.method,
    create: make(indexId(layout.name, id), sql``, what.rest),
  })
  if (layout.expiry !== undefined) {
    wanted.push(own(EXPIRY_INDEX, { columns: ['_expires_at'], method: 'btree', rest: sql`(_expires_at) where _expires_at is not null` }))
  }
  // New entries wait in a list until it is this long (KiB): a load is four times as fast, and a search reads at most so much more.
  if (layout.searchable)
    wanted.push(
      own(SEARCH_INDEX, { columns: ['_terms'], method: 'gin', rest: sql`using gin (_terms) with (gin_pending_list_limit = 1024)` }),
    )
  return wanted
}

function changedIndexes(layout: CollectionLayout, stored: StoredTable): IndexChange[] {
  const collection = layout.name
  const wanted = wantedIndexes(layout)
  const kept = new Set(stored.indexes.filter((index) => wanted.some((one) => isSame(one, index))).map(({ name }) => name))
  kept.add(indexId(collection, ID_INDEX))
  const unwanted = stored.indexes.filter(({ name }) => isOwnIndex(collection, name) && !kept.has(name))
  const missing = wanted.filter(({ name }) => !kept.has(name))
  return [
    ...unwanted.filter(({ name }) => !missing.some((one) => one.name === name)).map(({ name }) => ({ collection, name, drop: true })),
    ...missing.map((one) => ({
      collection,
      name: one.name,
      drop: unwanted.some(({ name }) => name === one.name),
      create: textOf(one.create(false)),
      createConcurrently: textOf(one.create(true)),
    })),
  ]
}

// Built with one of two texts, both ours; so what tells them apart is what may change.
function isSame(wanted: WantedIndex, stored: StoredIndex): boolean {
  return (
    stored.valid &&
    stored.name === wanted.name &&
    stored.unique === wanted.unique &&
    stored.method === wanted.method &&
    stored.columns.length === wanted.columns.length &&
    stored.columns.every((name, number) => name === wanted.columns[number])
  )
}
