// Bytes of what is gone. `secure_delete` overwrites a row where it is when it is deleted; where SQLite had moved it before, to make room in a page, a copy of it
// may be left in a part of the page that holds nothing. Only a file that is written anew is free of them.
import type { DatabaseSync } from 'node:sqlite'

/** Outside of a transaction. Readers go on meanwhile. */
export function scrub(db: DatabaseSync): void {
  db.exec('VACUUM')
  emptyLog(db)
}

/** The log still has pages from before. Whoever reads an older state just now needs it: then it is overwritten as it goes round, as ever. */
function emptyLog(db: DatabaseSync): void {
  const patience = Number(db.prepare('PRAGMA busy_timeout').get()?.['timeout'])
  db.exec('PRAGMA busy_timeout = 0')
  try {
    db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()
  } finally {
    db.exec(`PRAGMA busy_timeout = ${patience}`)
  }
}

export function bytesOf(db: DatabaseSync): number {
  const { bytes } = db.prepare('SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()').get() ?? {}
  return Number(bytes)
}
