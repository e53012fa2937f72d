// The data API, typed: lists, single objects, and changes that do not overwrite what somebody else has changed (ETag and If-Match, RFC 9110 section 13.1.1).
import { problemFrom } from './problem.ts'
import type { Transport } from './transport.ts'

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

export interface ListOptions {
  /** Equal values for fields of a declared index. */
  readonly where?: Readonly<Record<string, string | number | boolean>>
  readonly order?: 'ascending' | 'descending'
  /** 1 to 100, 20 unless told. */
  readonly limit?: number
  /** The `next` of the page before. */
  readonly after?: string
  readonly signal?: AbortSignal
}

export interface Page<T> {
  readonly items: readonly Stored<T>[]
  /** Absent on the last page. */
  readonly next?: string
}

export interface Resource<T> {
  list(options?: ListOptions): Promise<Page<T>>
  get(id: string): Promise<Stored<T>>
  create(input: T): Promise<Stored<T>>
  /** Given an object that was read, changes it only if nobody has meanwhile (`resource.version_conflict`); given an id, changes it as it is now. */
  update(target: string | Stored<T>, changes: Partial<T>): Promise<Stored<T>>
  delete(target: string | Stored<T>): Promise<void>
}

export function createResource<T>(transport: Transport, name: string): Resource<T> {
  const send = async (path: string, init: RequestInit): Promise<Response> => {
    const response = await transport.fetch(path, init)
    if (!response.ok) throw await problemFrom(response)
    return response
  }
  const read = async (response: Response): Promise<Stored<T>> => {
    const object: Stored<T> = await response.json()
    const tag = response.headers.get('etag')
    return tag === null ? object : { ...object, [VERSION]: tag }
  }
  const at = (target: string | Stored<T>): string => `${name}/${encodeURIComponent(typeof target === 'string' ? target : target.id)}`

  return {
    async list({ signal, ...options } = {}) {
      const query = queryOf(options)
      const response = await send(query === '' ? name : `${name}?${query}`, signal === undefined ? {} : { signal })
      const page: Page<T> = await response.json()
      return page
    },
    get: async (id) => read(await send(at(id), {})),
    create: async (input) => read(await send(name, withJson('POST', input))),
    update: async (target, changes) => read(await send(at(target), withJson('PATCH', changes, condition(target)))),
    async delete(target) {
      await send(at(target), { method: 'DELETE', headers: condition(target) })
    },
  }
}

function queryOf({ where = {}, order, limit, after }: ListOptions): string {
  const query = new URLSearchParams()
  for (const [field, value] of Object.entries(where)) query.set(field, String(value))
  if (order !== undefined) query.set('order', order)
  if (limit !== undefined) query.set('limit', String(limit))
  if (after !== undefined) query.set('after', after)
  return query.toString()
}

function withJson(method: string, value: unknown, headers: Record<string, string> = {}): RequestInit {
  return { method, body: JSON.stringify(value), headers: { ...headers, 'content-type': 'application/json' } }
}

function condition<T>(target: string | Stored<T>): Record<string, string> {
  const version = typeof target === 'string' ? undefined : target[VERSION]
  return version === undefined ? {} : { 'if-match': version }
}
