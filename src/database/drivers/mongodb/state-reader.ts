// The stored state that requests are decided on, each document and key read once, most of them before the decisions begin.
import type { Db } from 'mongodb'
import type { CollectionLayout } from '../../layout.ts'
import { KEYS, type StoredKey } from './apply.ts'
import type { Decidable } from './requests.ts'
import type { Changes } from './journal.ts'
import type { OverlayBase } from './overlay.ts'
import { keysOf, type StoredDocument, storedFields } from './stored.ts'

export interface StateParts {
  readonly db: Db
  readonly layouts: ReadonlyMap<string, CollectionLayout>
  /** Whether the server finds several ids at once without looking at all documents. */
  readonly manyAtOnce: boolean
}

interface Named {
  readonly _id: string
}

const AT_ONCE = 12

export class StateReader implements OverlayBase {
  readonly #parts: StateParts
  readonly #found = new Map<string, Map<string, unknown>>()

  constructor(parts: StateParts) {
    this.#parts = parts
  }

  async document(collection: string, id: string): Promise<StoredDocument | undefined> {
    return await this.#one<StoredDocument>(collection, id)
  }

  async key(key: string): Promise<StoredKey | undefined> {
    return await this.#one<StoredKey>(KEYS, key)
  }

  async prefetch(requests: readonly Decidable[]): Promise<void> {
    const wanted = new Map<string, Set<string>>()
    const want = (collection: string, id: string): void => {
      const ids = wanted.get(collection) ?? new Set()
      wanted.set(collection, ids.add(id))
    }
    for (const request of requests) {
      if (request.kind === 'purge') for (const id of request.gone.keys()) want(request.collection, id)
      if (request.kind !== 'write') continue
      for (const step of request.steps) {
        want(step.collection, step.id)
        const layout = this.#parts.layouts.get(step.collection)
        if (layout === undefined || step.kind === 'delete') continue
        const next: StoredDocument = { ...storedFields(step.document), _id: step.id, _version: 0, _at: 0, _born: 0, _shape: 0 }
        for (const { key } of keysOf(layout, next)) want(KEYS, key)
      }
    }
    await Promise.all([...wanted].map(async ([collection, ids]) => await this.#many(collection, [...ids])))
  }

  /** Ids of documents that have expired; the documents are known then. */
  async expired({ collection, now, limit }: Extract<Decidable, { kind: 'remove' }>): Promise<string[]> {
    const filter = { _expires: { $lte: now }, _gone: { $exists: false } }
    const found = await this.#parts.db.collection<StoredDocument>(collection).find(filter, { limit }).toArray()
    const known = this.#known(collection)
    for (const stored of found) if (!known.has(stored._id)) known.set(stored._id, stored)
    return found.map(({ _id }) => _id)
  }

  /** Somebody else's record came first: what it has changed is known without asking again. */
  absorb({ documents, keys }: Changes, number: number): void {
    for (const { collection, id, document } of documents) this.#known(collection).set(id, document ?? undefined)
    for (const { key, collection, index, holder } of keys) {
      this.#known(KEYS).set(key, holder === null ? undefined : { _id: key, collection, index, holder, _at: number })
    }
  }

  #known(collection: string): Map<string, unknown> {
    const known = this.#found.get(collection) ?? new Map<string, unknown>()
    this.#found.set(collection, known)
    return known
  }

  async #one<Stored extends Named>(collection: string, id: string): Promise<Stored | undefined> {
    const known = this.#known(collection)
    if (!known.has(id)) await this.#point(collection, id)
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each collection has documents of one type, which we have written
    return known.get(id) as Stored | undefined
  }

  async #point(collection: string, _id: string): Promise<void> {
    const found = await this.#parts.db.collection<Named>(collection).findOne({ _id })
    this.#known(collection).set(_id, found ?? undefined)
  }

  async #many(collection: string, ids: readonly string[]): Promise<void> {
    if (this.#parts.manyAtOnce && ids.length > 1) {
      const found = await this.#parts.db
        .collection<Named>(collection)
        .find({ _id: { $in: [...ids] } })
        .toArray()
      const known = this.#known(collection)
      for (const id of ids) known.set(id, undefined)
      for (const one of found) known.set(one._id, one)
      return
    }
    for (let at = 0; at < ids.length; at += AT_ONCE) {
      await Promise.all(ids.slice(at, at + AT_ONCE).map(async (id) => await this.#point(collection, id)))
    }
  }
}
