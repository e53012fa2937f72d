// The query of a list: text from an address to typed values. What cannot be meant is refused by name; nothing is ignored.
import type { FieldProblem } from '#kernel/schema.ts'
import { scalarKindOfValue } from '#kernel/kinds.ts'
import { isStorable } from '#kernel/storable.ts'
import type { Kind, Resource } from '../compile.ts'
import type { ListRequest, ShowRequest } from '../contract.ts'
import type { Equalities } from '../access.ts'
import { resourceErrors } from '../errors.ts'
import { PLATFORM_FIELDS } from '../schemas.ts'

const DEFAULT_LIMIT = 20
const MAX_LIMIT = 100
const MAX_SEARCH = 200
const MAX_NAMES = 100
const MAX_EXPANDED = 5
const LIMIT_PROBLEM = `Give a whole number from 1 to ${MAX_LIMIT}`
const NUMBER = /^-?\d{1,16}(\.\d{1,16})?$/
const RANGE = /^(\w+)\.(from|below)$/

export function refusedQuery(fields: readonly FieldProblem[]): Error {
  return resourceErrors.invalid({ detail: 'The query has parameters that do not fit.', fields })
}

/** `?album=x&takenOn.from=2026&sort=-takenOn&limit=10`. */
export function parseListQuery(resource: Resource, query: Readonly<Record<string, string>>): ListRequest {
  const { limit, order, after, sort, fields, count, expand, search, ...others } = query
  const { shared, ...filters } = resource.definition.share === true ? others : { ...others, shared: undefined }
  const given = resource.definition.share === true ? filters : others
  const problems: FieldProblem[] = [
    ...(limit === undefined || /^\d{1,3}$/.test(limit) ? [] : [{ field: 'limit', message: LIMIT_PROBLEM }]),
    ...choice('order', order, ['ascending', 'descending']),
    ...choice('count', count, ['true', 'false']),
    ...choice('shared', shared, ['true', 'false']),
  ]
  const { where, range } = filtersIn(resource, given, problems)
  if (problems.length > 0) throw refusedQuery(problems)
  const request: Given<ListRequest> = {
    where,
    range,
    limit: limit === undefined ? undefined : Number(limit),
    order: order === 'ascending' || order === 'descending' ? order : undefined,
    after,
    sort,
    count: count === 'true' ? true : undefined,
    search,
    shared: shared === 'true' ? true : undefined,
    ...showIn({ fields, expand }),
  }
  return present(request)
}

type Given<T> = { readonly [Key in keyof T]: T[Key] | undefined }

function present<T extends object>(given: Given<T>): T {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is absent is left out
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T
}

/** `?fields=id,caption&expand=album`. */
export function parseShowQuery(query: Readonly<Record<string, string>>): ShowRequest {
  const { fields, expand, ...unknown } = query
  const problems = Object.keys(unknown).map((field) => ({ field, message: 'Unknown parameter' }))
  if (problems.length > 0) throw refusedQuery(problems)
  return showIn({ fields, expand })
}

function showIn({ fields, expand }: { fields: string | undefined; expand: string | undefined }): ShowRequest {
  return present<ShowRequest>({ fields: fields?.split(','), expand: expand?.split(',') })
}

function choice(field: string, value: string | undefined, choices: readonly string[]): FieldProblem[] {
  return value === undefined || choices.includes(value) ? [] : [{ field, message: `Give ${choices.join(' or ')}` }]
}

type Range = NonNullable<ListRequest['range']>

function filtersIn(
  resource: Resource,
  given: Readonly<Record<string, string>>,
  problems: FieldProblem[],
): { where: Equalities; range: Range | undefined } {
  const where: Record<string, string | number | boolean> = {}
  const ranges = new Map<string, Range>()
  for (const [name, text] of Object.entries(given)) {
    const [, ranged, end] = RANGE.exec(name) ?? []
    const field = ranged ?? name
    const value = valueOf(resource.kinds.get(field), text)
    if (value === undefined) problems.push({ field: name, message: filterProblem(resource, field) })
    else if (ranged === undefined) where[field] = value
    else if (typeof value === 'boolean') problems.push({ field: name, message: 'Has no order; ask for true or false' })
    else ranges.set(field, { ...(ranges.get(field) ?? { field }), ...(end === 'from' ? { from: value } : { below: value }) })
  }
  const [, second] = [...ranges.keys()]
  if (second !== undefined) problems.push({ field: second, message: 'A query has one range at most' })
  return { where, range: ranges.values().next().value }
}

