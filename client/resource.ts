// The data API, typed: lists, single objects, and changes that do not overwrite what somebody else has changed (ETag and If-Match, RFC 9110 section 13.1.1).
import { isRecord, type ProblemError, problemFrom, problemOf } from './problem.ts'
import type { Followed, Live } from './subscribe.ts'
import type { Transport } from './transport.ts'
import type { All, ExpandPath, Head, LooseTypes, ResourceTypes, Tail, Target } from './typed.ts'

const VERSION: unique symbol = Symbol('version')

/** An object as the API shows it. Copies made by spreading remember the version they were read at. */
export type Stored<T> = T & {
  readonly id: string
  readonly ownerId: string
  /** ISO 8601. */
  readonly createdAt: string
  readonly updatedAt: string
  readonly [VERSION]?: string
}

/** With the objects that its relations lead to, as far as they are there and may be seen. */
export type Expanded<Types extends ResourceTypes, Others, Path, Field extends PropertyKey = keyof Types['object']> = Stored<
  Pick<Types['object'], Extract<keyof Types['object'], Field>>
> & {
  readonly [Name in Head<Path> & string]?: Expanded<Target<Types, Others, Name>, Others, Tail<Path, Name>>
}

export interface ShowOptions<Path, Field = string> {
  /** Relations whose objects come along. */
  readonly expand?: readonly Path[]
  /** These fields only, beside the platform's. */
  readonly fields?: readonly Field[]
  readonly signal?: AbortSignal
}

export interface ListOptions<Types extends ResourceTypes = LooseTypes<unknown>, Path = string, Field = string>
  extends ShowOptions<Path, Field> {
  /** Equal values for fields of a declared index. */
  readonly where?: Types['filters']
  /** On the index field that follows those of `where`. */
  readonly range?: { readonly field: keyof Types['filters'] & string; readonly from?: string | number; readonly below?: string | number }
  /** The index field that follows those of `where`; `-` before it for descending. */
  readonly sort?: (keyof Types['filters'] & string) | `-${keyof Types['filters'] & string}`
  readonly order?: 'ascending' | 'descending'
  /** 1 to 100, 20 unless told. */
  readonly limit?: number
  /** The `next` of the page before. */
  readonly after?: string
  /** Words that must all be there. */
  readonly search?: string
  /** Counts them, up to a bound. */
  readonly count?: boolean
  /** What others have shared with this person. */
  readonly shared?: boolean
}

/** A page of objects that are read with `Stored`. */
export interface Page<T> {
  readonly items: readonly T[]
  /** Absent on the last page. */
  readonly next?: string
  /** When it was asked for: how many there are, or, when not `exact`, at least. */
  readonly count?: { readonly value: number; readonly exact: boolean }
}

export interface WriteOptions {
  /** The same for a request that is sent again: it is then done once, and answered as before (for 24 hours). */
  readonly key?: string
}

export type BulkOperation<Types extends ResourceTypes> =
  | { readonly create: Types['create'] }
  | { readonly update: string | Stored<object>; readonly change: Types['change'] }
  | { readonly delete: string | Stored<object> }

export type BulkResult<T> =
  | { readonly status: 200 | 201; readonly object: Stored<T> }
  | { readonly status: 204 }
  | { readonly status: number; readonly problem: ProblemError }

/** What is told of a document or a list that is followed. At least once; of each document in order. */
export interface ChangeHandlers<T> {
  /** What was read before may be out of date: read it now. Called once at the beginning, and when too much was missed. */
  readonly onReset?: () => void
  readonly onChange?: (object: Stored<T>, kind: 'created' | 'updated') => void
  /** It was deleted, cannot be seen any more, or left the list. */
  readonly onRemove?: (id: string) => void
  /** It cannot be followed, or not any more. */
  readonly onProblem?: (problem: ProblemError) => void
}

