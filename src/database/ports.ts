// What the collection layer needs from an engine. Rows and writes are plain data, so that they can cross threads and wires as they are.
// An engine knows no schema, no cursor and no query rule; the collection layer knows no SQL.
import type { DatabaseCapabilities, StoredEvent } from './contract.ts'
import type { CollectionLayout, Declared, IndexLayout } from './layout.ts'

export type Awaitable<T> = T | Promise<T>

/** A value of an index field. `null` stands for an absent field, which sorts before every other value. */
export type Scalar = string | number | boolean | null

export interface Row {
  readonly version: number
  /** JSON text, exactly as it was written. */
  readonly document: string
}

/** One stretch of an index: equal values for the first fields, bounds on what follows them (the next field, or the id after the last). */
export interface Stretch {
  readonly index: IndexLayout
  readonly equal: readonly Scalar[]
  readonly lower?: { readonly value: Scalar; readonly inclusive: boolean }
  /** Exclusive. */
  readonly upper?: Scalar
  readonly descending: boolean
  readonly limit: number
}

export interface EventRow {
  readonly topic: string
  readonly key: string
  /** JSON text. */
  readonly data: string
}

export type Step =
  | {
      readonly kind: 'insert'
      readonly collection: string
      readonly id: string
      readonly document: string
      readonly expiresAt: number | null
    }
  | {
      readonly kind: 'replace'
      readonly collection: string
      readonly id: string
      /** The row must be exactly this one. The text is compared too: a deleted and re-inserted document begins again at version 1. */
      readonly before: Row
      readonly document: string
      readonly expiresAt: number | null
    }
  | {
      readonly kind: 'delete'
      readonly collection: string
      readonly id: string
      readonly ifVersion?: number
      /** An absent row is as good as a deleted one. */
      readonly ifPresent?: boolean
    }

export type WriteRequest =
  /** All steps and events, or none. */
  | { readonly kind: 'write'; readonly now: number; readonly steps: readonly Step[]; readonly events: readonly EventRow[] }
  /** Remembers how far a consumer has read; never moves it back. */
  | { readonly kind: 'position'; readonly now: number; readonly consumer: string; readonly position: number }
  | { readonly kind: 'forget'; readonly consumer: string }
  | { readonly kind: 'prune'; readonly upTo: number; readonly limit: number }
  | { readonly kind: 'expire'; readonly now: number; readonly collection: string; readonly limit: number }

export type WriteAnswer =
  | { readonly kind: 'done'; readonly rows: number }
  /** A step met a row that is absent, expired or not the expected one. */
  | { readonly kind: 'stale'; readonly step: number }
  /** `index` is absent when the id is taken. */
  | { readonly kind: 'duplicate'; readonly step: number; readonly index?: string }
  | { readonly kind: 'failed'; readonly reason: string }

export interface Consumer {
  readonly name: string
  readonly position: number
  /** When it last said how far it is, epoch milliseconds. */
  readonly seenAt: number
}

export interface EventStore {
  /** The sequence of the newest stored event, 0 when there is none. */
  head(): Awaitable<number>
  /** In order of sequence. */
  read(range: {
    readonly topics: readonly string[]
    readonly after: number
    readonly upTo: number
    readonly limit: number
  }): Awaitable<readonly StoredEvent[]>
  consumers(): Awaitable<readonly Consumer[]>
}

export interface Engine {
  readonly capabilities: DatabaseCapabilities
  /** Creates or migrates the collections, or throws and says what to do. */
  start(collections: readonly Declared[]): Promise<void>
  stop(): Promise<void>
  health(): string | undefined
  /** Expired rows are not found. A read that begins after a write was answered sees that write. */
  find(collection: CollectionLayout, id: string, now: number): Awaitable<Row | undefined>
  /** By all values of a unique index. */
  findByKey(
    collection: CollectionLayout,
    key: { readonly index: IndexLayout; readonly values: readonly Scalar[] },
    now: number,
  ): Awaitable<Row | undefined>
  scan(collection: CollectionLayout, stretch: Stretch, now: number): Awaitable<readonly Row[]>
  /** Answers when the write is as safe as the capabilities say. Rejects with `database.unavailable` when the outcome is not known. */
  write(request: WriteRequest): Promise<WriteAnswer>
  readonly events: EventStore
}
