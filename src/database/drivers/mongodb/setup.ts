// Brings a database to what the program declares: collections, indexes, and the keys of unique indexes. Documents stay as they are.
import type { Db } from 'mongodb'
import type { CollectionLayout, Declared, IndexLayout } from '../../layout.ts'
import { refuseUnknown } from '../../marks.ts'
import type { Mark, Plan } from '../../ports.ts'
import { KEYS, type StoredKey } from './apply.ts'
import { isDuplicate } from './connection.ts'
import { indexKeys } from './filter.ts'
import { CONSUMERS } from './load.ts'
import { EVENTS } from './segments.ts'
import { keysOf, type StoredDocument } from './stored.ts'

const FORMAT = 1
const OWN = ['ninefold_state', 'ninefold_journal', KEYS, EVENTS, CONSUMERS, 'ninefold_marks']
/** Indexes of other names are somebody's own and stay. */
const PREFIX = 'ninefold_'
const BATCH = 500

type Keys = Readonly<Record<string, 1 | -1>>

interface State {
  readonly _id: string
  readonly format?: number
  readonly collection?: string
  readonly fields?: readonly string[]
}

interface StoredMark {
  readonly _id: string
  readonly shape: number
  readonly target: number
  readonly expiry: string | null
  readonly search: string | null
}

interface Change {
  readonly statement: string
  run(): Promise<unknown>
}

export async function readMarks(db: Db): Promise<Mark[]> {
  const marks = await db.collection<StoredMark>('ninefold_marks').find().toArray()
  return marks.map(({ _id, shape, target, expiry, search }) => ({ name: _id, shape, target, expiry, search }))
}

export async function writeMark(db: Db, { name, ...mark }: Mark): Promise<void> {
  await db.collection<StoredMark>('ninefold_marks').replaceOne({ _id: name }, mark, { upsert: true })
}

/** Looks before anything is written. Throws when it is not a database that this program may use. */
export async function checkDatabase(db: Db, collections: readonly Declared[]): Promise<void> {
  const state = await db.collection<State>('ninefold_state').findOne({ _id: 'format' })
  const names = await namesIn(db)
  if (state === null && [...names].some((name) => !name.startsWith(PREFIX) && !name.startsWith('system.'))) {
    throw new Error(
      `The MongoDB database "${db.databaseName}" belongs to another program. Name another database in the URL; this one was not touched.`,
    )
  }
  const format = state?.format ?? FORMAT
  if (format > FORMAT) {
    throw new Error(
      `The MongoDB database "${db.databaseName}" has format ${format}, and this program knows formats up to ${FORMAT}: a newer version has written it. ` +
        'Start that version again, or restore a backup from before the upgrade. Nothing was changed.',
    )
  }
  refuseUnknown(
    await readMarks(db),
    collections.map(({ layout }) => layout),
  )
}

export async function prepareDatabase(db: Db, collections: readonly Declared[]): Promise<void> {
  for (const change of await changesFor(db, collections)) await change.run()
}

export async function planDatabase(db: Db, collections: readonly Declared[]): Promise<Plan> {
  await checkDatabase(db, collections)
  const names = await namesIn(db)
  const documents: Plan['documents'][number][] = []
  for (const { layout } of collections) {
    if (!names.has(layout.name)) continue
    const stored = db.collection<StoredDocument>(layout.name)
    const all = await stored.countDocuments({ _gone: { $exists: false } })
    const outdated = await stored.countDocuments({ _gone: { $exists: false }, _shape: { $lt: layout.shape } })
    documents.push({ collection: layout.name, all, outdated })
  }
  const changes = await changesFor(db, collections)
  return { statements: changes.map(({ statement }) => statement), marks: await readMarks(db), documents }
}

async function namesIn(db: Db): Promise<Set<string>> {
  const collections = await db.listCollections({}, { nameOnly: true }).toArray()
  return new Set(collections.map(({ name }) => name))
}

async function changesFor(db: Db, collections: readonly Declared[]): Promise<Change[]> {
  const names = await namesIn(db)
  const changes = OWN.filter((name) => !names.has(name)).map((name) => creation(db, name))
  const state = db.collection<State>('ninefold_state')
  if ((await state.findOne({ _id: 'format' })) === null) {
    const statement = `db.ninefold_state.insertOne({ _id: "format", format: ${FORMAT} })`
    changes.push({ statement, run: async () => await state.replaceOne({ _id: 'format' }, { format: FORMAT }, { upsert: true }) })
  }
  for (const { layout } of collections) {
    if (!names.has(layout.name)) changes.push(creation(db, layout.name))
    changes.push(...(await indexChanges(db, layout, names.has(layout.name))))
    changes.push(...(await keyChanges(db, layout)))
  }
  return changes
}

