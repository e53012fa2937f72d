// What the collection layer needs from an engine. Rows and writes are plain data, so that they can cross threads and wires as they are.
// An engine knows no schema, no cursor and no query rule; the collection layer knows no SQL.
import type { DatabaseCapabilities, StoredEvent } from './contract.ts'
import type { CollectionLayout, Declared, IndexLayout } from './layout.ts'

export type Awaitable<T> = T | Promise<T>

/** A value of an index field. `null` stands for an absent field, which sorts before every other value. */
export type Scalar = string | number | boolean | null

/**
 * JSON text exactly as it was written, or the JSON value with its top-level fields: each engine has one form and says which (`Engine.form`), and is
 * given what it stores in the same form. In a value, a field that is `undefined` is absent.
 */
export type Body = string | Readonly<Record<string, unknown>>

// For who writes an engine, what issue 3 added (see docs/drivers.md):
// - An engine rewrites no documents. It stores with each row the shape it was written in (`CollectionLayout.shape` at that time) and gives it back as
//   `Row.shape`; the layer upgrades what it reads and rewrites in the background with `rows` and `reshape` (migrations.ts).
// - A row comes back exactly as it was written, also fields that the layout does not know any more.
// - `start` first calls `refuseUnknown(marks, layouts)` of marks.ts with what is stored, before it changes anything.
// - Text never holds U+0000 or half surrogates, neither keys nor values; event topics and keys neither. `EventRow.data` is JSON text and may hold the
//   escape \u0000, which jsonb refuses: keep it as text.
// - The text in one index of one document (with the id) is at most 2,500 bytes of UTF-8, an id at most 512.
export interface Row {
  readonly version: number
  readonly document: Body
  /** The shape it was written in. May be left out where it is the present one. */
  readonly shape?: number
  /**
   * Tells this row from a later one with the same id and version: a deleted and re-inserted document begins again at version 1. The engine's own; engines
   * that compare the text leave it out, and a row that the same write has made has none yet.
   */
  readonly stamp?: string
}

export interface NamedRow extends Row {
  readonly id: string
}

/** What is recorded about a collection: how far its documents and what is derived from them fit a definition. */
export interface Mark {
  readonly name: string
  /** Every document has this shape or a later one. */
  readonly shape: number
  /** The newest shape that a document may have. Greater than `shape` while a migration is under way. */
  readonly target: number
  /** The field that `expiresAt` of all rows was made from. */
  readonly expiry: string | null
  /** What the terms of all rows were made from, in the words of the layer. */
  readonly search: string | null
}

/** A row as it is, for moving house and for backups. */
export interface WholeRow {
  readonly id: string
  readonly version: number
  readonly document: Body
  readonly expiresAt: number | null
  /** As in `Row`. Without it on the way in: the present one. */
  readonly shape?: number
  /** Given on the way in where the collection is searchable. */
  readonly terms?: readonly string[]
}

export interface TermSearch {
  /** Words (`w...`) and filter values (`f...`) that must all be there; letters and digits only. */
  readonly all: readonly string[]
  /** The beginning of one more word. */
  readonly prefix?: string
  /** The engine's own mark of where the page before ended. */
  readonly after?: string
  readonly limit: number
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
      readonly document: Body
      readonly expiresAt: number | null
      readonly terms?: readonly string[]
    }
  | {
      readonly kind: 'replace'
      readonly collection: string
      readonly id: string
      /** The row must be exactly this one. */
      readonly before: Row
      readonly document: Body
      readonly expiresAt: number | null
      readonly terms?: readonly string[]
    }
  /** Like `replace`, but the version stays: the document is the same, in the present shape. */
  | {
      readonly kind: 'reshape'
      readonly collection: string
      readonly id: string
      readonly before: Row
      readonly document: Body
      readonly expiresAt: number | null
      readonly terms?: readonly string[]
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
  /** Records a mark, in place of the one of the same name. */
  | { readonly kind: 'mark'; readonly mark: Mark }
  | { readonly kind: 'expire'; readonly now: number; readonly collection: string; readonly limit: number }

export type WriteAnswer =
  /** `lastEvent` is the number of the last event of the write, where all of them were given numbers without a gap; absent where that is not known. */
  | { readonly kind: 'done'; readonly rows: number; readonly lastEvent?: number }
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
  /**
   * The sequence of the newest event that was ever stored, also when it was removed; 0 when there was none. No event with a lower number may become visible
   * after this was answered.
   */
  head(): Awaitable<number>
  /** The sequence of the oldest stored event; `head() + 1` or 0 when none is stored. */
  first(): Awaitable<number>
  /** In order of sequence. */
  read(range: {
    readonly topics: readonly string[]
    readonly after: number
    readonly upTo: number
    readonly limit: number
  }): Awaitable<readonly StoredEvent[]>
  consumers(): Awaitable<readonly Consumer[]>
  /** Calls `wake` soon after another process has stored events, where the engine can tell; they are looked for every second in any case. The answer ends it. */
  watch?(wake: () => void): () => void
}