function valueOf(kind: Kind | undefined, text: string): string | number | boolean | undefined {
  if (kind === 'string') return isStorable(text) ? text : undefined
  if (kind === 'number') return NUMBER.test(text) ? Number(text) : undefined
  if (kind === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  return undefined
}

export function filterProblem(resource: Resource, field: string): string {
  const kind = resource.kinds.get(field)
  if (kind === 'boolean') return 'Give true or false'
  if (kind !== undefined) return `Give a ${kind === 'number' ? 'number' : 'well-formed text'}`
  return resource.fields.has(field) || PLATFORM_FIELDS.includes(field) ? 'This field cannot be searched' : 'Unknown field'
}

/** A list request whose parts fit the definition; whether they fit the caller and an index is decided later. */
export interface AskedList {
  readonly where: Equalities
  readonly range: Range | undefined
  /** The field to order by, when one was named. */
  readonly sort: string | undefined
  readonly order: 'ascending' | 'descending'
  readonly limit: number
  readonly count: boolean
  readonly search: string | undefined
  readonly shared: boolean
  readonly after: string | undefined
}

/** The same checks for all callers, also those within the platform, whose values are typed already. */
export function checkListRequest(resource: Resource, request: ListRequest): AskedList {
  const { where = {}, range, limit = DEFAULT_LIMIT, count = false, shared = false, search, after } = request
  const { sort, order } = orderOf(request)
  const problems = [
    ...Object.entries(where).flatMap(([field, value]) => kindProblem(resource, field, [value])),
    ...(range === undefined ? [] : kindProblem(resource, range.field, [range.from, range.below])),
    ...sortProblems(resource, request, sort),
    ...(Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT ? [] : [{ field: 'limit', message: LIMIT_PROBLEM }]),
    ...sharedProblems(resource, request),
    ...searchProblems(resource, request),
  ]
  if (problems.length > 0) throw refusedQuery(problems)
  return { where, range, sort, order, limit, count, search, shared, after }
}

function sortProblems({ kinds }: Resource, request: ListRequest, sort: string | undefined): FieldProblem[] {
  if (sort === undefined) return []
  if (!kinds.has(sort)) return [{ field: 'sort', message: 'Lists are ordered by fields of an index' }]
  return request.order === undefined ? [] : [{ field: 'order', message: 'The sort has an order: "-" before it for descending' }]
}

function orderOf({ sort, order = 'ascending' }: ListRequest): Pick<AskedList, 'sort' | 'order'> {
  return sort?.startsWith('-') === true ? { sort: sort.slice(1), order: 'descending' } : { sort, order }
}

function kindProblem(resource: Resource, field: string, values: readonly unknown[]): FieldProblem[] {
  const kind = resource.kinds.get(field)
  const isFit = kind !== undefined && values.every((value) => value === undefined || scalarKindOfValue(value) === kind)
  return isFit ? [] : [{ field, message: filterProblem(resource, field) }]
}

function sharedProblems({ definition }: Resource, { shared, where = {}, ...request }: ListRequest): FieldProblem[] {
  if (shared !== true) return []
  if (definition.share !== true) return [{ field: 'shared', message: 'These objects cannot be shared' }]
  const { range, sort, count, search } = request
  const isPlain = Object.keys(where).length === 0 && [range, sort, count, search].every((part) => part === undefined)
  return isPlain ? [] : [{ field: 'shared', message: 'The list of what is shared takes limit, order, after, fields and expand only' }]
}

function searchProblems({ definition }: Resource, { search, range, sort, order, count }: ListRequest): FieldProblem[] {
  if (search === undefined) return []
  const problem = (message: string): FieldProblem[] => [{ field: 'search', message }]
  if (definition.search === undefined) return problem('These objects cannot be searched by words')
  if (search.length > MAX_SEARCH || !isStorable(search)) return problem(`Give up to ${MAX_SEARCH} characters`)
  if ([range, sort, order, count].every((part) => part === undefined)) return []
  return problem('A search is newest first; it takes filters, limit, after, fields and expand only')
}

/** What an answer is to show; `undefined` for everything. */
export interface AskedShow {
  readonly pick: ReadonlySet<string> | undefined
  /** Relations to follow, and those to follow from there. */
  readonly expand: ReadonlyMap<string, readonly string[]>
}

export function checkShowRequest(resource: Resource, { fields, expand = [] }: ShowRequest): AskedShow {
  const unknown = (fields ?? []).filter((name) => !isShownName(resource, name))
  const problems = [
    ...unknown.map((name) => ({ field: 'fields', message: `There is no field ${wordOf(name)}` })),
    ...tooMany('fields', fields, MAX_NAMES),
    ...tooMany('expand', expand, MAX_EXPANDED),
    ...expand.flatMap((path) => expandProblems(resource, path)),
  ]
  if (problems.length > 0) throw refusedQuery(problems)
  const tree = new Map<string, string[]>()
  for (const path of expand) {
    const [first = '', second] = path.split('.')
    tree.set(first, [...(tree.get(first) ?? []), ...(second === undefined ? [] : [second])])
  }
  return { pick: fields === undefined ? undefined : new Set(fields), expand: tree }
}

function tooMany(field: string, names: readonly string[] | undefined, most: number): FieldProblem[] {
  return names !== undefined && names.length > most ? [{ field, message: `Give at most ${most}` }] : []
}

function expandProblems({ relations }: Resource, path: string): FieldProblem[] {
  const [first = '', , ...deeper] = path.split('.')
  if (deeper.length > 0) return [{ field: 'expand', message: 'Relations are followed two steps at most' }]
  return relations.some(({ name }) => name === first) ? [] : [{ field: 'expand', message: `There is no relation ${wordOf(first)}` }]
}

function isShownName({ fields, computed, files }: Resource, name: string): boolean {
  return (
    PLATFORM_FIELDS.includes(name) ||
    fields.has(name) ||
    computed.some(([own]) => own === name) ||
    files.some(({ urlField }) => urlField === name)
  )
}

/** Names come from anybody: shown short, as JSON. */
function wordOf(name: string): string {
  return JSON.stringify(name.slice(0, 64).toWellFormed())
}