/** One resource of the app, with the names and types of its definition. */
export interface TypedResource<Types extends ResourceTypes, Others = All> {
  list<
    const Path extends ExpandPath<Types, Others> = never,
    const Field extends keyof Types['object'] & string = keyof Types['object'] & string,
  >(options?: ListOptions<Types, Path, Field>): Promise<Page<Expanded<Types, Others, Path, Field>>>
  get<
    const Path extends ExpandPath<Types, Others> = never,
    const Field extends keyof Types['object'] & string = keyof Types['object'] & string,
  >(id: string, options?: ShowOptions<Path, Field>): Promise<Expanded<Types, Others, Path, Field>>
  create(input: Types['create'], options?: WriteOptions): Promise<Stored<Types['object']>>
  /** Given an object that was read, changes it only if nobody has meanwhile (`resource.version_conflict`); given an id, changes it as it is now. */
  update(target: string | Stored<object>, changes: Types['change'], options?: WriteOptions): Promise<Stored<Types['object']>>
  delete(target: string | Stored<object>, options?: WriteOptions): Promise<void>
  /** Up to 100 writes in order, each with its own result; with `atomic` all or none (`resource.bulk_refused`). */
  bulk(
    operations: readonly BulkOperation<Types>[],
    options?: WriteOptions & { readonly atomic?: boolean },
  ): Promise<readonly BulkResult<Types['object']>[]>
  /** Follows one document, or a list by the same filters as `list`; connects again by itself and goes on where it was. The answer ends it. */
  subscribe(followed: Followed, handlers: ChangeHandlers<Types['object']>): () => void
}

/** A resource whose definition this page does not know. */
export type Resource<T> = TypedResource<LooseTypes<T>>

export function createResource<Types extends ResourceTypes, Others>(
  transport: Transport,
  live: Live,
  name: string,
): TypedResource<Types, Others> {
  type T = Types['object']
  const send = async (path: string, init: RequestInit): Promise<Response> => {
    const response = await transport.fetch(path, init)
    if (!response.ok) throw await problemFrom(response)
    return response
  }
  const read = async <Shape>(response: Response, expand: readonly string[] = []): Promise<Shape> => {
    const object: Listed = await response.json()
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server answers with what the definition says
    return versioned(object, response.headers.get('etag') ?? undefined, expand) as Shape
  }
  const at = (target: string | Stored<object>): string => `${name}/${encodeURIComponent(idOf(target))}`

  return {
    async list(options = {}) {
      const query = queryOf(options)
      const response = await send(query === '' ? name : `${name}?${query}`, options.signal === undefined ? {} : { signal: options.signal })
      const { items, ...rest }: { items: Listed[]; next?: string } = await response.json()
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server answers with what the definition says
      return { ...rest, items: items.map((item) => versioned(item, undefined, options.expand ?? [])) } as never
    },
    async get(id, { signal, ...show } = {}) {
      const query = queryOf(show)
      return read(await send(query === '' ? at(id) : `${at(id)}?${query}`, signal === undefined ? {} : { signal }), show.expand)
    },
    create: async (input, options) => read(await send(name, withJson('POST', input, keyed(options)))),
    update: async (target, changes, options) =>
      read(await send(at(target), withJson('PATCH', changes, { ...condition(target), ...keyed(options) }))),
    async delete(target, options) {
      await send(at(target), { method: 'DELETE', headers: { ...condition(target), ...keyed(options) } })
    },
    async bulk(operations, { atomic, ...options } = {}) {
      const body = { operations: operations.map(plain), ...(atomic === undefined ? {} : { atomic }) }
      const response = await send(`${name}/bulk`, withJson('POST', body, keyed(options)))
      const { results }: { results: SentResult[] } = await response.json()
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server answers with what the definition says
      return results.map(resultOf) as BulkResult<T>[]
    },
    subscribe: (followed, { onReset, onChange, onRemove, onProblem }) =>
      live.follow(name, followed, {
        reset: () => onReset?.(),
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it has the shape of what was read from the same resource
        changed: (object, etag, kind) => onChange?.({ ...(object as Stored<T>), [VERSION]: etag }, kind),
        removed: (id) => onRemove?.(id),
        refused: (problem) => onProblem?.(problem),
      }),
  }
}

