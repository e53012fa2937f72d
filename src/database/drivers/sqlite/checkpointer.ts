// Checkpoints of SQLite's write-ahead log, once what was written has been answered. By itself SQLite makes them within the commit that brings the log to a
// thousand pages, and that one request waits twenty times as long as the others.
import type { DatabaseSync } from 'node:sqlite'

/** Of the log, when nothing waits: what is copied in some milliseconds. */
const IDLE_PAGES = 250
/** However much waits, as SQLite would: the longer the log, the more of it readers look through. */
const MOST_PAGES = 1000

/** The first that can be asked how long its log is. */
const NOOP_SINCE = [3, 51]

export interface Checkpointer {
  /** Between two commits. `isIdle`: nothing waits for this connection. */
  run(isIdle: boolean): void
}

export function createCheckpointer(db: DatabaseSync): Checkpointer {
  // SQLite's own way stays.
  if (!hasNoop(db)) return { run() {} }
  db.exec('PRAGMA wal_autocheckpoint = 0')
  const state = db.prepare('PRAGMA wal_checkpoint(NOOP)')
  const checkpoint = db.prepare('PRAGMA wal_checkpoint(PASSIVE)')
  return {
    run(isIdle) {
      try {
        const { log, checkpointed } = state.get() ?? {}
        const left = Number(log) - Number(checkpointed)
        // A long log begins anew only when all of it is copied before another process commits again: each chance is taken then.
        if (left > 0 && (Number(log) >= MOST_PAGES || (isIdle && left >= IDLE_PAGES))) checkpoint.get()
      } catch {
        // All is in the log still, and the next one copies it. On a full disk the commits say what is wrong.
      }
    },
  }
}

/** Another one takes it for a checkpoint. */
export function hasNoop(db: DatabaseSync): boolean {
  const version = String(db.prepare('SELECT sqlite_version() AS version').get()?.['version'])
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [leastMajor = 0, leastMinor = 0] = NOOP_SINCE
  return major > leastMajor || (major === leastMajor && minor >= leastMinor)
}
