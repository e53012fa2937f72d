// What is stored, with the changes of the requests so far on top. A request is tried here first and kept or undone as a whole.
import type { StoredKey } from './apply.ts'
import type { DocumentChange, KeyChange } from './journal.ts'
import type { StoredDocument, UniqueKey } from './stored.ts'

export interface OverlayBase {
  document(collection: string, id: string): Promise<StoredDocument | undefined>
  key(key: string): Promise<Pick<StoredKey, 'holder'> | undefined>
}

interface PlacedDocument {
  readonly collection: string
  readonly id: string
  /** `null`: nothing is left of it. */
  readonly document: StoredDocument | null
}

interface PlacedKey extends UniqueKey {
  readonly collection: string
  readonly holder: string | null
}

const place = (collection: string, id: string): string => `${collection}/${id}`

export class Overlay {
  readonly #base: OverlayBase
  readonly #documents = new Map<string, PlacedDocument>()
  readonly #keys = new Map<string, PlacedKey>()
  readonly #triedDocuments = new Map<string, PlacedDocument>()
  readonly #triedKeys = new Map<string, PlacedKey>()

  constructor(base: OverlayBase) {
    this.#base = base
  }

  async document(collection: string, id: string): Promise<StoredDocument | undefined> {
    const where = place(collection, id)
    const changed = this.#triedDocuments.get(where) ?? this.#documents.get(where)
    return changed === undefined ? await this.#base.document(collection, id) : (changed.document ?? undefined)
  }

  async holder(key: string): Promise<string | undefined> {
    const changed = this.#triedKeys.get(key) ?? this.#keys.get(key)
    return changed === undefined ? (await this.#base.key(key))?.holder : (changed.holder ?? undefined)
  }

  put(collection: string, id: string, document: StoredDocument | null): void {
    this.#triedDocuments.set(place(collection, id), { collection, id, document })
  }

  putKey(collection: string, key: UniqueKey, holder: string | null): void {
    this.#triedKeys.set(key.key, { ...key, collection, holder })
  }

  undo(): void {
    this.#triedDocuments.clear()
    this.#triedKeys.clear()
  }

  /** The request is part of record `number`. With more than one part, readers must not see some without the others. */
  keep(number: number, seenTogether: boolean): void {
    const together = seenTogether && this.#triedDocuments.size + this.#triedKeys.size > 1
    for (const [where, placed] of this.#triedDocuments) {
      const before = this.#documents.get(where)?.document
      const isPart = together || before?._with === number
      this.#documents.set(where, {
        ...placed,
        document: placed.document === null ? null : marked(placed.document, isPart ? number : undefined),
      })
    }
    for (const [key, placed] of this.#triedKeys) this.#keys.set(key, placed)
    this.undo()
  }

  async documents(): Promise<DocumentChange[]> {
    const changes: DocumentChange[] = []
    for (const placed of this.#documents.values()) {
      const fresh = (await this.#base.document(placed.collection, placed.id)) === undefined
      // Inserted and deleted by one record: it never was.
      if (fresh && (placed.document === null || placed.document._gone !== undefined)) continue
      changes.push({ ...placed, fresh })
    }
    return changes
  }

  async keys(): Promise<KeyChange[]> {
    const changes: KeyChange[] = []
    for (const placed of this.#keys.values()) {
      // What a document gives up it has held.
      const before = placed.holder === null ? undefined : await this.#base.key(placed.key)
      if (placed.holder === null || before?.holder !== placed.holder) changes.push({ ...placed, fresh: before === undefined })
    }
    return changes
  }
}

function marked({ _with, ...document }: StoredDocument, number: number | undefined): StoredDocument {
  if (number !== undefined) return { ...document, _with: number }
  if (document._gone === undefined) return document
  // Only readers in the middle of a larger change need what was in a deleted document.
  const { _id, _version, _at, _born, _shape, _gone } = document
  return { _id, _version, _at, _born, _shape, _gone }
}
