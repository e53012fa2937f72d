// What the rest of the platform, and the app definition, may know about the data API. Types only.
import type { Call } from '#kernel/call.ts'
import type { Migration } from '#kernel/collection.ts'
import type { StepUp } from '#kernel/http/route.ts'
import type { FieldProblem, Schema } from '#kernel/schema.ts'

export type ResourceOperation = 'list' | 'get' | 'create' | 'update' | 'delete'

/**
 * `owner` is the person who created the object, `user` any signed-in person, `shared` a person with whom its owner shared it: to read, or to write as
 * well. A role is given by an operator; a `group` names the field that holds a group id, and means the members of that group. An `organisation` names the
 * field that holds the id of one, and means whoever acts for it, with that role or permission there if one is named. A permission means every role that
 * has it.
 */
export type GrantHolder =
  | 'anyone'
  | 'user'
  | 'owner'
  | 'shared'
  | { readonly role: string }
  | { readonly permission: string }
  | { readonly group: string }
  | OrganisationHolder

export type OrganisationHolder<FieldName extends string = string> =
  | { readonly organisation: FieldName; readonly role?: string }
  | { readonly organisation: FieldName; readonly permission: string }

/** Who asks, as access rules see it. Roles and groups are those that the token carries: none without the scope `roles`, for a third party. */
export interface AccessPrincipal {
  /** Absent for somebody who is not signed in. */
  readonly accountId?: string
  readonly roles: readonly string[]
  readonly groups: readonly string[]
  /** The organisation that the person acts for, and the roles there. */
  readonly organisation?: { readonly id: string; readonly roles: readonly string[] }
  readonly scopes: readonly string[]
  readonly clientId?: string
  /** True for the app's own frontends. */
  readonly firstParty: boolean
}

/** A value that a list is narrowed to, or `undefined` when this person may list nothing by the grant. */
export type ListLimit = (principal: AccessPrincipal) => string | number | boolean | undefined

/**
 * One permission: it holds for an object when all that it names holds. Nothing is allowed that no grant allows, and what several grants allow adds up.
 * For lists a grant becomes a constraint of an index, so that a list never reads what it must hide.
 */
export interface AccessGrant {
  readonly who: GrantHolder
  readonly may: readonly ResourceOperation[]
  /** Only objects with these field values. */
  readonly where?: Readonly<Record<string, string | number | boolean>>
  /** Only when this says so. Pure, and asked often. */
  readonly when?: (principal: AccessPrincipal, document: ResourceObject) => boolean
  /** For a grant with `when` that allows lists: the values of index fields that `when` comes to. What a list finds is asked of `when` all the same. */
  readonly lists?: Readonly<Record<string, ListLimit>>
  /** Fields that it shows and lets write. All of them unless told; the platform's (`id`, `ownerId`, `createdAt`, `updatedAt`) are always shown. */
  readonly fields?: readonly string[]
}

/** Full-text search over text fields. A search is narrowed by whatever limits lists, and by filters that are named here. */
export interface ResourceSearch {
  readonly fields: readonly string[]
  readonly filters?: readonly string[]
}

/** A scope for each kind of access; an operation may have one of its own in the place of `write`. */
export interface ResourceScopes {
  readonly read: string
  readonly write: string
  readonly create?: string
  readonly update?: string
  readonly delete?: string
}

/** What is done to the objects that name one which is deleted: refuse the deletion, delete them as well, or empty the field. Without it the id stays. */
export type OnDelete = 'restrict' | 'cascade' | 'clear'

/** A text field that holds the id of an object of another resource. Whoever writes it must be able to see that object. */
export interface RelationDefinition {
  readonly field: string
  /** The name of the other resource. */
  readonly to: string
  readonly onDelete?: OnDelete
}

/** A field that is worked out when an object is shown, from what is stored. It is never stored, and nobody writes it. */
export interface ComputedField {
  /** What it gives, for OpenAPI and typed clients. */
  readonly schema: Schema
  of(document: ResourceObject): unknown
}

