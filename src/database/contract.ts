// What the rest of the platform may know about the database: collections, commits and events. Types only.
import type { Call } from '#kernel/call.ts'
import type { Change, CollectionDefinition, Document, EventDraft, Operation } from '#kernel/collection.ts'
import type { Json } from '#kernel/json.ts'

export interface Stored<T> {
  readonly value: T
  /** 1 when inserted, one more with every update. */
  readonly version: number
}

export interface Page<T> {
  readonly items: readonly Stored<T>[]
  /** Give it as `after` for the next page; absent at the end. Opaque, and stable while documents come and go. */
  readonly next?: string
}

export interface Query<T> {
  /** A declared index. There is no query without one, so nothing ever scans. */
  readonly index: string
  /** Values for the first fields of the index, all of them or a prefix. */
  readonly where?: { readonly [Field in keyof T]?: T[Field] }
  /** A range on the index field that follows those of `where`. */
  readonly range?: { readonly from?: string | number; readonly below?: string | number }
  /** Order of the remaining index fields, then of the id. `ascending` unless told. */
  readonly order?: 'ascending' | 'descending'
  /** 1 to 1000. */
  readonly limit: number
  readonly after?: string
}

/** What a count looks at: a query without its page. */
export type CountQuery<T> = Pick<Query<T>, 'index' | 'where' | 'range'>

export interface SearchQuery<T> {
  /** Words that must all be there, without regard to case and accents; the last may be the beginning of one. */
  readonly text: string
  /** Equal values for declared filters of the collection's `search`. */
  readonly where?: { readonly [Field in keyof T]?: T[Field] }
  /** 1 to 1000. */
  readonly limit: number
  readonly after?: string
}

export interface WriteOptions {
  /** Stored atomically with the write, delivered at least once. */
  readonly events?: readonly EventDraft[]
}

export interface Collection<T extends Document> {
  /** `fresh`: of the database itself, whatever is remembered of it here. */
  get(call: Call, id: string, options?: { readonly fresh?: true }): Promise<Stored<T> | undefined>
  /** By the values of a unique index. */
  getByKey(call: Call, index: string, values: { readonly [Field in keyof T]?: T[Field] }): Promise<Stored<T> | undefined>
  list(call: Call, query: Query<T>): Promise<Page<T>>
  /** How many documents, at most `upTo`: a count reads all that it counts. */
  count(call: Call, query: CountQuery<T>, upTo: number): Promise<number>
  /** Newest first. `database.bad_query` when the definition declares no `search`, or `text` has no word. */
  search(call: Call, query: SearchQuery<T>): Promise<Page<T>>
  /** Throws `database.duplicate` when the id or a unique index is taken. */
  insert(call: Call, value: T, options?: WriteOptions): Promise<Stored<T>>
  /** `undefined` when the document is absent or does not meet the condition; then nothing was changed and no event stored. */
  update(call: Call, id: string, change: Change<T>, options?: WriteOptions): Promise<Stored<T> | undefined>
  /** False when the document is absent or has another version. */
  delete(call: Call, id: string, options?: WriteOptions & { readonly ifVersion?: number }): Promise<boolean>
}

export interface StoredEvent {
  /** Grows with every event of this database. Use it to notice a second delivery. */
  readonly sequence: number
  readonly topic: string
  readonly key: string
  readonly data: Json
  /** Epoch milliseconds. */
  readonly at: number
}

export interface Subscription {
  /** Remembers how far it has read, across restarts. One name, one position. */
  readonly consumer: string
  readonly topics: readonly string[]
  /** Events that were stored before this consumer existed are delivered too, unless it asks to begin at the end. */
  readonly beginAtEnd?: boolean
  /** Called in order, one batch at a time; when it throws, the batch comes again. */
  handle(events: readonly StoredEvent[], call: Call): Promise<void>
}

/** Reads along without a stored position: for what lives only as long as a connection. */
export interface Tail {
  readonly topics: readonly string[]
  /** The sequence of the last event that is known. From now on unless told. Must not be older than what `events` says. */
  readonly after?: number
  /** Called in order, one batch at a time. `upTo` is how far it has been read, events of other topics included: without events, too. */
  handle(events: readonly StoredEvent[], upTo: number): void | Promise<void>
}

/** What an engine really does, found out by probing it where it could differ between versions. `docs/databases.md` has the table. */
export interface DatabaseCapabilities {
  /** `sqlite`, `postgres`, `mongodb`, or the name of somebody else's. */
  readonly engine: string
  /** Several operations and their events, all or nothing: by the engine's own transactions, by our intents on top of single-document atomicity, or not. */
  readonly commit: 'transactions' | 'intents' | false
  /** A reply means that the write is on disk. */
  readonly durable: boolean
  /** `snapshot` reads everything as it was at one moment, while writes go on. */
  readonly snapshot: boolean
  /** Several processes may use it at once. */
  readonly shared: boolean
}

/** What a start would change in the database. */
export interface DatabasePlan {
  readonly statements: readonly string[]
  readonly rewrites: readonly {
    readonly collection: string
    /** Shapes: how many migrations its documents have been through. */
    readonly from: number
    readonly to: number
    readonly documents: number
    /** The start waits for it; else it runs while the database is in use. */
    readonly beforeStart: boolean
  }[]
}

export interface Database {
  readonly capabilities: DatabaseCapabilities
  /** Declares a collection. All are declared before `start`, which creates and checks them. */
  collection<T extends Document>(definition: CollectionDefinition<T>): Collection<T>
  /**
   * All or nothing, at most 100 operations. Throws `database.conflict` when a condition is not met and `database.duplicate` when a
   * unique value is taken; the message names the operation.
   */
  commit(call: Call, operations: readonly Operation[], events?: readonly EventDraft[]): Promise<void>
  /** Begins delivery at `start`, or at once when started. The answer ends it. */
  subscribe(subscription: Subscription): () => void
  /** When every subscription so far has its position: what is written from then on reaches them all, those that begin at the end, too. */
  subscribed(call: Call): Promise<void>
  /** Follows events from now on, or from a sequence that is still kept (at least five minutes). The answer ends it. Only while started. */
  tail(tail: Tail): () => void
  /** The sequence of the newest event, and of the oldest that is certainly still kept. */
  events(call: Call): Promise<{ readonly newest: number; readonly oldest: number }>
  /** What `start` would change. Asked before it, when everything is declared; changes nothing. */
  plan(call: Call): Promise<DatabasePlan>
  /** When every document has the present shape. Rejects when some could not be brought to it. */
  settled(call: Call): Promise<void>
}

export type DatabaseErrorCode =
  | 'database.conflict'
  | 'database.duplicate'
  | 'database.unavailable'
  | 'database.bad_query'
  | 'database.bad_document'