function creation(db: Db, name: string): Change {
  const run = async (): Promise<void> => {
    try {
      await db.createCollection(name)
    } catch (error) {
      // Another process was quicker.
      if (!(await namesIn(db)).has(name)) throw error
    }
  }
  return { statement: `db.createCollection("${name}")`, run }
}

/** Every index of a collection by its name. */
function wantedIndexes(layout: CollectionLayout): Map<string, Keys> {
  const wanted = new Map<string, Keys>(layout.indexes.map((index) => [PREFIX + index.name, indexKeys(index)]))
  if (layout.expiry !== undefined) wanted.set(`${PREFIX}_expires`, { _expires: 1 })
  if (layout.searchable) wanted.set(`${PREFIX}_terms`, { _terms: 1, _born: -1 })
  return wanted
}

async function indexChanges(db: Db, layout: CollectionLayout, exists: boolean): Promise<Change[]> {
  const collection = db.collection(layout.name)
  const stored: { readonly name?: string; readonly key?: object }[] = exists ? await collection.listIndexes().toArray() : []
  const wanted = wantedIndexes(layout)
  const changes: Change[] = []
  const kept = new Set<string>()
  for (const { name = '', key } of stored) {
    if (!name.startsWith(PREFIX)) continue
    const same = wanted.get(name)
    if (same !== undefined && JSON.stringify(same) === JSON.stringify(key)) kept.add(name)
    else changes.push({ statement: `db.${layout.name}.dropIndex("${name}")`, run: async () => await collection.dropIndex(name) })
  }
  for (const [name, keys] of wanted) {
    if (kept.has(name)) continue
    const statement = `db.${layout.name}.createIndex(${JSON.stringify(keys)}, { name: "${name}" })`
    changes.push({ statement, run: async () => await collection.createIndex({ ...keys }, { name }) })
  }
  return changes
}

/** The unique values of the documents that are there, each as a document of its own. */
async function keyChanges(db: Db, layout: CollectionLayout): Promise<Change[]> {
  const state = db.collection<State>('ninefold_state')
  const built = await state.find({ collection: layout.name }).toArray()
  const unique = layout.indexes.filter((index) => index.unique)
  const changes: Change[] = []
  for (const { _id, fields } of built) {
    const index = unique.find((candidate) => keysState(layout, candidate) === _id)
    if (index !== undefined && JSON.stringify(index.fields) === JSON.stringify(fields)) continue
    const name = _id.slice(_id.lastIndexOf(':') + 1)
    changes.push({
      statement: `db.${KEYS}.deleteMany({ collection: "${layout.name}", index: "${name}" })`,
      async run() {
        await db.collection<StoredKey>(KEYS).deleteMany({ collection: layout.name, index: name })
        await state.deleteOne({ _id })
      },
    })
  }
  for (const index of unique) {
    const known = built.find(({ _id }) => _id === keysState(layout, index))
    if (known !== undefined && JSON.stringify(known.fields) === JSON.stringify(index.fields)) continue
    const statement = `db.${KEYS}.insertMany(/* the values of ${index.fields.join(', ')} of all documents of ${layout.name} */)`
    changes.push({ statement, run: async () => await buildKeys(db, layout, index) })
  }
  return changes
}

function keysState(layout: CollectionLayout, index: IndexLayout): string {
  return `keys:${layout.name}:${index.name}`
}

async function buildKeys(db: Db, layout: CollectionLayout, index: IndexLayout): Promise<void> {
  const only = { ...layout, indexes: [index] }
  let batch: StoredKey[] = []
  const flush = async (): Promise<void> => {
    const inserting = batch
    batch = []
    if (inserting.length > 0) await insertKeys(db, inserting, index)
  }
  for await (const stored of db.collection<StoredDocument>(layout.name).find()) {
    for (const { key } of keysOf(only, stored)) {
      batch.push({ _id: key, collection: layout.name, index: index.name, holder: stored._id, _at: Math.floor(stored._at) })
    }
    if (batch.length >= BATCH) await flush()
  }
  await flush()
  const state = { collection: layout.name, fields: index.fields }
  await db.collection<State>('ninefold_state').replaceOne({ _id: keysState(layout, index) }, state, { upsert: true })
}

async function insertKeys(db: Db, batch: readonly StoredKey[], index: IndexLayout): Promise<void> {
  const keys = db.collection<StoredKey>(KEYS)
  try {
    await keys.insertMany([...batch], { ordered: false })
  } catch (error) {
    if (!isDuplicate(error)) throw error
    // A start that was interrupted, or another process, may have made some of them.
    for (const key of batch) {
      const held = await keys.findOne({ _id: key._id })
      if (held === null) await keys.insertOne(key)
      else if (held.holder !== key.holder) {
        throw new Error(`Index ${key.collection}:${index.name} cannot be built; a unique index needs documents without equal values.`, {
          cause: error,
        })
      }
    }
  }
}