/** Everything, as it was at one moment where `capabilities.snapshot` says so, else as it is while it is read. */
export interface Snapshot {
  /** In order of id. */
  rows(collection: CollectionLayout, page: { readonly after?: string; readonly limit: number }): Awaitable<readonly WholeRow[]>
  events(page: { readonly after: number; readonly limit: number }): Awaitable<readonly StoredEvent[]>
  consumers(): Awaitable<readonly Consumer[]>
  /** The number of the newest event that was ever stored. */
  head(): Awaitable<number>
  close(): Promise<void>
}

/** Puts rows and events as they are, versions and sequences included, over what is there. */
export type Load =
  | { readonly kind: 'rows'; readonly collection: string; readonly rows: readonly WholeRow[] }
  | { readonly kind: 'erase'; readonly collection: string; readonly ids: readonly string[] }
  /** `head`: no later event gets this number or a lower one. */
  | { readonly kind: 'events'; readonly events: readonly StoredEvent[]; readonly head: number }
  | { readonly kind: 'consumers'; readonly consumers: readonly Consumer[] }

export interface Scrubbed {
  /** `log kept`: what was written before is overwritten in the database, and is still in its log while somebody reads an older state there. */
  readonly outcome: 'scrubbed' | 'log kept' | 'too large' | 'no room'
  /** Of what the database holds. */
  readonly bytes: number
}

export interface Plan {
  /** The statements (or commands) that would change what is stored. */
  readonly statements: readonly string[]
  readonly marks: readonly Mark[]
  /** Of the declared collections that are stored: how many documents they have, and how many of a shape before the declared one. */
  readonly documents: readonly { readonly collection: string; readonly all: number; readonly outdated: number }[]
}

export interface Engine {
  /** Known once it is started, where it takes a probe. */
  readonly capabilities: DatabaseCapabilities
  readonly form: 'text' | 'value'
  /** Creates what is missing and brings indexes to the declared ones, or throws and says what to do. Documents stay as they are. */
  start(collections: readonly Declared[]): Promise<void>
  /** What `start` would do, without doing it and without being started. */
  plan(collections: readonly Declared[]): Promise<Plan>
  /** All that are recorded. Once started. */
  marks(): Awaitable<readonly Mark[]>
  /** All rows in order of id, expired ones too, a page at a time: what the background rewriting walks along. */
  rows(collection: CollectionLayout, page: { readonly after?: string; readonly limit: number }): Awaitable<readonly NamedRow[]>
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
  /** How many rows the stretch has, up to its limit. */
  count(collection: CollectionLayout, stretch: Stretch, now: number): Awaitable<number>
  /** Newest first, by the time of insertion. `next` is there when there are more. */
  search(
    collection: CollectionLayout,
    search: TermSearch,
    now: number,
  ): Awaitable<{ readonly rows: readonly Row[]; readonly next?: string }>
  snapshot(): Promise<Snapshot>
  /** All of one batch, as durable as any write. */
  load(batch: Load): Promise<void>
  /** Answers when the write is as safe as the capabilities say. Rejects with `database.unavailable` when the outcome is not known. */
  write(request: WriteRequest): Promise<WriteAnswer>
  /**
   * Where bytes of deleted rows may be left that nobody can read through the engine: overwrites them, unless there are more than `upToBytes` to be looked
   * through. Writes may wait for it. `undefined` where there is nothing to do.
   */
  scrub?(upToBytes: number): Promise<Scrubbed | undefined>
  readonly events: EventStore
}