/** For default values that depend on who writes and when. */
export interface DefaultContext {
  readonly call: Call
  /** Epoch milliseconds. */
  readonly now: number
}

export interface HookContext {
  /** The writer's, with a signal that ends with the time limit; in an after hook the platform's own. */
  readonly call: Call
  readonly resources: Resources
  /** Epoch milliseconds. */
  readonly now: number
}

/** Nothing: go on. `set`: these fields too, `undefined` for none. `problems`: refused, and the writer is told why. */
export type HookAnswer<Fields = Readonly<Record<string, unknown>>> =
  | { readonly set?: { readonly [Field in keyof Fields]?: Fields[Field] | undefined } }
  | { readonly problems: readonly FieldProblem[] }
  | undefined

/** A write that has happened, as an after hook is told of it. At least once, in the order of the writes to one object. */
export interface Written {
  readonly id: string
  readonly ownerId: string
  /** Names of the fields that were set or removed. */
  readonly changed: readonly string[]
  /** As it is now, which may be later than this write; absent when it is gone. */
  readonly object?: ResourceObject
}

type Awaitable<T> = T | Promise<T>

/**
 * What an app does around writes, whatever they came by: the API, a page, a bulk or an import. A before hook decides with the write and may refuse it; when it
 * throws or takes too long, nothing is written. An after hook runs from the stored event of the write and is tried again until it succeeds.
 */
export interface ResourceHooks {
  beforeCreate?(context: HookContext, draft: ResourceObject): Awaitable<HookAnswer | void>
  beforeUpdate?(
    context: HookContext,
    change: { readonly before: ResourceObject; readonly after: ResourceObject; readonly changed: readonly string[] },
  ): Awaitable<HookAnswer | void>
  beforeDelete?(context: HookContext, object: ResourceObject): Awaitable<{ readonly problems: readonly FieldProblem[] } | undefined | void>
  afterCreate?(context: HookContext, written: Written): Awaitable<void>
  afterUpdate?(context: HookContext, written: Written): Awaitable<void>
  afterDelete?(context: HookContext, written: Written): Awaitable<void>
}

/** What a route of the app answers with a status: a schema of the JSON, nothing, or a problem that its handler throws. */
export type RouteAnswerShape = Schema | 'empty' | 'problem'

export interface RouteRequest {
  readonly params: Readonly<Record<string, string>>
  readonly query: unknown
  readonly body: unknown
}

/** What an address of the app says of itself as a protected resource (RFC 9728). */
export interface RouteAsResource {
  /** What its tokens may have beside the scope of the rule: what the handler asks `resources` for. */
  readonly scopes?: readonly string[]
  /** What clients call it to people; the name of the product unless told. */
  readonly name?: string
}