/** As it comes in a list. */
type Listed = Readonly<Record<string, unknown>> & { readonly etag?: unknown }

/** The tag of an item, and of each object that came along with it, becomes the version that it was read at. */
function versioned({ etag, ...object }: Listed, tag: string | undefined, expand: readonly string[]): object {
  const version = tag ?? (typeof etag === 'string' ? etag : undefined)
  const along = new Map<string, string[]>()
  for (const path of expand) {
    const [first = '', ...rest] = path.split('.')
    along.set(first, [...(along.get(first) ?? []), ...(rest.length === 0 ? [] : [rest.join('.')])])
  }
  const others = [...along].flatMap(([name, further]) => {
    const other = object[name]
    return isRecord(other) ? [[name, versioned(other, undefined, further)] as const] : []
  })
  return { ...object, ...Object.fromEntries(others), ...(version === undefined ? {} : { [VERSION]: version }) }
}

interface SentResult {
  readonly status: number
  readonly object?: Listed
  readonly etag?: string
  readonly problem?: unknown
}

function resultOf({ status, object, etag, problem }: SentResult): object {
  if (problem !== undefined) return { status, problem: problemOf(problem) }
  return object === undefined ? { status } : { status, object: versioned(object, etag, []) }
}

function plain(operation: BulkOperation<ResourceTypes>): object {
  if ('create' in operation) return operation
  const target = 'update' in operation ? operation.update : operation.delete
  const version = typeof target === 'string' ? undefined : target[VERSION]
  const ifVersion = version === undefined ? {} : { ifVersion: version }
  return 'update' in operation ? { update: idOf(target), change: operation.change, ...ifVersion } : { delete: idOf(target), ...ifVersion }
}

const idOf = (target: string | Stored<object>): string => (typeof target === 'string' ? target : target.id)

interface AnyListOptions {
  readonly where?: object
  readonly range?: { readonly field: string; readonly from?: string | number; readonly below?: string | number }
  readonly expand?: readonly string[]
  readonly fields?: readonly string[]
  readonly sort?: string
  readonly order?: string
  readonly limit?: number
  readonly after?: string
  readonly search?: string
  readonly count?: boolean
  readonly shared?: boolean
}

const PLAIN_OPTIONS = ['sort', 'order', 'limit', 'after', 'search', 'count', 'shared'] as const

function queryOf({ where = {}, range, expand = [], fields = [], ...options }: AnyListOptions): string {
  const query = new URLSearchParams()
  for (const [field, value] of Object.entries<unknown>({ ...where })) query.set(field, String(value))
  if (range !== undefined) setRange(query, range)
  for (const [name, values] of Object.entries({ expand, fields })) if (values.length > 0) query.set(name, values.join(','))
  for (const name of PLAIN_OPTIONS) {
    const value = options[name]
    if (value !== undefined) query.set(name, String(value))
  }
  return query.toString()
}

function keyed({ key }: WriteOptions = {}): Record<string, string> {
  return key === undefined ? {} : { 'idempotency-key': key }
}

function setRange(query: URLSearchParams, { field, from, below }: NonNullable<AnyListOptions['range']>): void {
  if (from !== undefined) query.set(`${field}.from`, String(from))
  if (below !== undefined) query.set(`${field}.below`, String(below))
}

function withJson(method: string, value: unknown, headers: Record<string, string> = {}): RequestInit {
  return { method, body: JSON.stringify(value), headers: { ...headers, 'content-type': 'application/json' } }
}

function condition(target: string | Stored<object>): Record<string, string> {
  const version = typeof target === 'string' ? undefined : target[VERSION]
  return version === undefined ? {} : { 'if-match': version }
}
