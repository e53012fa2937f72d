// Builders for collections, their write operations and events. Data only: a database driver gives them meaning.
import type { Json } from './json.ts'
import type { Schema } from './schema.ts'

/** What every stored document has. `id` is chosen by the writer (`newId`) and never changes. */
export interface Document {
  readonly id: string
}

export interface IndexDefinition<T> {
  /** Top-level scalar fields, in order. A query gives equal values for the first ones and may give a range on the next. */
  readonly fields: readonly (keyof T & string)[]
  /** No two live documents have the same values. Documents where a field is absent are not compared. */
  readonly unique?: boolean
}

/** Full-text search. All words of a query must be in the document; the last one may be a beginning. Same rules on every database. */
export interface SearchDefinition<T> {
  /** Top-level text fields whose words are indexed. */
  readonly fields: readonly (keyof T & string)[]
  /** Top-level scalar fields that a search can be narrowed by. The index knows them, so that a search never reads what it must not show. */
  readonly filters?: readonly (keyof T & string)[]
}

/** Reads by id and by unique key are answered from memory for a while. For what is read much more than written. Never for access decisions. */
export interface CacheDefinition {
  /** How long a document may be answered without asking the database. Writes of this process end it at once, those of others with their event. */
  readonly lifetimeMs: number
  /** Remembers that a document is absent, too. */
  readonly negative?: boolean
  /** While the database is unavailable, what was read up to this long ago is still answered. */
  readonly staleWhileDownMs?: number
}

type Reshape = (document: Record<string, unknown>) => Record<string, unknown>

/**
 * Brings a document from one shape to the next; it may be called more than once and must give the same. With `changes`, the fields it may change are
 * known, and it runs while the database is in use: only queries over an index with such a field wait (503) until all documents are rewritten. Without,
 * or when a unique index or the expiry is concerned, the start waits for it. See docs/databases.md.
 */
export type Migration = Reshape | { readonly changes: readonly string[]; readonly up: Reshape }

export interface CollectionDefinition<T extends Document = Document> {
  /** Lower-case words joined by `_`; the table or collection name in the database. */
  readonly name: string
  /** Parses every document, on its way in and on its way out. */
  readonly schema: Schema<T>
  readonly indexes: Readonly<Record<string, IndexDefinition<T>>>
  /** A field with epoch milliseconds: after it the document is gone for readers, and is removed in the background. */
  readonly expiry?: keyof T & string
  /**
   * Documents that were parsed stay in memory, by their whole text, so that reading one again need not parse it again. Their values are frozen. For
   * what is read much and holds no secret: a deleted document may stay in memory for a while.
   */
  readonly remember?: true
  readonly search?: SearchDefinition<T>
  readonly cache?: CacheDefinition
  /** Rewrites documents of an earlier shape, in order; the list only ever grows. */
  readonly migrations?: readonly Migration[]
}

export function defineCollection<T extends Document>(definition: CollectionDefinition<T>): CollectionDefinition<T> {
  return definition
}

export interface EventDraft {
  /** Who listens, for example `jobs.requested`, `auth.revoked`, `resource.photos`. */
  readonly topic: string
  /** Events with one key are delivered in order. */
  readonly key: string
  readonly data: Json
}

/** The change of an update: fields to set (`undefined` removes the field), on which condition. */
export interface Change<T> {
  readonly set: { readonly [Field in keyof T]?: T[Field] | undefined }
  /** Only if the document still has this version. */
  readonly ifVersion?: number
  /** Only if these top-level fields still have exactly these values; `undefined` means absent. */
  readonly where?: { readonly [Field in keyof T]?: T[Field] | undefined }
}

/** One conditional operation of a `commit`. Make them with `insertInto`, `updateIn` and `deleteFrom`. */
export type Operation =
  | { readonly kind: 'insert'; readonly collection: string; readonly value: Document }
  | { readonly kind: 'update'; readonly collection: string; readonly id: string; readonly change: Change<Record<string, unknown>> }
  | {
      readonly kind: 'delete'
      readonly collection: string
      readonly id: string
      readonly ifVersion?: number
      /** Without it, deleting what is not there fails the commit. */
      readonly ifPresent?: boolean
    }

export function insertInto<T extends Document>(collection: CollectionDefinition<T>, value: T): Operation {
  return { kind: 'insert', collection: collection.name, value }
}

export function updateIn<T extends Document>(collection: CollectionDefinition<T>, id: string, change: Change<T>): Operation {
  return { kind: 'update', collection: collection.name, id, change }
}

export function deleteFrom<T extends Document>(
  collection: CollectionDefinition<T>,
  id: string,
  condition: { ifVersion?: number; ifPresent?: boolean } = {},
): Operation {
  return { kind: 'delete', collection: collection.name, id, ...condition }
}
