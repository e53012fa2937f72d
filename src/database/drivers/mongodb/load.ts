// Rows and events as they are, when a database is moved here or restored. Nobody else writes meanwhile; doing a batch again comes to the same.
import type { Collection, Db, OptionalUnlessRequiredId } from 'mongodb'
import type { CollectionLayout } from '../../layout.ts'
import type { Consumer, Load, WholeRow } from '../../ports.ts'
import { KEYS, type StoredKey } from './apply.ts'
import { isDuplicate } from './connection.ts'
import type { Journal } from './journal.ts'
import { loadEvents } from './segments.ts'
import { keysOf, type StoredDocument, storedFields } from './stored.ts'

export interface LoadParts {
  readonly db: Db
  readonly layouts: ReadonlyMap<string, CollectionLayout>
  readonly journal: Journal
}

export interface StoredConsumer {
  readonly _id: string
  readonly position: number
  readonly seenAt: number
}

export const CONSUMERS = 'ninefold_consumers'
const AT_ONCE = 8
let loaded = 0

export async function loadBatch(parts: LoadParts, batch: Load): Promise<number> {
  if (batch.kind === 'rows') return await loadRows(parts, batch.collection, batch.rows)
  if (batch.kind === 'erase') return await erase(parts, batch.collection, batch.ids)
  if (batch.kind === 'consumers') return await loadConsumers(parts.db, batch.consumers)
  await loadEvents(parts.db, batch.events)
  await parts.journal.reserve(batch.head)
  return batch.events.length
}

async function loadRows({ db, layouts, journal }: LoadParts, name: string, rows: readonly WholeRow[]): Promise<number> {
  const layout = layouts.get(name)
  if (layout === undefined) throw new Error(`There is no collection ${name}.`)
  const collection = db.collection<StoredDocument>(name)
  // Between the last record and the next: never seen before, and older than what will be written over it.
  const documents = rows.map((row) => {
    loaded += 1
    const _at = journal.applied + (loaded % 1_000_000) / 1_000_000
    return storedRow(row, { _at, _born: journal.applied * 100_000 + loaded, _shape: row.shape ?? layout.shape })
  })
  const taken = await insertAll(collection, documents)
  const held = new Set<string>()
  await each(taken, async (document) => {
    const before = await collection.findOne({ _id: document._id })
    const wanted = new Set(keysOf(layout, document).map(({ key }) => key))
    for (const { key } of keysOf(layout, before ?? undefined)) {
      // What it holds already is not written again, unless a batch before was interrupted.
      if (!wanted.has(key)) await removeKey(db, key, document._id)
      else if ((await db.collection<StoredKey>(KEYS).findOne({ _id: key }))?.holder === document._id) held.add(key)
    }
    const { _id, ...replacement } = document
    await collection.replaceOne({ _id }, { ...replacement, _born: before?._born ?? document._born }, { upsert: true })
  })
  const keys = documents.flatMap((document) =>
    keysOf(layout, document)
      .filter(({ key }) => !held.has(key))
      .map(({ key, index }): StoredKey => ({ _id: key, collection: name, index, holder: document._id, _at: document._at })),
  )
  const refused = await insertAll(db.collection<StoredKey>(KEYS), keys)
  await each(refused, async ({ _id, ...key }) => void (await db.collection<StoredKey>(KEYS).replaceOne({ _id }, key, { upsert: true })))
  return rows.length
}

function storedRow(row: WholeRow, own: Pick<StoredDocument, '_at' | '_born' | '_shape'>): StoredDocument {
  return {
    ...storedFields(row.document),
    _id: row.id,
    _version: row.version,
    ...own,
    ...(row.expiresAt === null ? {} : { _expires: row.expiresAt }),
    ...(row.terms === undefined ? {} : { _terms: row.terms }),
  }
}

async function erase({ db, layouts }: LoadParts, name: string, ids: readonly string[]): Promise<number> {
  const layout = layouts.get(name)
  if (layout === undefined) throw new Error(`There is no collection ${name}.`)
  const collection = db.collection<StoredDocument>(name)
  let erased = 0
  await each(ids, async (_id) => {
    const before = await collection.findOne({ _id })
    if (before === null) return
    for (const { key } of keysOf(layout, before)) await removeKey(db, key, _id)
    await collection.deleteOne({ _id })
    erased += 1
  })
  return erased
}

async function removeKey(db: Db, _id: string, holder: string): Promise<void> {
  const keys = db.collection<StoredKey>(KEYS)
  if ((await keys.findOne({ _id }))?.holder === holder) await keys.deleteOne({ _id })
}

async function loadConsumers(db: Db, consumers: readonly Consumer[]): Promise<number> {
  const stored = db.collection<StoredConsumer>(CONSUMERS)
  for (const { name, position, seenAt } of consumers) await stored.replaceOne({ _id: name }, { position, seenAt }, { upsert: true })
  return consumers.length
}

/** Answers those whose ids were taken. */
async function insertAll<Stored extends { readonly _id: string }>(
  collection: Collection<Stored>,
  values: readonly Stored[],
): Promise<readonly Stored[]> {
  if (values.length === 0) return []
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the driver's type of "has an id", which these have
    await collection.insertMany([...values] as unknown as OptionalUnlessRequiredId<Stored>[], { ordered: false })
    return []
  } catch (error) {
    if (!isDuplicate(error)) throw error
    const refused = refusedAt(error)
    return refused === undefined ? values : values.filter((_, at) => refused.has(at))
  }
}

/** The places of what was refused, where the server names them. */
function refusedAt(error: unknown): Set<number> | undefined {
  if (typeof error !== 'object' || error === null || !('writeErrors' in error) || !Array.isArray(error.writeErrors)) return undefined
  const places = error.writeErrors.map((one: unknown) =>
    typeof one === 'object' && one !== null && 'index' in one && typeof one.index === 'number' ? one.index : undefined,
  )
  return places.length === 0 || places.includes(undefined) ? undefined : new Set(places.filter((place) => place !== undefined))
}

async function each<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += AT_ONCE) await Promise.all(items.slice(at, at + AT_ONCE).map(work))
}
