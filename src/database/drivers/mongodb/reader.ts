// Reads of documents. Who meets a part of a larger write makes sure that all of the write is there before it answers, so nobody ever sees a half.
import type { Db } from 'mongodb'
import type { CollectionLayout, IndexLayout } from '../../layout.ts'
import type { Row, Scalar, Stretch, TermSearch } from '../../ports.ts'
import { KEYS, type StoredKey } from './apply.ts'
import { NEWEST_FIRST, searchFilter, type Selection, type StoredFilter, stretchSelection, together, visible } from './filter.ts'
import type { Journal } from './journal.ts'
import { isLive, keyId, keysOf, rowOf, type StoredDocument } from './stored.ts'

export interface ReaderParts {
  readonly db: Db
  readonly journal: Journal
}

/** Rounds in which others may get in between before a page is taken as it is. */
const MAX_ROUNDS = 5

type Where = ReaderParts & { readonly collection: CollectionLayout; readonly now: number }

function documents({ db, collection }: Pick<Where, 'db' | 'collection'>): ReturnType<typeof db.collection<StoredDocument>> {
  return db.collection<StoredDocument>(collection.name)
}

export async function findRow(where: Where, _id: string): Promise<Row | undefined> {
  const found = await documents(where).findOne({ _id })
  if (found === null) return undefined
  if (found._with !== undefined) await where.journal.settled(found._with)
  return isLive(found, where.now) ? rowOf(found) : undefined
}

export async function findRowByKey(where: Where, index: IndexLayout, values: readonly Scalar[]): Promise<Row | undefined> {
  const { collection, journal, now } = where
  const wanted = keyId(collection.name, index, values)
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const key = await where.db.collection<StoredKey>(KEYS).findOne({ _id: wanted })
    if (key === null) return undefined
    const found = await documents(where).findOne({ _id: key.holder })
    if (found !== null && keysOf(collection, found).some((held) => held.key === wanted)) {
      if (found._with !== undefined) await journal.settled(found._with)
      return isLive(found, now) ? rowOf(found) : undefined
    }
    // The value is on its way from one document to another: look again when it has arrived.
    await journal.settled(Math.floor(Math.max(key._at, found?._at ?? 0)))
  }
  return undefined
}

export async function scanRows(where: Where, stretch: Stretch): Promise<readonly Row[]> {
  const selection = stretchSelection(stretch)
  if (selection === undefined) return []
  const found = await page(where, { filter: selection.filter, limit: stretch.limit, sort: selection.sort })
  return found.map(rowOf)
}

export async function countRows(where: Where, stretch: Stretch): Promise<number> {
  const selection = stretchSelection(stretch)
  if (selection === undefined) return 0
  const filter = together([selection.filter, visible(where.collection, where.journal.applied, where.now)])
  const found = documents(where).find(filter, { projection: { _id: 1 }, limit: stretch.limit })
  let count = 0
  for await (const _ of found) count += 1
  return count
}

export async function searchRows(where: Where, search: TermSearch): Promise<{ readonly rows: readonly Row[]; readonly next?: string }> {
  const found = await page(where, { filter: searchFilter(search), limit: search.limit + 1, sort: NEWEST_FIRST })
  const kept = found.slice(0, search.limit)
  const last = kept.at(-1)
  return { rows: kept.map(rowOf), ...(found.length > search.limit && last !== undefined ? { next: String(last._born) } : {}) }
}

interface PageOf {
  readonly filter: StoredFilter
  readonly sort: Selection['sort']
  readonly limit: number
}

async function page(where: Where, { filter, sort, limit }: PageOf): Promise<StoredDocument[]> {
  const { journal, collection, now } = where
  for (let round = 1; ; round += 1) {
    const { applied } = journal
    const found = await documents(where)
      .find(together([filter, visible(collection, applied, now)]), { sort, limit })
      .toArray()
    const newest = Math.max(0, ...found.map(({ _with = 0, _gone = 0 }) => Math.max(_with, _gone)))
    if (newest <= applied) return found
    // Read in the middle of a larger write: once it is whole, the page is read again.
    await journal.settled(newest)
    if (round === MAX_ROUNDS) return found.filter((stored) => isLive(stored, now))
  }
}
