// What is taken away in the background: the rest of deleted documents, and old records of the journal.
import type { Db } from 'mongodb'
import type { Logger } from '#kernel/log.ts'
import type { CollectionLayout } from '../../layout.ts'
import type { Decidable } from './requests.ts'
import type { Journal } from './journal.ts'
import type { StoredDocument } from './stored.ts'

export interface UpkeepParts {
  readonly db: Db
  readonly layouts: ReadonlyMap<string, CollectionLayout>
  readonly journal: Journal
  readonly logger: Logger
  purge(request: Decidable): Promise<unknown>
}

interface Rest {
  readonly collection: string
  readonly id: string
  readonly number: number
  readonly since: number
}

const EVERY_MS = 15_000
/** A deleted document is remembered for longer than any command may take, so that a late one does not bring it back. */
const REST_KEPT_MS = 60_000
const AT_ONCE = 200
/** What an earlier process has left is looked for once, when the start is over. */
const LEFTOVERS_AFTER = 5

export class Upkeep {
  readonly #parts: UpkeepParts
  #rests: Rest[] = []
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #rounds = 0

  constructor(parts: UpkeepParts) {
    this.#parts = parts
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#running ??= this.#round()
        .catch((error: unknown) => this.#parts.logger.warn({ err: error }, 'removal of what was deleted failed and is tried again'))
        .finally(() => {
          this.#running = undefined
        })
    }, EVERY_MS)
    this.#timer.unref()
  }

  deleted(collection: string, id: string, number: number): void {
    this.#rests.push({ collection, id, number, since: performance.now() })
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#running
  }

  async #round(): Promise<void> {
    this.#rounds += 1
    if (this.#rounds === LEFTOVERS_AFTER) await this.#findLeftovers()
    const end = performance.now() - REST_KEPT_MS
    const firstKept = this.#rests.findIndex(({ since }) => since > end)
    const due = this.#rests.splice(0, firstKept === -1 ? this.#rests.length : firstKept)
    for (const [collection, rests] of Map.groupBy(due, (rest) => rest.collection)) {
      for (let at = 0; at < rests.length; at += AT_ONCE) {
        const gone = new Map(rests.slice(at, at + AT_ONCE).map(({ id, number }) => [id, number]))
        await this.#parts.purge({ kind: 'purge', collection, gone })
      }
    }
    await this.#parts.journal.clean()
  }

  async #findLeftovers(): Promise<void> {
    const known = new Set(this.#rests.map(({ collection, id }) => `${collection}/${id}`))
    for (const collection of this.#parts.layouts.keys()) {
      const gone = this.#parts.db
        .collection<StoredDocument>(collection)
        .find({ _gone: { $exists: true } }, { projection: { _id: 1, _gone: 1 } })
      for await (const { _id, _gone } of gone) {
        if (_gone !== undefined && !known.has(`${collection}/${_id}`)) this.deleted(collection, _id, _gone)
      }
    }
  }
}
