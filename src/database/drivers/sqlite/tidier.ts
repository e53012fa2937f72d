// Words of documents that are gone. The index of a search marks them only, and drops them when it merges its parts: here it is made to, a little with every
// sweep, so that no word outlives its document for long, and no writer waits for it.
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { CollectionLayout } from '../../layout.ts'
import { searchTables } from './sql.ts'

/** Pages of one step: some milliseconds. */
const PAGES = 200

export interface Tidier {
  /** Documents of this collection were changed or removed. */
  mark(collection: string): void
  /** So many were removed by a sweep, which is the time for one step. */
  swept(collection: string, rows: number): void
}

interface Index {
  readonly merge: StatementSync
  state: 'clean' | 'marked' | 'merging'
  /** Marked again while it was merged. */
  again: boolean
}

export function createTidier(db: DatabaseSync, layouts: readonly CollectionLayout[]): Tidier {
  const changes = db.prepare('SELECT total_changes() AS total')
  const total = (): number => Number(changes.get()?.['total'])
  const indexes = new Map<string, Index>(
    layouts
      .filter(({ searchable }) => searchable)
      .map(({ name }) => {
        const { terms } = searchTables(name)
        const merge = db.prepare(`INSERT INTO "${terms}" ("${terms}", rank) VALUES ('merge', ?)`)
        // What a process before this one has left.
        return [name, { merge, state: 'marked', again: false }]
      }),
  )
  const step = (index: Index): void => {
    if (index.state === 'clean') return
    const before = total()
    // A negative number takes all parts together, as an optimization would; the steps after it go on with that.
    index.merge.run(index.state === 'marked' ? -PAGES : PAGES)
    if (total() - before >= 2) {
      index.state = 'merging'
      return
    }
    index.state = index.again ? 'marked' : 'clean'
    index.again = false
  }
  const mark = (collection: string): void => {
    const index = indexes.get(collection)
    if (index === undefined) return
    if (index.state === 'merging') index.again = true
    else index.state = 'marked'
  }
  /** The collection that a sweep begins with. */
  let first: string | undefined
  return {
    mark,
    swept(collection, rows) {
      if (rows > 0) mark(collection)
      first ??= collection
      if (collection === first) indexes.forEach(step)
    },
  }
}