/** A route of the app beside those that every resource has. Make it with `resourceRoute`. */
export interface ResourceRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below the resource: `/api/photos/:id/publish`. */
  readonly path: string
  /** One line, for the inventory and the reference page. */
  readonly summary: string
  /** Whose token it takes; the handler asks `resources`, which decide again, on the caller's authority. */
  readonly allow: { readonly who: 'anyone' } | { readonly who: 'user'; readonly scope: string; readonly stepUp?: StepUp }
  /**
   * The address is a protected resource by itself (RFC 9728), beside being a part of the API: it has a document of its own, and tokens that are good there
   * alone, which clients ask for by this address (`resource`). For endpoints of tools (MCP). All methods of the path are one resource.
   */
  readonly protectedResource?: true | RouteAsResource
  readonly rate?: 'api' | 'page' | 'files' | 'bulk'
  /** What has no schema is refused when it is not empty. */
  readonly input?: { readonly query?: Schema; readonly body?: Schema }
  readonly answers: Readonly<Record<number, RouteAnswerShape>>
  handle(
    call: Call,
    input: RouteRequest,
    context: { readonly resources: Resources; readonly now: number },
  ): Promise<{ readonly status: number; readonly json?: unknown }>
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
  readonly scopes: ResourceScopes
  /** Owners may share an object with other people: `/api/<name>/:id/shares/:accountId`. What that allows, grants for `shared` say. */
  readonly share?: true
  readonly search?: ResourceSearch
  /** Fields that clients see and never write: hooks, defaults and the platform's own calls set them. */
  readonly readOnly?: readonly string[]
  /** Values for fields that a new object came without. For fixed ones use `.default()` in the schema. */
  readonly defaults?: Readonly<Record<string, (context: DefaultContext) => unknown>>
  readonly computed?: Readonly<Record<string, ComputedField>>
  readonly relations?: Readonly<Record<string, RelationDefinition>>
  readonly hooks?: ResourceHooks
  readonly routes?: readonly ResourceRoute[]
  /** Fields that hold the id of an uploaded file, with its bucket. Answers carry a link beside the id, in `<field>Url`; deleting the object removes the file. */
  readonly files?: Readonly<Record<string, string>>
  /** Rewrites stored objects of an earlier schema, in order; the list only ever grows. */
  readonly migrations?: readonly Migration[]
  /**
   * What needs a fresh or a stronger sign-in (RFC 9470). A bulk write needs what each of its kinds needs, and a change what `get` needs, since the answer
   * shows the object. Reads need it wherever they come from: lists, expansions, exports, pages, and what is followed, which ends when the sign-in is too old.
   */
  readonly stepUp?: Readonly<Partial<Record<ResourceOperation, StepUp>>>
  /** Answers reads of single objects from memory for a while, at most a second: an object carries who may see it. */
  readonly cache?: ResourceCache
}

/** A write ends what is remembered, in this process at once and in others with its event: the lifetime is for when that event is late. */
export interface ResourceCache {
  readonly lifetimeMs: number
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
  /** How often the resource's objects were migrated: the same version may look different after one more. Absent when they never were. */
  readonly shape?: number
  /** When the first file link of the object ends, epoch milliseconds: an answer may not be taken for fresh after it, though its version is. */
  readonly linksExpireAt?: number
  /** Names what is shown, when that is not the whole object. */
  readonly part?: string
}

/** An object in a list, or one that was expanded: with the entity tag that `If-Match` wants. */
export interface ListedObject extends ResourceObject {
  readonly etag: string
}

export interface ResourceList {
  readonly items: readonly ListedObject[]
  readonly next?: string
  /** When it was asked for: how many there are, or, when not `exact`, at least. */
  readonly count?: { readonly value: number; readonly exact: boolean }
}

/** What an answer shows, within what the caller may see. */
export interface ShowRequest {
  /** These fields only, and the platform's. */
  readonly fields?: readonly string[]
  /** Names of relations, or two joined by a dot: each shown object carries the object that its field names, as far as the caller may see it. */
  readonly expand?: readonly string[]
}

export interface ListRequest extends ShowRequest {
  /** Equality on declared index fields. */
  readonly where?: Readonly<Record<string, string | number | boolean>>
  /** A range on the index field that follows those of `where`. */
  readonly range?: { readonly field: string; readonly from?: string | number; readonly below?: string | number }
  /** The index field that follows those of `where`; `-` before it for descending. */
  readonly sort?: string
  readonly order?: 'ascending' | 'descending'
  /** 1 to 100, 20 unless told. */
  readonly limit?: number
  readonly after?: string
  /** Up to 10,000 are counted. */
  readonly count?: boolean
  /** Words that must all be there; newest first. */
  readonly search?: string
  /** What others have shared with the caller, the newest share last unless `order` says otherwise. */
  readonly shared?: boolean
}

/** What a person may do with an object that its owner has shared. */
export interface Share {
  readonly accountId: string
  readonly may: 'read' | 'write'
  /** ISO 8601. */
  readonly createdAt: string
}

