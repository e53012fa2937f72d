// One platform on one data folder: a lock of the operating system on a file, which ends with the process however that ends.
import { DatabaseSync } from 'node:sqlite'

export interface FolderLock {
  /** False when another process has it. */
  take(): boolean
  held(): boolean
  free(): void
}

/** The file is empty for ever. Nobody may open and close it in this process otherwise: that would end the lock. */
export function createFolderLock(file: string): FolderLock {
  let db: DatabaseSync | undefined
  return {
    take() {
      if (db !== undefined) return true
      const opened = new DatabaseSync(file, { timeout: 0 })
      try {
        opened.exec('BEGIN EXCLUSIVE')
      } catch (error) {
        opened.close()
        if (error instanceof Error && 'errcode' in error && isBusy(Number(error.errcode))) return false
        throw error
      }
      db = opened
      return true
    },
    held: () => db !== undefined,
    free() {
      db?.close()
      db = undefined
    },
  }
}

const SQLITE_BUSY = 5
const SQLITE_LOCKED = 6

function isBusy(code: number): boolean {
  return (code & 0xff) === SQLITE_BUSY || (code & 0xff) === SQLITE_LOCKED
}
