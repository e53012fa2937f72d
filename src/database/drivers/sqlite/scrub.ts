// Bytes of what is gone. `secure_delete` overwrites a row where it is when it is deleted; where SQLite had moved it before, to make room in a page, a copy of it
// may be left in a part of the page that holds nothing. Only a file that is written anew is free of them.
import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'

/** The new file as a whole, then the same in the log; and something is to be left for others. */
const ROOM = 2.5

/** Outside of a transaction. Readers go on meanwhile; whoever writes waits, in other processes too. */
export function scrub(db: DatabaseSync, file: string): void {
  // Where the data is, and not in a folder for temporary files: that may be another disk, which is not encrypted or is memory.
  db.exec(`PRAGMA temp_store_directory = '${dirname(file).replaceAll("'", "''")}'`)
  db.exec('VACUUM')
}

/** As far as it is known before. */
export function hasRoom(file: string, bytes: number): boolean {
  const { bavail, bsize } = statfsSync(dirname(file))
  return bavail * bsize >= bytes * ROOM
}

/** Without pages that are free. */
export function bytesIn(db: DatabaseSync): number {
  const { bytes } =
    db
      .prepare(
        'SELECT (page_count - freelist_count) * page_size AS bytes FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()',
      )
      .get() ?? {}
  return Number(bytes)
}