export interface ShareTarget {
  /** The object. */
  readonly id: string
  readonly accountId: string
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
  /** Of the object before the write: the platform's fields, and those by which lists filter and access rules decide. Absent for a new object. */
  readonly before?: Readonly<Record<string, unknown>>
}

/**
 * The data API for server-rendered pages and jobs: the same rules as over HTTP, on the caller's authority. The system may do everything but create,
 * since an object belongs to a person: create with `callAs` that person.
 */
export interface Resources {
  list(call: Call, resource: string, request: ListRequest): Promise<ResourceList>
  get(call: Call, resource: string, id: string, show?: ShowRequest): Promise<Versioned>
  create(call: Call, resource: string, input: unknown): Promise<Versioned>
  update(
    call: Call,
    resource: string,
    change: { readonly id: string; readonly input: unknown; readonly ifVersion?: number },
  ): Promise<Versioned>
  delete(call: Call, resource: string, target: { readonly id: string; readonly ifVersion?: number }): Promise<void>
  /** For the owner, and the system. Nothing tells whether there is such an account. */
  readonly shares: {
    list(call: Call, resource: string, id: string): Promise<readonly Share[]>
    get(call: Call, resource: string, target: ShareTarget): Promise<Share>
    put(call: Call, resource: string, target: ShareTarget & { readonly may: Share['may'] }): Promise<Share>
    /** Also for the person with whom it is shared. */
    remove(call: Call, resource: string, target: ShareTarget): Promise<void>
  }
  /** Many writes in order, each with its own result; with `atomic` all or none, in one commit. */
  bulk(call: Call, resource: string, request: BulkRequest): Promise<readonly BulkResult[]>
}

export type BulkOperation =
  | { readonly create: unknown }
  | { readonly update: string; readonly change: unknown; readonly ifVersion?: number }
  | { readonly delete: string; readonly ifVersion?: number }

export interface BulkRequest {
  /** At most 100. */
  readonly operations: readonly BulkOperation[]
  /** All or nothing. Throws `resource.bulk_refused` with every problem of every operation. */
  readonly atomic?: boolean
}

/** What people own, whatever rule would show or hide it. For the system: the download of one's own data. */
export interface OwnedObjects {
  /** The resources. */
  readonly names: readonly string[]
  page(
    call: Call,
    query: { readonly resource: string; readonly ownerId: string; readonly after?: string | undefined },
  ): Promise<{ readonly items: readonly ResourceObject[]; readonly next?: string }>
}

/** For the system, as the above. Of other people it tells ids, which is what the API tells, too. */
export interface OwnedShares {
  /** Whom this person shares what with. */
  by(call: Call, ownerId: string, after?: string): Promise<{ readonly items: readonly SharedByOwner[]; readonly next?: string }>
  /** What others share with this person. */
  with(
    call: Call,
    personId: string,
    after?: string,
  ): Promise<{ readonly items: readonly Omit<SharedByOwner, 'accountId'>[]; readonly next?: string }>
}

export interface SharedByOwner extends Share {
  readonly resource: string
  readonly objectId: string
}

/** Of one operation: the object as it is now (absent for a deletion), or the error that refused it. */
export type BulkResult =
  | { readonly kind: 'created' | 'updated'; readonly versioned: Versioned }
  | { readonly kind: 'deleted' }
  | { readonly kind: 'refused'; readonly error: unknown }

export type ResourceErrorCode =
  | 'resource.not_found'
  | 'resource.forbidden'
  | 'resource.invalid'
  | 'resource.version_conflict'
  | 'resource.no_index'
  | 'resource.bad_cursor'
  | 'resource.duplicate'
  | 'resource.in_use'
  | 'resource.bulk_refused'
  | 'resource.key_reused'
  | 'resource.hook_timeout'
  | 'resource.busy'
