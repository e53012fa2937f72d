// A list request and its caller, made into one stretch of one index. A query that no index serves is refused with the index to add.
import { type Actor, type Equalities, mayTouch, type Permission } from '../access.ts'
import type { Resource, ResourceIndex } from '../compile.ts'
import { resourceErrors } from '../errors.ts'
import { PLATFORM_FIELDS } from '../schemas.ts'
import { type Narrowed, waysToList } from './narrow.ts'
import { type AskedList, refusedQuery } from './parse.ts'

type Asked = Pick<AskedList, 'where' | 'range' | 'sort' | 'search'>

export interface ListPlan {
  readonly index: string
  readonly where: Equalities
  /** What the caller must see of every object that is found, since the query tells of it. */
  readonly used: readonly string[]
  readonly isConditional: boolean
}

/** `undefined` when there is nothing that this caller could see. */
export function planList(resource: Resource, actor: Actor, asked: Asked): ListPlan | undefined {
  const way = chooseWay(resource, actor, asked)
  if (way === undefined) return undefined
  const index = serving(resource, way, asked)
  const tail = index.fields.slice(Object.keys(way.where).length)
  return { index: index.name, where: way.where, used: [...usedBy(resource, way, asked), ...tail], isConditional: way.isConditional }
}

export interface SearchPlan {
  readonly where: Equalities
  readonly used: readonly string[]
}

export function planSearch(resource: Resource, actor: Actor, asked: Asked): SearchPlan | undefined {
  const way = chooseWay(resource, actor, asked)
  if (way === undefined) return undefined
  const missing = Object.keys(way.where).filter((field) => resource.collection.search?.filters?.includes(field) !== true)
  if (missing.length === 0) return { where: way.where, used: usedBy(resource, way, asked) }
  const filters = missing.map((field) => `"${field}"`).join(', ')
  throw resourceErrors.no_index({
    detail: `A search of ${resource.name} cannot be narrowed by ${missing.join(' + ')}. Add it to its definition: search: { filters: [${filters}] }.`,
  })
}

/** Fields that the query tells of, beyond what the way in which it is served tells anyway. */
function usedBy({ definition }: Resource, { limits }: Pick<Narrowed, 'limits'>, { where, range, sort, search }: Asked): string[] {
  const named = [...Object.keys(where), range?.field, sort].filter((field) => field !== undefined && limits[field] === undefined)
  return [...named, ...(search === undefined ? [] : (definition.search?.fields ?? []))].filter((field) => field !== undefined)
}

const isVisible = (certain: Permission, field: string): boolean => PLATFORM_FIELDS.includes(field) || mayTouch(certain, field)

/** The best way in which the caller sees all that the query would tell of: to ask for the objects with a value is to be told that value. */
function chooseWay(resource: Resource, actor: Actor, asked: Asked): Narrowed | undefined {
  const ways = waysToList(resource, actor, asked.where)
  const [first] = ways
  if (first === undefined) return undefined
  const hiddenIn = (way: Narrowed): string[] => usedBy(resource, way, asked).filter((field) => !isVisible(way.certain, field))
  const way = ways.find((candidate) => hiddenIn(candidate).length === 0)
  if (way === undefined) {
    const isNamed = (field: string): boolean => asked.where[field] !== undefined || asked.sort === field || asked.range?.field === field
    const names = new Set(hiddenIn(first).map((field) => (isNamed(field) ? field : 'search')))
    throw refusedQuery([...names].map((field) => ({ field, message: 'You may not look for this' })))
  }
  if (way.choose !== undefined) throw refusedQuery([{ field: way.choose, message: 'You are in several groups; say which one to list' }])
  return way
}

/**
 * The first index, in the order declared, whose first fields are exactly those that have a value, and whose next one is what the query ranges over or sorts
 * by. What follows is told by the order of the objects, so the caller must see it.
 */
function serving(resource: Resource, { where, certain }: Narrowed, asked: Asked): ResourceIndex {
  const equal = Object.keys(where)
  const next = nextField(where, asked)
  const found = resource.indexes.find(({ fields }) => {
    if (fields.length < equal.length || !fields.slice(0, equal.length).every((field) => equal.includes(field))) return false
    const rest = fields.slice(equal.length)
    return (next === undefined || next === rest[0]) && rest.every((field) => isVisible(certain, field))
  })
  if (found !== undefined) return found
  const named = [...equal, ...(next === undefined ? [] : [next])]
  const wanted = next !== undefined || equal.includes('createdAt') ? named : [...named, 'createdAt']
  throw resourceErrors.no_index({
    detail: `No index of ${resource.name} begins with ${named.join(' + ') || 'anything'}. Add one to its definition: { fields: [${wanted.map((field) => `"${field}"`).join(', ')}] }.`,
  })
}

/** The field that the query ranges over or sorts by. */
function nextField(where: Equalities, { range, sort }: Asked): string | undefined {
  if (range !== undefined && where[range.field] !== undefined)
    throw refusedQuery([{ field: range.field, message: 'Has one value already; a range needs a field of its own' }])
  const sorted = sort !== undefined && where[sort] === undefined ? sort : undefined
  if (range === undefined || sorted === undefined || sorted === range.field) return range?.field ?? sorted
  throw refusedQuery([{ field: 'sort', message: `The range orders the list by ${range.field}` }])
}
