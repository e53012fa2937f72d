// Puts the changes of a journal record where they belong. May be done twice, by two processes at once, and too late: it comes to the same.
import type { AnyBulkWriteOperation, Collection, Db, Filter, OptionalUnlessRequiredId, WithoutId } from 'mongodb'
import { isDuplicate, isRefusal } from './connection.ts'
import type { JournalRecord } from './journal.ts'
import type { ServerAbilities } from './probe.ts'
import { putEvents } from './segments.ts'
import { plainest, type StoredDocument } from './stored.ts'

/** Stands for the values of a unique index that a document holds. */
export interface StoredKey {
  readonly _id: string
  readonly collection: string
  readonly index: string
  readonly holder: string
  readonly _at: number
}

export const KEYS = 'ninefold_keys'
const MANY = 50
/** FerretDB keeps a connection to its store for each update of a command until all are done, and with a hundred of them it stops for good. */
const FEW = 4
/** Deletions by id of one command: of several ids at once it finds none without reading the whole collection. */
const SOME = 20

interface Kept {
  readonly _id: string
  readonly _at: number
}

interface Change<Stored> {
  readonly id: string
  readonly value: Stored | null
  readonly fresh: boolean
}

interface Pass extends ServerAbilities {
  readonly number: number
  /** Nobody has tried to apply this record before. */
  readonly first: boolean
}

export async function applyRecord(db: Db, record: JournalRecord, how: ServerAbilities & { readonly first: boolean }): Promise<void> {
  const { number } = record
  const pass = { ...how, number }
  if (record.events.length > 0) await putEvents(db, record.events)
  const collections = Map.groupBy(record.documents, ({ collection }) => collection)
  for (const [name, changes] of collections) {
    const documents = changes.map(({ id, document, fresh }) => ({ id, value: document, fresh }))
    await put(db.collection<StoredDocument>(name), documents, pass)
  }
  const keys = record.keys.map(({ key, collection, index, holder, fresh }) => ({
    id: key,
    value: holder === null ? null : { _id: key, collection, index, holder, _at: number },
    fresh,
  }))
  if (keys.length > 0) await put(db.collection<StoredKey>(KEYS), keys, pass)
}

async function put<Stored extends Kept>(collection: Collection<Stored>, changes: readonly Change<Stored>[], pass: Pass): Promise<void> {
  const removed = changes.filter(({ value }) => value === null)
  const fresh = pass.first ? changes.filter((change) => change.fresh && change.value !== null) : []
  const left = changes.filter((change) => change.value !== null && !fresh.includes(change))
  const removedAtOnce = pass.atomicUpdates ? 10 * MANY : SOME
  for (let at = 0; at < removed.length; at += removedAtOnce) await removeAll(collection, removed.slice(at, at + removedAtOnce), pass)
  if (fresh.length > 0 && !(await unlessRefused(() => insertAll(collection, fresh)))) left.push(...fresh)
  const atOnce = pass.atomicUpdates ? MANY : FEW
  for (let at = 0; at < left.length; at += atOnce) {
    const some = left.slice(at, at + atOnce)
    if (pass.first && (await unlessRefused(() => writeAll(collection, some, pass)))) continue
    for (const change of some) await putOne(collection, change, pass)
  }
}

async function removeAll<Stored extends Kept>(
  collection: Collection<Stored>,
  changes: readonly Change<Stored>[],
  pass: Pass,
): Promise<unknown> {
  if (pass.atomicUpdates) return await collection.deleteMany(these(changes, pass))
  const operations = changes.map(({ id }): AnyBulkWriteOperation<Stored> => ({ deleteOne: { filter: only<Stored>(id, pass) } }))
  return await collection.bulkWrite(operations, { ordered: false })
}

async function insertAll<Stored extends Kept>(collection: Collection<Stored>, changes: readonly Change<Stored>[]): Promise<unknown> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the driver's type of "has an id", which this one has
  const values = changes.map(({ value }) => value) as OptionalUnlessRequiredId<Stored>[]
  return await collection.insertMany(values, { ordered: false })
}

async function writeAll<Stored extends Kept>(
  collection: Collection<Stored>,
  changes: readonly Change<Stored>[],
  pass: Pass,
): Promise<unknown> {
  const operations = changes.flatMap(({ id, value }): AnyBulkWriteOperation<Stored>[] =>
    value === null ? [] : [{ replaceOne: { filter: only<Stored>(id, pass), replacement: withoutId(value), upsert: true } }],
  )
  return await collection.bulkWrite(operations, { ordered: false })
}

async function putOne<Stored extends Kept>(collection: Collection<Stored>, { id, value }: Change<Stored>, pass: Pass): Promise<void> {
  if (value === null) return
  const filter = only<Stored>(id, pass)
  const replace = async (replacement: Stored): Promise<unknown> =>
    await collection.replaceOne(filter, withoutId(replacement), { upsert: true })
  try {
    await replace(value)
  } catch (error) {
    // The record stands, so what a server does not take as it is must be stored in a way that every server takes.
    if (isRefusal(error)) await replace({ ...value, ...plainest(value) })
    // With a guard, a duplicate says that something newer is there. Without, that somebody was quicker to insert the same.
    else if (!isDuplicate(error)) throw error
    else if (!pass.atomicUpdates) await replace(value)
  }
}

function these<Stored extends Kept>(changes: readonly Change<Stored>[], pass: Pass): Filter<Stored> {
  const filter = { _id: { $in: changes.map(({ id }) => id) }, _at: { $lt: pass.number } }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the driver cannot see the two fields through a type parameter
  return filter as unknown as Filter<Stored>
}

/** What this record may write over. A server that decides and writes in two steps gains nothing by a condition and finds ids alone faster. */
function only<Stored extends Kept>(_id: string, { atomicUpdates, number }: Pass): Filter<Stored> {
  const filter = atomicUpdates ? { _id, _at: { $lt: number } } : { _id }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the driver cannot see the two fields through a type parameter
  return filter as unknown as Filter<Stored>
}

function withoutId<Stored extends Kept>({ _id, ...value }: Stored): WithoutId<Stored> {
  return value
}

/** False when an id was taken or a value is not liked; what else was asked is not known to be done then. */
async function unlessRefused(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    if (isDuplicate(error) || isRefusal(error)) return false
    throw error
  }
}
