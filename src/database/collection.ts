// One collection: the contract on top of an engine.
import type { Change, Document } from '#kernel/collection.ts'
import { applied, meets } from './change.ts'
import type { Collection, Page, Stored } from './contract.ts'
import { encodeCursor } from './cursor.ts'
import type { Codec } from './document.ts'
import { databaseErrors } from './errors.ts'
import type { CollectionLayout } from './layout.ts'
import type { Row, Scalar } from './ports.ts'
import { keyOf, type PagePlan, planPage } from './query.ts'
import type { Store } from './store.ts'
import { createTurns } from './turns.ts'

// Every lost round means that another writer has won one, so the bound is only met by a document that many processes fight over.
const MAX_ROUNDS = 100
const NOTHING = Promise.resolve(undefined)

export function createCollection<T extends Document>(layout: CollectionLayout, codec: Codec<T>, store: Store): Collection<T> {
  const inTurn = createTurns()

  const find = async (id: string): Promise<{ row: Row; stored: Stored<T> } | undefined> => {
    if (!id.isWellFormed()) return undefined
    const row = await store.ready().find(layout, id, store.now())
    return row === undefined ? undefined : { row, stored: codec.decode(row) }
  }

  return {
    get: (_call, id) => get({ layout, codec, store }, id),

    async getByKey(_call, index, values) {
      const row = await store.ready().findByKey(layout, keyOf(layout, index, values), store.now())
      return row === undefined ? undefined : codec.decode(row)
    },

    async list(_call, query) {
      const plan = planPage(layout, query)
      const now = store.now()
      const rows: Row[] = []
      for (const stretch of plan.stretches) {
        const limit = query.limit + 1 - rows.length
        if (limit > 0) rows.push(...(await store.ready().scan(layout, { ...stretch, limit }, now)))
      }
      return pageOf(rows, { plan, codec, limit: query.limit })
    },

    async insert(_call, input, options) {
      const { value, document, expiresAt } = codec.encode(input)
      const answer = await store.write(
        [{ kind: 'insert', collection: layout.name, id: value.id, document, expiresAt }],
        options?.events ?? [],
      )
      if (answer.kind === 'duplicate') throw duplicate(layout, answer.index)
      return { value, version: 1 }
    },

    // oxlint-disable-next-line eslint/max-params -- the contract has four: the call, which, what, and what it causes
    async update(_call, id, change: Change<T>, options) {
      return await inTurn(id, async () => {
        for (let round = 0; round < MAX_ROUNDS; round += 1) {
          const found = await find(id)
          if (found === undefined || !meets(found.stored, change)) return undefined
          const { value, document, expiresAt } = codec.encode(applied(found.stored, change))
          const step = { kind: 'replace', collection: layout.name, id, before: found.row, document, expiresAt } as const
          const answer = await store.write([step], options?.events ?? [])
          if (answer.kind === 'duplicate') throw duplicate(layout, answer.index)
          if (answer.kind === 'done') return { value, version: found.row.version + 1 }
        }
        throw databaseErrors.unavailable({ detail: `Too many writers change document ${id} of collection ${layout.name} at once.` })
      })
    },

    async delete(_call, id, options = {}) {
      if (!id.isWellFormed()) return false
      const { ifVersion, events = [] } = options
      const step = { kind: 'delete', collection: layout.name, id, ...(ifVersion === undefined ? {} : { ifVersion }) } as const
      const answer = await store.write([step], events)
      return answer.kind === 'done'
    },
  }
}

interface Reading<T> {
  readonly layout: CollectionLayout
  readonly codec: Codec<T>
  readonly store: Store
}

// Without `await`, which this most frequent of reads would pay for although most engines have the row at once.
function get<T>({ layout, codec, store }: Reading<T>, id: string): Promise<Stored<T> | undefined> {
  try {
    if (!id.isWellFormed()) return NOTHING
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

function pageOf<T>(rows: readonly Row[], part: { readonly plan: PagePlan; readonly codec: Codec<T>; readonly limit: number }): Page<T> {
  const kept = rows.slice(0, part.limit)
  const items = kept.map((row) => part.codec.decode(row))
  const last = kept.at(-1)
  if (last === undefined || rows.length <= part.limit) return { items }
  // From the stored text, since that is what the index has: a schema may fill in fields on the way out.
  const fields: Readonly<Record<string, Scalar | undefined>> = JSON.parse(last.document)
  const tail = part.plan.tail.map((field) => fields[field] ?? null)
  return { items, next: encodeCursor({ index: part.plan.index.name, descending: part.plan.descending, tail }) }
}
