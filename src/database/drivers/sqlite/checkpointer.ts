// Checkpoints of SQLite's write-ahead log, once what was written has been answered. By itself SQLite makes them within the commit that brings the log to a
// thousand pages, and that one request waits twenty times as long as the others.
import type { DatabaseSync } from 'node:sqlite'
import { BUSY_MS } from './connection.ts'

/** Of the log, when nothing waits: what is copied in some milliseconds. */
const IDLE_PAGES = 250
/** However much waits, as SQLite would: the longer the log, the more of it readers look through. */
const MOST_PAGES = 1000
/** For reads that are under way. A backup reads for longer. */
const PATIENCE_MS = 1000

/** The first that can be asked how long its log is. */
const NOOP_SINCE = [3, 51]

export interface Checkpointer {
  /** Between two commits. `isIdle`: nothing waits for this connection. */
  run(isIdle: boolean): void
  /** Leaves nothing in the log. False when somebody reads an older state that is there: then a later run does it. */
  empty(): boolean
}

export function createCheckpointer(db: DatabaseSync): Checkpointer {
  let isOwed = false
  const copy = copying(db)
  const empty = (patienceMs: number): boolean => {
    isOwed = !emptied(db, patienceMs)
    return !isOwed
  }
  return {
    run(isIdle) {
      if (isOwed && isIdle && empty(0)) return
      copy(isIdle)
    },
    empty: () => empty(PATIENCE_MS),
  }
}

function copying(db: DatabaseSync): Checkpointer['run'] {
  // SQLite's own way stays.
  if (!hasNoop(db)) return () => {}
  db.exec('PRAGMA wal_autocheckpoint = 0')
  const state = db.prepare('PRAGMA wal_checkpoint(NOOP)')
  const checkpoint = db.prepare('PRAGMA wal_checkpoint(PASSIVE)')
  return (isIdle) => {
    try {
      const { log, checkpointed } = state.get() ?? {}
      const left = Number(log) - Number(checkpointed)
      // A long log begins anew only when all of it is copied before another process commits again: each chance is taken then.
      if (left > 0 && (Number(log) >= MOST_PAGES || (isIdle && left >= IDLE_PAGES))) checkpoint.get()
    } catch {
      // All is in the log still, and the next one copies it. On a full disk the commits say what is wrong.
    }
  }
}

function emptied(db: DatabaseSync, patienceMs: number): boolean {
  db.exec(`PRAGMA busy_timeout = ${patienceMs}`)
  try {
    return db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.['busy'] === 0
  } catch {
    return false
  } finally {
    db.exec(`PRAGMA busy_timeout = ${BUSY_MS}`)
  }
}

/** Another one takes it for a checkpoint. */
export function hasNoop(db: DatabaseSync): boolean {
  const version = String(db.prepare('SELECT sqlite_version() AS version').get()?.['version'])
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [leastMajor = 0, leastMinor = 0] = NOOP_SINCE
  return major > leastMajor || (major === leastMajor && minor >= leastMinor)
}
