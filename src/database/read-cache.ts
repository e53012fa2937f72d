// What was read from one collection, for a while. A reading that was under way while its document was written is answered but never kept: it may have
// seen the document from before.
import type { CacheDefinition } from '#kernel/collection.ts'
import { hasCode } from '#kernel/errors.ts'
import type { Stored } from './contract.ts'
import { frozen } from './remember.ts'

const MAX_ENTRIES = 10_000
/** Characters of JSON, of all entries together. */
const MAX_SIZE = 16_777_216
const MAX_ENTRY_SIZE = 262_144
/** What an entry takes beside its document. */
const SMALL = 100

/** One way to ask for one document. Readings by a unique key can change with any document, those by id only with their own. */
export interface Asked {
  readonly name: string
  readonly id?: string
}

interface Entry<T> {
  readonly asked: Asked
  readonly found: Stored<T> | undefined
  readonly size: number
  readonly freshUntil: number
  readonly goodUntil: number
}

interface Flight<T> {
  readonly asked: Asked
  readonly reading: Promise<Stored<T> | undefined>
  readonly state: { spoiled: boolean }
}

function idOf({ asked, found }: Entry<{ readonly id: string }>): string | undefined {
  return asked.id ?? found?.value.id
}

export interface ReadCacheParts<T> {
  readonly rules: CacheDefinition
  readonly now: () => number
  /** When the document ends by itself. */
  readonly endOf: (value: T) => number
}

type Load<T> = () => Promise<Stored<T> | undefined>

export class ReadCache<T extends { readonly id: string }> {
  readonly #parts: ReadCacheParts<T>
  // In the order of use, the oldest first.
  readonly #entries = new Map<string, Entry<T>>()
  readonly #flights = new Map<string, Flight<T>>()
  /** The names of entries by the id of their document; those of an absence by a unique key, which any document may end, under no id. */
  readonly #named = new Map<string | undefined, Set<string>>()
  #size = 0

  constructor(parts: ReadCacheParts<T>) {
    this.#parts = parts
  }

  async read(asked: Asked, load: Load<T>): Promise<Stored<T> | undefined> {
    const { now } = this.#parts
    const known = this.#entries.get(asked.name)
    if (known !== undefined && now() < known.freshUntil) {
      this.#entries.delete(asked.name)
      this.#entries.set(asked.name, known)
      return known.found
    }
    const flight = this.#flights.get(asked.name) ?? this.#begin(asked, load)
    try {
      return await flight.reading
    } catch (error) {
      // Looked up again: what was forgotten meanwhile is not good any more.
      const old = this.#entries.get(asked.name)
      if (old !== undefined && now() < old.goodUntil && hasCode(error, 'database.unavailable')) return old.found
      throw error
    }
  }

  /** Forgets a document, and every "there is none" by a unique key that it may now meet. */
  forget(id: string): void {
    for (const name of [...(this.#named.get(id) ?? []), ...(this.#named.get(undefined) ?? [])]) this.#drop(name)
    for (const [name, { asked, state }] of this.#flights) {
      if (asked.id !== undefined && asked.id !== id) continue
      state.spoiled = true
      this.#flights.delete(name)
    }
  }

  clear(): void {
    this.#entries.clear()
    this.#named.clear()
    this.#size = 0
    for (const { state } of this.#flights.values()) state.spoiled = true
    this.#flights.clear()
  }

  #begin(asked: Asked, load: Load<T>): Flight<T> {
    const state = { spoiled: false }
    const flight: Flight<T> = { asked, state, reading: this.#load(asked, state, load) }
    this.#flights.set(asked.name, flight)
    return flight
  }

  async #load(asked: Asked, state: { readonly spoiled: boolean }, load: Load<T>): Promise<Stored<T> | undefined> {
    try {
      const found = await load()
      const shared = found === undefined ? undefined : { value: frozen(found.value), version: found.version }
      if (!state.spoiled) this.#keep(asked, shared)
      return shared
    } finally {
      // One that was spoiled is not in its place any more.
      if (!state.spoiled) this.#flights.delete(asked.name)
    }
  }

  #keep(asked: Asked, found: Stored<T> | undefined): void {
    const { rules, now, endOf } = this.#parts
    if (found === undefined && rules.negative !== true) return
    const size = found === undefined ? SMALL : JSON.stringify(found.value).length + SMALL
    this.#drop(asked.name)
    if (size > MAX_ENTRY_SIZE) return
    const end = found === undefined ? Number.POSITIVE_INFINITY : endOf(found.value)
    const freshUntil = Math.min(now() + rules.lifetimeMs, end)
    const goodUntil = Math.min(now() + Math.max(rules.lifetimeMs, rules.staleWhileDownMs ?? 0), end)
    const entry = { asked, found, size, freshUntil, goodUntil }
    this.#entries.set(asked.name, entry)
    this.#named.set(idOf(entry), (this.#named.get(idOf(entry)) ?? new Set()).add(asked.name))
    this.#size += size
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= MAX_ENTRIES && this.#size <= MAX_SIZE) break
      this.#drop(oldest)
    }
  }

  #drop(name: string): void {
    const entry = this.#entries.get(name)
    if (entry === undefined) return
    this.#size -= entry.size
    this.#entries.delete(name)
    const names = this.#named.get(idOf(entry))
    names?.delete(name)
    if (names?.size === 0) this.#named.delete(idOf(entry))
  }
}
