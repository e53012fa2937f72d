// One collection: the contract on top of an engine.
import type { Change, Document } from '#kernel/collection.ts'
import { applied, meets } from './change.ts'
import { isStorable } from '#kernel/storable.ts'
import type { Collection, CountQuery, Page, SearchQuery, Stored } from './contract.ts'
import { decodeMark, encodeCursor, encodeMark } from './cursor.ts'
import { bodyOf, type Codec } from './document.ts'
import { databaseErrors } from './errors.ts'
import type { CollectionLayout } from './layout.ts'
import { requireFit, requireSearchFit, type Unfit } from './migrations.ts'
import type { Row, Scalar } from './ports.ts'
import { checkLimit, keyOf, type PagePlan, planCount, planPage } from './query.ts'
import type { Store } from './store.ts'
import { type AnySearch, askedTerms } from './terms.ts'
import { createTurns } from './turns.ts'

// Every lost round means that another writer has won one, so the bound is only met by a document that many processes fight over.
const MAX_ROUNDS = 100
const NOTHING = Promise.resolve(undefined)

export interface CollectionParts<T> {
  readonly layout: CollectionLayout
  readonly codec: Codec<T>
  readonly search: AnySearch | undefined
  readonly store: Store
  readonly unfit: Unfit
}

export function createCollection<T extends Document>({ layout, codec, search, store, unfit }: CollectionParts<T>): Collection<T> {
  const inTurn = createTurns()

  const find = async (id: string): Promise<{ row: Row; stored: Stored<T> } | undefined> => {
    if (!isStorable(id)) return undefined
    const row = await store.ready().find(layout, id, store.now())
    return row === undefined ? undefined : { row, stored: codec.decode(row) }
  }

  return {
    get: (_call, id) => get({ layout, codec, store }, id),

    async getByKey(_call, index, values) {
      const key = keyOf(layout, index, values)
      requireFit(layout, unfit, key.index.fields)
      const row = await store.ready().findByKey(layout, key, store.now())
      return row === undefined ? undefined : codec.decode(row)
    },

    async list(_call, query) {
      const plan = planPage(layout, query)
      requireFit(layout, unfit, plan.index.fields)
      const now = store.now()
      const rows: Row[] = []
      for (const stretch of plan.stretches) {
        const limit = query.limit + 1 - rows.length
        if (limit > 0) rows.push(...(await store.ready().scan(layout, { ...stretch, limit }, now)))
      }
      return pageOf(rows, { layout, plan, codec, limit: query.limit })
    },

    count: async (_call, query, upTo) => await countIn({ layout, store, unfit }, query, upTo),

    search: async (_call, query) => await searchIn({ layout, codec, search, store, unfit }, query),

    async insert(_call, input, options) {
      const { value, stored } = codec.encode(input)
      const answer = await store.write([{ kind: 'insert', collection: layout.name, id: value.id, ...stored }], options?.events ?? [])
      if (answer.kind === 'duplicate') throw duplicate(layout, answer.index)
      return { value, version: 1 }
    },

    // oxlint-disable-next-line eslint/max-params -- the contract has four: the call, which, what, and what it causes
    async update(_call, id, change: Change<T>, options) {
      return await inTurn(id, async () => {
        for (let round = 0; round < MAX_ROUNDS; round += 1) {
          const found = await find(id)
          if (found === undefined || !meets(found.stored, change)) return undefined
          const { value, stored } = codec.encode(applied(found.stored, change))
          const step = { kind: 'replace', collection: layout.name, id, before: found.row, ...stored } as const
          const answer = await store.write([step], options?.events ?? [])
          if (answer.kind === 'duplicate') throw duplicate(layout, answer.index)
          if (answer.kind === 'done') return { value, version: found.row.version + 1 }
        }
        throw databaseErrors.unavailable({ detail: `Too many writers change document ${id} of collection ${layout.name} at once.` })
      })
    },

    async delete(_call, id, options = {}) {
      if (!isStorable(id)) return false
      const { ifVersion, events = [] } = options
      const step = { kind: 'delete', collection: layout.name, id, ...(ifVersion === undefined ? {} : { ifVersion }) } as const
      const answer = await store.write([step], events)
      return answer.kind === 'done'
    },
  }
}

async function countIn<T>(
  { layout, store, unfit }: Pick<CollectionParts<unknown>, 'layout' | 'store' | 'unfit'>,
  query: CountQuery<T>,
  upTo: number,
): Promise<number> {
  const stretch = planCount(layout, query, upTo)
  requireFit(layout, unfit, stretch.index.fields)
  return await store.ready().count(layout, stretch, store.now())
}

async function searchIn<T extends Document>(
  { layout, codec, search, store, unfit }: CollectionParts<T>,
  { text, where = {}, limit, after }: SearchQuery<T>,
): Promise<Page<T>> {
  if (search === undefined) throw databaseErrors.bad_query({ detail: `Collection ${layout.name} declares no search.` })
  checkLimit(limit)
  requireSearchFit(layout, unfit)
  const asked = { ...askedTerms(search, { text, where }), limit, ...(after === undefined ? {} : { after: decodeMark(after) }) }
  const { rows, next } = await store.ready().search(layout, asked, store.now())
  const items = rows.map((row) => codec.decode(row))
  return next === undefined ? { items } : { items, next: encodeMark(next) }
}

interface Reading<T> {
  readonly layout: CollectionLayout
  readonly codec: Codec<T>
  readonly store: Store
}

// Without `await`, which this most frequent of reads would pay for although most engines have the row at once.
function get<T>({ layout, codec, store }: Reading<T>, id: string): Promise<Stored<T> | undefined> {
  try {
    if (!isStorable(id)) return NOTHING
    const row = store.ready().find(layout, id, store.now())
    if (row instanceof Promise) return row.then((found) => (found === undefined ? undefined : codec.decode(found)))
    return row === undefined ? NOTHING : Promise.resolve(codec.decode(row))
  } catch (error) {
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- passed on as it was thrown
    return Promise.reject(error)
  }
}

/** Names the index, never the value or whose it is. */
export function duplicate(layout: CollectionLayout, index: string | undefined, where = ''): Error {
  const what = index === undefined ? 'the id' : `index ${index}`
  return databaseErrors.duplicate({ detail: `${where}Collection ${layout.name} has a document with the same value of ${what}.` })
}

interface PageParts<T> {
  readonly layout: CollectionLayout
  readonly plan: PagePlan
  readonly codec: Codec<T>
  readonly limit: number
}

function pageOf<T>(rows: readonly Row[], part: PageParts<T>): Page<T> {
  const kept = rows.slice(0, part.limit)
  const items = kept.map((row) => part.codec.decode(row))
  const last = kept.at(-1)
  if (last === undefined || rows.length <= part.limit) return { items }
  // From what is stored, since that is what the index has: a schema may fill in fields on the way out.
  const fields = bodyOf(part.layout.name, last.document)
  const tail = part.plan.tail.map((field) => scalarOf(fields[field]))
  return { items, next: encodeCursor({ index: part.plan.index.name, descending: part.plan.descending, tail }) }
}

function scalarOf(value: unknown): Scalar {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null
}
