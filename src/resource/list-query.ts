// The query of a list: text from an address to typed values, and those to one stretch of one index.
import type { FieldProblem } from '#kernel/schema.ts'
import type { Equalities } from './access.ts'
import { type Kind, kindOfValue, type Resource } from './compile.ts'
import type { ListRequest } from './contract.ts'
import { resourceErrors } from './errors.ts'
import { PLATFORM_FIELDS } from './schemas.ts'

const DEFAULT_LIMIT = 20
const MAX_LIMIT = 100
const LIMIT_PROBLEM = `Give a whole number from 1 to ${MAX_LIMIT}`
const NUMBER = /^-?\d{1,16}(\.\d{1,16})?$/

/** `?album=x&limit=10&order=descending`. What cannot be meant is refused by name; nothing is ignored. */
export function parseListQuery(resource: Resource, query: Readonly<Record<string, string>>): ListRequest {
  const { limit, order, after, ...filters } = query
  const problems: FieldProblem[] = []
  const where: Record<string, string | number | boolean> = {}
  for (const [field, text] of Object.entries(filters)) {
    const value = valueOf(resource.kinds.get(field), text)
    if (value === undefined) problems.push({ field, message: filterProblem(resource, field) })
    else where[field] = value
  }
  problems.push(...pagingProblems(limit, order))
  if (problems.length > 0) throw resourceErrors.invalid({ detail: 'The query has parameters that do not fit.', fields: problems })
  return {
    where,
    ...(limit === undefined ? {} : { limit: Number(limit) }),
    ...(order === 'ascending' || order === 'descending' ? { order } : {}),
    ...(after === undefined ? {} : { after }),
  }
}

function pagingProblems(limit: string | undefined, order: string | undefined): FieldProblem[] {
  const problems: FieldProblem[] = []
  if (limit !== undefined && !/^\d{1,3}$/.test(limit)) problems.push({ field: 'limit', message: LIMIT_PROBLEM })
  if (order !== undefined && order !== 'ascending' && order !== 'descending')
    problems.push({ field: 'order', message: 'Give ascending or descending' })
  return problems
}

function valueOf(kind: Kind | undefined, text: string): string | number | boolean | undefined {
  if (kind === 'string') return text.isWellFormed() ? text : undefined
  if (kind === 'number') return NUMBER.test(text) ? Number(text) : undefined
  if (kind === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  return undefined
}

function filterProblem(resource: Resource, field: string): string {
  const kind = resource.kinds.get(field)
  if (kind === 'boolean') return 'Give true or false'
  if (kind !== undefined) return `Give a ${kind === 'number' ? 'number' : 'well-formed text'}`
  return resource.fields.has(field) || PLATFORM_FIELDS.includes(field) ? 'This field cannot be searched' : 'Unknown field'
}

/** The same checks for callers within the platform, whose values are typed already. */
export function checkListRequest(
  resource: Resource,
  request: ListRequest,
): { where: Equalities; limit: number; order: 'ascending' | 'descending' } {
  const { where = {}, limit = DEFAULT_LIMIT, order = 'ascending' } = request
  const problems = Object.entries(where)
    .filter(([field, value]) => resource.kinds.get(field) === undefined || resource.kinds.get(field) !== kindOfValue(value))
    .map(([field]) => ({ field, message: filterProblem(resource, field) }))
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) problems.push({ field: 'limit', message: LIMIT_PROBLEM })
  if (problems.length > 0) throw resourceErrors.invalid({ detail: 'The query has parameters that do not fit.', fields: problems })
  return { where, limit, order }
}

/** The first index, in the order declared, whose first fields are exactly those that the query gives. */
export function chooseIndex({ name, indexes }: Resource, where: Equalities): string {
  const equal = Object.keys(where)
  const serving = indexes.find(
    ({ fields }) => fields.length >= equal.length && fields.slice(0, equal.length).every((field) => equal.includes(field)),
  )
  if (serving !== undefined) return serving.name
  const fields = [...equal, ...(equal.includes('createdAt') ? [] : ['createdAt'])].map((field) => `"${field}"`).join(', ')
  throw resourceErrors.no_index({
    detail: `No index of ${name} begins with ${equal.join(' + ') || 'anything'}. Add one to its definition: { fields: [${fields}] }.`,
  })
}
