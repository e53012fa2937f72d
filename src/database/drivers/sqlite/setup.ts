// Brings a database file to the layout that the program declares, in one transaction: all of it or nothing. Documents stay as they are.
import { existsSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { CollectionLayout, Declared } from '../../layout.ts'
import { refuseUnknown } from '../../marks.ts'
import type { Mark, Plan } from '../../ports.ts'
import { MEMORY, openForReading } from './connection.ts'
import { readMarks } from './reader.ts'
import { createIndexes, createSearch, createTable, dropSearch, searchTables } from './sql.ts'

const FORMAT = 2
const APPLICATION_ID = 0x4e494e45

const OWN_TABLES = [
  'CREATE TABLE ninefold_collections (name TEXT NOT NULL PRIMARY KEY, shape INTEGER NOT NULL, target INTEGER NOT NULL, expiry TEXT, search TEXT) STRICT',
  'CREATE TABLE ninefold_events (sequence INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, key TEXT NOT NULL, data TEXT NOT NULL, at INTEGER NOT NULL) STRICT',
  'CREATE TABLE ninefold_consumers (name TEXT NOT NULL PRIMARY KEY, position INTEGER NOT NULL, seen_at INTEGER NOT NULL) STRICT',
  // Filled by SQLite with the first event otherwise, and the number of the newest event is read from it.
  "INSERT INTO sqlite_sequence (name, seq) VALUES ('ninefold_events', 0)",
]

/** Looks at the file before anything is written to it. Throws when it is not one that this program may open. */
export function checkFile(file: string): void {
  if (!existsSync(file) || statSync(file).size === 0) return
  let db: DatabaseSync | undefined
  try {
    db = openForReading(file)
    checkFormat(file, db)
  } catch (error) {
    if (error instanceof Error && 'errcode' in error)
      throw new Error(`${file} cannot be read as a database: ${error.message}.`, { cause: error })
    throw error
  } finally {
    db?.close()
  }
}

function checkFormat(file: string, db: DatabaseSync): void {
  const application = db.prepare('PRAGMA application_id').get()?.['application_id']
  const format = formatOf(db)
  const tables = Number(db.prepare('SELECT count(*) AS tables FROM sqlite_schema').get()?.['tables'])
  if (application !== APPLICATION_ID && tables > 0) {
    throw new Error(`${file} belongs to another program. Name another file; this one was not touched.`)
  }
  if (format > FORMAT) {
    throw new Error(
      `${file} has format ${format}, and this program knows formats up to ${FORMAT}: a newer version has written it. ` +
        'Start that version again, or restore a backup from before the upgrade. The file was not touched.',
    )
  }
}

function formatOf(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.['user_version'])
}

/** What `prepareFile` would run now, and what is stored. */
export function planFile(file: string, collections: readonly Declared[]): Plan {
  const isNew = file === MEMORY || !existsSync(file) || statSync(file).size === 0
  if (!isNew) checkFile(file)
  const db = isNew ? new DatabaseSync(MEMORY) : openForReading(file)
  try {
    const statements = statementsFor(db, collections)
    if (formatOf(db) !== FORMAT) return { statements, marks: marksIn(db), documents: [] }
    const objects = objectsIn(db)
    const stored = collections.filter(({ layout }) => objects.has(layout.name))
    return { statements, marks: readMarks(db), documents: stored.map(({ layout }) => countOf(db, layout)) }
  } finally {
    db.close()
  }
}

function countOf(db: DatabaseSync, { name, shape }: CollectionLayout): Plan['documents'][number] {
  const counted = db.prepare(`SELECT count(*) AS "all", count(*) FILTER (WHERE shape < ?) AS outdated FROM "${name}"`).get(shape)
  return { collection: name, all: Number(counted?.['all']), outdated: Number(counted?.['outdated']) }
}

export function prepareFile(db: DatabaseSync, collections: readonly Declared[]): void {
  db.exec('BEGIN IMMEDIATE')
  try {
    for (const statement of statementsFor(db, collections)) run(db, statement)
    db.exec('COMMIT')
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}

function run(db: DatabaseSync, statement: string): void {
  try {
    db.exec(statement)
  } catch (cause) {
    const [, index] = /^CREATE UNIQUE INDEX "([^"]+)"/.exec(statement) ?? []
    if (index === undefined) throw cause
    throw new Error(`Index ${index} cannot be built; a unique index needs documents without equal values.`, { cause })
  }
}

function statementsFor(db: DatabaseSync, collections: readonly Declared[]): string[] {
  const format = formatOf(db)
  const objects = objectsIn(db)
  const layouts = collections.map(({ layout }) => layout)
  refuseUnknown(marksIn(db), layouts)
  return [...formatStatements(db, format), ...layouts.flatMap((layout) => collectionStatements(objects, layout))]
}

function marksIn(db: DatabaseSync): Mark[] {
  const format = formatOf(db)
  if (format === FORMAT) return readMarks(db)
  if (format === 0) return []
  const known = db.prepare('SELECT name, shape, expiry FROM ninefold_collections').all()
  return known.map(({ name, shape, expiry }) => ({
    name: String(name),
    shape: Number(shape),
    target: Number(shape),
    expiry: typeof expiry === 'string' ? expiry : null,
    search: null,
  }))
}

function formatStatements(db: DatabaseSync, format: number): string[] {
  if (format === FORMAT) return []
  const stamp = [`PRAGMA application_id = ${APPLICATION_ID}`, `PRAGMA user_version = ${FORMAT}`]
  return [...(format === 0 ? OWN_TABLES : fromFirstFormat(db)), ...stamp]
}

// The first format knew the shape of a collection as a whole.
function fromFirstFormat(db: DatabaseSync): string[] {
  const known = db.prepare('SELECT name, shape FROM ninefold_collections').all()
  return [
    'ALTER TABLE ninefold_collections ADD COLUMN target INTEGER NOT NULL DEFAULT 0',
    'ALTER TABLE ninefold_collections ADD COLUMN search TEXT',
    'UPDATE ninefold_collections SET target = shape',
    ...known.map(({ name, shape }) => `ALTER TABLE "${String(name)}" ADD COLUMN shape INTEGER NOT NULL DEFAULT ${Number(shape)}`),
    "INSERT INTO sqlite_sequence (name, seq) SELECT 'ninefold_events', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'ninefold_events')",
  ]
}

/** Tables, indexes and triggers by name, with their text. */
type Objects = ReadonlyMap<string, { readonly table: string; readonly sql: string }>

function objectsIn(db: DatabaseSync): Objects {
  const rows = db.prepare('SELECT name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL').all()
  return new Map(rows.map((row) => [String(row['name']), { table: String(row['tbl_name']), sql: String(row['sql']) }]))
}

function collectionStatements(objects: Objects, layout: CollectionLayout): string[] {
  const wanted = createIndexes(layout)
  const existing = [...objects].filter(([, { table, sql }]) => table === layout.name && /^CREATE (UNIQUE )?INDEX/.test(sql))
  const unwanted = existing.filter(([name, { sql }]) => wanted.get(name) !== sql).map(([name]) => name)
  const missing = [...wanted].filter(([name, sql]) => objects.get(name)?.sql !== sql).map(([, sql]) => sql)
  const hasSearch = objects.has(searchTables(layout.name).order)
  return [
    ...(objects.has(layout.name) ? [] : [createTable(layout)]),
    ...unwanted.map((name) => `DROP INDEX "${name}"`),
    ...missing,
    ...(layout.searchable && !hasSearch ? createSearch(layout.name) : []),
    ...(!layout.searchable && hasSearch ? dropSearch(layout.name) : []),
  ]
}
