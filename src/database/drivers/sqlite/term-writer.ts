// The search terms of one collection, written with its documents. Deleting a document takes them away by a trigger.
import type { DatabaseSync } from 'node:sqlite'
import type { CollectionLayout } from '../../layout.ts'
import { searchTables } from './sql.ts'

type Terms = readonly string[] | undefined

export interface TermWriter {
  insert(id: string, terms: Terms): void
  replace(id: string, terms: Terms): void
  /** Whether it was there before or not. */
  put(id: string, terms: Terms): void
}

export function createTermWriter(db: DatabaseSync, layout: CollectionLayout): TermWriter | undefined {
  if (!layout.searchable) return undefined
  const { order, terms: index } = searchTables(layout.name)
  const number = db.prepare(`INSERT INTO "${order}" (id) VALUES (?)`)
  const numberIfNew = db.prepare(`INSERT INTO "${order}" (id) VALUES (?) ON CONFLICT (id) DO NOTHING`)
  const insert = db.prepare(`INSERT INTO "${index}" (rowid, terms) VALUES (?, ?)`)
  const replace = db.prepare(`INSERT OR REPLACE INTO "${index}" (rowid, terms) SELECT number, ? FROM "${order}" WHERE id = ?`)
  const textOf = (terms: Terms): string => terms?.join(' ') ?? ''
  return {
    insert: (id, terms) => void insert.run(number.run(id).lastInsertRowid, textOf(terms)),
    replace: (id, terms) => void replace.run(textOf(terms), id),
    put(id, terms) {
      numberIfNew.run(id)
      replace.run(textOf(terms), id)
    },
  }
}
