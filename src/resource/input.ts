// What clients send, on its way to becoming fields: strict schemas, and a merge of known fields for changes (in the manner of RFC 7396).
import { isDeepStrictEqual } from 'node:util'
import { type FieldProblem, fieldProblems } from '#kernel/schema.ts'
import type { Resource } from './compile.ts'
import { resourceErrors } from './errors.ts'
import { PLATFORM_FIELDS, type ResourceDocument } from './schemas.ts'

type Fields = Readonly<Record<string, unknown>>

export function invalid(fields: readonly FieldProblem[]): Error {
  return resourceErrors.invalid({ detail: 'Some fields do not fit; nothing was stored.', fields })
}

/** The fields of a new object, or `resource.invalid` with every problem. */
export function parseNew(resource: Resource, input: unknown): Fields {
  return parseWhole(resource, input)
}

/** What a change sets and, as `undefined`, removes. Only what differs from the present object. */
export function parseChange(resource: Resource, current: ResourceDocument, input: unknown): Record<string, unknown> {
  if (!isPlainObject(input)) throw invalid([{ field: '', message: 'Send an object with the fields to change' }])
  const merged: Record<string, unknown> = fieldsOf(resource, current)
  const problems: FieldProblem[] = []
  for (const [name, value] of Object.entries(input)) {
    const problem = mergeField(resource, merged, [name, value])
    if (problem !== undefined) problems.push({ field: name, message: problem })
  }
  if (problems.length > 0) throw invalid(problems)
  const next = parseWhole(resource, merged)
  return differences(resource, current, next)
}

function mergeField(resource: Resource, merged: Record<string, unknown>, [name, value]: readonly [string, unknown]): string | undefined {
  const field = resource.fields.get(name)
  if (field === undefined) return unknownField(name)
  const next = value === null && !field.nullable ? undefined : value
  if (next === undefined && value === null && !field.optional) return 'Required; it cannot be removed'
  if (field.writeOnce && merged[name] !== undefined && !isDeepStrictEqual(merged[name], next)) return 'Cannot be changed once it is set'
  if (next === undefined) delete merged[name]
  else merged[name] = next
  return undefined
}

function differences(resource: Resource, current: ResourceDocument, next: Fields): Record<string, unknown> {
  const set: Record<string, unknown> = {}
  for (const name of resource.fields.keys()) if (!isDeepStrictEqual(current[name], next[name])) set[name] = next[name]
  return set
}

function parseWhole(resource: Resource, input: unknown): Fields {
  const parsed = resource.input.safeParse(input)
  if (!parsed.success) {
    throw invalid(
      fieldProblems(parsed.error).map((problem) =>
        problem.message === 'Unknown field' ? { field: problem.field, message: unknownField(problem.field) } : problem,
      ),
    )
  }
  const entries = Object.entries(parsed.data).filter(([, value]) => value !== undefined)
  // Half a surrogate pair has no bytes in UTF-8, so no index could order it and no other program read it.
  const broken = entries.filter(([, value]) => typeof value === 'string' && !value.isWellFormed())
  if (broken.length > 0) throw invalid(broken.map(([field]) => ({ field, message: 'Not well-formed text' })))
  return Object.fromEntries(entries)
}

function fieldsOf(resource: Resource, document: ResourceDocument): Record<string, unknown> {
  return Object.fromEntries([...resource.fields.keys()].flatMap((name) => (document[name] === undefined ? [] : [[name, document[name]]])))
}

function unknownField(name: string): string {
  return PLATFORM_FIELDS.includes(name) ? 'Set by the platform; leave it out' : 'Unknown field'
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
