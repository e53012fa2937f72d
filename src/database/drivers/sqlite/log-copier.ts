// Copies SQLite's write-ahead log into the file once what was written has been answered. By itself SQLite does so within the commit that makes the log too
// long, and that one request waits twenty times as long as the others.
import type { DatabaseSync } from 'node:sqlite'

/** Of the log, when nothing waits: what is written in some milliseconds. */
const PAGES = 250
/** However much waits: the longer the log, the more of it readers look through. */
const MOST_PAGES = 1000

/** The first that can be asked how long its log is. */
const KNOWS_ITS_LOG = [3, 51]

export interface LogCopier {
  /** Between two commits. `isIdle`: nothing waits for this connection. */
  copy(isIdle: boolean): void
}

export function createLogCopier(db: DatabaseSync): LogCopier {
  // SQLite's own way stays.
  if (!knowsItsLog(db)) return { copy() {} }
  db.exec('PRAGMA wal_autocheckpoint = 0')
  const state = db.prepare('PRAGMA wal_checkpoint(NOOP)')
  const copyAll = db.prepare('PRAGMA wal_checkpoint(PASSIVE)')
  return {
    copy(isIdle) {
      try {
        const { log, checkpointed } = state.get() ?? {}
        if (Number(log) - Number(checkpointed) >= (isIdle ? PAGES : MOST_PAGES)) copyAll.get()
      } catch {
        // All is in the log still, and the next one copies it. On a full disk the commits say what is wrong.
      }
    },
  }
}

function knowsItsLog(db: DatabaseSync): boolean {
  const version = String(db.prepare('SELECT sqlite_version() AS version').get()?.['version'])
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [least = 0, atLeast = 0] = KNOWS_ITS_LOG
  return major > least || (major === least && minor >= atLeast)
}
