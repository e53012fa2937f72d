// Documents in order of id, page after page, by one cursor: a server without real indexes would sort everything again for each page.
import type { Db, FindCursor } from 'mongodb'
import type { StoredDocument } from './stored.ts'

interface Walk {
  readonly cursor: FindCursor<StoredDocument>
  /** The id of the last document that was given. */
  after: string | undefined
}

export class Walks {
  readonly #db: Db
  readonly #walks = new Map<string, Walk>()

  constructor(db: Db) {
    this.#db = db
  }

  /** What follows an id. Deleted documents are left out, expired ones are not. */
  async page(collection: string, { after, limit }: { readonly after?: string; readonly limit: number }): Promise<StoredDocument[]> {
    const known = this.#walks.get(collection)
    if (known !== undefined && known.after === after && after !== undefined) {
      try {
        return await this.#next(collection, known, limit)
      } catch {
        // A cursor that was not asked for long is gone.
      }
    }
    await known?.cursor.close().catch(() => {})
    const filter = after === undefined ? {} : { _id: { $gt: after } }
    const cursor = this.#db.collection<StoredDocument>(collection).find(filter).sort({ _id: 1 })
    return await this.#next(collection, { cursor, after }, limit)
  }

  async close(): Promise<void> {
    const walks = [...this.#walks.values()]
    this.#walks.clear()
    await Promise.all(walks.map(async ({ cursor }) => await cursor.close().catch(() => {})))
  }

  async #next(collection: string, walk: Walk, limit: number): Promise<StoredDocument[]> {
    this.#walks.delete(collection)
    const found: StoredDocument[] = []
    while (found.length < limit) {
      const stored = await walk.cursor.next()
      if (stored === null) break
      if (stored._gone === undefined) found.push(stored)
    }
    if (found.length < limit) {
      await walk.cursor.close()
      return found
    }
    walk.after = found.at(-1)?._id
    this.#walks.set(collection, walk)
    return found
  }
}
