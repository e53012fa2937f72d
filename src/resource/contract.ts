// What the rest of the platform, and the app definition, may know about the data API. Types only.
import type { Call } from '#kernel/call.ts'
import type { Schema } from '#kernel/schema.ts'

export type ResourceOperation = 'list' | 'get' | 'create' | 'update' | 'delete'

/**
 * One permission. Nothing is allowed that no grant allows. `owner` is the person who created the object; `user` any signed-in person. With `where`,
 * only objects with these field values; for lists it becomes a constraint of the index, so that a list never reads what it must hide.
 */
export interface AccessGrant {
  readonly who: 'anyone' | 'user' | 'owner'
  readonly may: readonly ResourceOperation[]
  readonly where?: Readonly<Record<string, string | number | boolean>>
}

export interface ResourceDefinition {
  /** Plural noun, lower case: the path `/api/<name>` and the collection. */
  readonly name: string
  /** The fields that clients may write. `id`, `ownerId`, `createdAt`, `updatedAt` are the platform's. */
  readonly schema: Schema<Record<string, unknown>>
  /** Fields that keep the value they were first given. A PATCH may set one that is absent, and change none. */
  readonly writeOnce?: readonly string[]
  /** Declared indexes over fields of the schema and the platform's; lists use these only. */
  readonly indexes: Readonly<Record<string, { readonly fields: readonly string[]; readonly unique?: boolean }>>
  readonly access: readonly AccessGrant[]
  /** What a token of a third party needs. */
  readonly scopes: { readonly read: string; readonly write: string }
  /** Fields that hold the id of an uploaded file, with its bucket. Answers carry a link beside the id, in `<field>Url`; deleting the object removes the file. */
  readonly files?: Readonly<Record<string, string>>
  /** Rewrites stored objects of an earlier schema, in order; the list only ever grows. */
  readonly migrations?: readonly ((document: Record<string, unknown>) => Record<string, unknown>)[]
}

/** An object as the API shows it. */
export interface ResourceObject {
  readonly id: string
  readonly ownerId: string
  /** ISO 8601. */
  readonly createdAt: string
  readonly updatedAt: string
  readonly [field: string]: unknown
}

/** With the version that `ETag` and `If-Match` carry. */
export interface Versioned {
  readonly object: ResourceObject
  readonly version: number
  /** When the first file link of the object ends, epoch milliseconds: an answer may not be taken for fresh after it, though its version is. */
  readonly linksExpireAt?: number
}

export interface ResourceList {
  readonly items: readonly ResourceObject[]
  readonly next?: string
}

export interface ListRequest {
  /** Equality on declared index fields. */
  readonly where?: Readonly<Record<string, string | number | boolean>>
  readonly order?: 'ascending' | 'descending'
  /** 1 to 100, 20 unless told. */
  readonly limit?: number
  readonly after?: string
}

/** What is stored with every write, in topic `resource.<name>` with the object's id as key. It carries no values: read the object if you need them. */
export interface ResourceEvent {
  readonly type: 'created' | 'updated' | 'deleted'
  readonly resource: string
  readonly id: string
  readonly ownerId: string
  /** Names of the fields that were set or removed. */
  readonly changed: readonly string[]
  /** Files that the object names since this write, and those that it no longer names. */
  readonly attached: readonly { readonly field: string; readonly file: string }[]
  readonly detached: readonly { readonly field: string; readonly file: string }[]
}

/**
 * The data API for server-rendered pages and jobs: the same rules as over HTTP, on the caller's authority. The system may do everything but create,
 * since an object belongs to a person: create with `callAs` that person.
 */
export interface Resources {
  list(call: Call, resource: string, request: ListRequest): Promise<ResourceList>
  get(call: Call, resource: string, id: string): Promise<Versioned>
  create(call: Call, resource: string, input: unknown): Promise<Versioned>
  update(
    call: Call,
    resource: string,
    change: { readonly id: string; readonly input: unknown; readonly ifVersion?: number },
  ): Promise<Versioned>
  delete(call: Call, resource: string, target: { readonly id: string; readonly ifVersion?: number }): Promise<void>
}

export type ResourceErrorCode =
  | 'resource.not_found'
  | 'resource.forbidden'
  | 'resource.invalid'
  | 'resource.version_conflict'
  | 'resource.no_index'
  | 'resource.bad_cursor'
  | 'resource.duplicate'
  | 'resource.busy'
