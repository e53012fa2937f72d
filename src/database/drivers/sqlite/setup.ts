// Brings a database file to the layout that the program declares, in one transaction: all of it or nothing.
import { existsSync, statSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import type { CollectionLayout, Declared } from '../../layout.ts'
import { openForReading } from './connection.ts'
import { createIndexes, createTable } from './sql.ts'

const FORMAT = 1
const APPLICATION_ID = 0x4e494e45
const BATCH = 500

const OWN_TABLES = `
  CREATE TABLE IF NOT EXISTS ninefold_collections (name TEXT NOT NULL PRIMARY KEY, shape INTEGER NOT NULL, expiry TEXT) STRICT;
  CREATE TABLE IF NOT EXISTS ninefold_events (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, key TEXT NOT NULL, data TEXT NOT NULL, at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS ninefold_consumers (name TEXT NOT NULL PRIMARY KEY, position INTEGER NOT NULL, seen_at INTEGER NOT NULL) STRICT;
`

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
  const format = Number(db.prepare('PRAGMA user_version').get()?.['user_version'])
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

export function prepareFile(db: DatabaseSync, collections: readonly Declared[]): void {
  db.exec('BEGIN IMMEDIATE')
  try {
    db.exec(OWN_TABLES)
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORMAT}`)
    for (const declared of collections) prepareCollection(db, declared)
    db.exec('COMMIT')
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}

function prepareCollection(db: DatabaseSync, { layout, migrate }: Declared): void {
  const { name, shape, expiry = null } = layout
  const known = db.prepare('SELECT shape, expiry FROM ninefold_collections WHERE name = ?').get(name)
  const knownShape = known === undefined ? shape : Number(known['shape'])
  if (knownShape > shape) {
    throw new Error(
      `Collection ${name} has shape ${knownShape} in the database, and this program knows shapes up to ${shape}: a newer version has written it. ` +
        'Start that version again, or restore a backup from before the upgrade. Nothing was changed.',
    )
  }
  db.exec(createTable(layout))
  dropIndexes(db, layout)
  if (known !== undefined && (knownShape < shape || known['expiry'] !== expiry)) rewrite(db, { layout, migrate }, knownShape)
  buildIndexes(db, layout)
  db.prepare('INSERT OR REPLACE INTO ninefold_collections (name, shape, expiry) VALUES (?, ?, ?)').run(name, shape, expiry)
}

function dropIndexes(db: DatabaseSync, layout: CollectionLayout): void {
  const wanted = createIndexes(layout)
  const existing = db
    .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL")
    .all(layout.name)
  for (const { name, sql } of existing) {
    if (wanted.get(String(name)) !== sql) db.exec(`DROP INDEX "${String(name)}"`)
  }
}

function buildIndexes(db: DatabaseSync, layout: CollectionLayout): void {
  const exists = db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = ?")
  for (const [id, statement] of createIndexes(layout)) {
    if (exists.get(id) !== undefined) continue
    try {
      db.exec(statement)
    } catch (cause) {
      throw new Error(`Index ${id} cannot be built; a unique index needs documents without equal values.`, { cause })
    }
  }
}

// The version grows, so that nobody who remembers an earlier shape believes it current.
function rewrite(db: DatabaseSync, { layout, migrate }: Declared, fromShape: number): void {
  const next = db.prepare(`SELECT id, document FROM "${layout.name}" WHERE id > ? ORDER BY id LIMIT ${BATCH}`)
  const replace = db.prepare(`UPDATE "${layout.name}" SET version = version + 1, document = ?, expires_at = ? WHERE id = ?`)
  let after = ''
  for (let rows = next.all(after); rows.length > 0; rows = next.all(after)) {
    for (const row of rows) {
      after = String(row['id'])
      try {
        const { document, expiresAt } = migrate(String(row['document']), fromShape)
        replace.run(document, expiresAt, after)
      } catch (cause) {
        throw new Error(`Document ${after} of collection ${layout.name} cannot be brought from shape ${fromShape} to ${layout.shape}.`, {
          cause,
        })
      }
    }
  }
}
