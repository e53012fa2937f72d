// Connections to one database file, and the pragmas that decide what a commit means.
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** `full`: a commit is on disk. `relaxed`: a power cut may lose the last commits, a crash of the process none; the file stays whole. */
export type Durability = 'full' | 'relaxed'

export const MEMORY = ':memory:'
/** So long one who writes waits for another. */
export const BUSY_MS = 5000
const CACHE_KIB = 16_384
const WAL_KEPT_BYTES = 67_108_864

export function openForWriting(file: string, durability: Durability): DatabaseSync {
  if (file !== MEMORY) createPrivately(file)
  const db = new DatabaseSync(file, { timeout: BUSY_MS, enableForeignKeyConstraints: true })
  try {
    const mode = db.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode']
    if (file !== MEMORY && mode !== 'wal')
      throw new Error(`${file} cannot use a write-ahead log here (journal mode ${String(mode)}); is it on a network disk?`)
    db.exec(`PRAGMA synchronous = ${durability === 'full' ? 'FULL' : 'NORMAL'}`)
    db.exec(`PRAGMA trusted_schema = OFF; PRAGMA cache_size = -${CACHE_KIB}; PRAGMA journal_size_limit = ${WAL_KEPT_BYTES}`)
    // What is deleted is overwritten: otherwise it would stay in the file, in pages that are free, until something else needs them.
    db.exec('PRAGMA secure_delete = ON')
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

export function openForReading(file: string): DatabaseSync {
  const db = new DatabaseSync(file, { readOnly: true, timeout: BUSY_MS })
  try {
    db.exec(`PRAGMA trusted_schema = OFF; PRAGMA cache_size = -${CACHE_KIB}`)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

// SQLite gives its log files the mode of the database file, so that is the one to make right.
function createPrivately(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  closeSync(openSync(file, 'a', 0o600))
}
