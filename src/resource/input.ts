// What clients send, on its way to becoming fields: strict schemas, defaults, and merges for changes (RFC 7396). Fields that are the platform's, read-only or
// computed are refused by name, so that nobody assigns what is not theirs by sending more than they were asked for.
import { isDeepStrictEqual } from 'node:util'
import { type FieldProblem, fieldProblems } from '#kernel/schema.ts'
import { fitsIndex, unstorable } from '#kernel/storable.ts'
import type { Resource } from './compile.ts'
import type { DefaultContext } from './contract.ts'
import { resourceErrors } from './errors.ts'
import { isPlainObject, mergePatch } from './merge.ts'
import { PLATFORM_FIELDS, type ResourceDocument } from './schemas.ts'

export type Fields = Readonly<Record<string, unknown>>

/** Who writes: the platform's own calls may set read-only fields. */
export interface Writer extends DefaultContext {
  readonly trusted: boolean
}

export function invalid(fields: readonly FieldProblem[]): Error {
  return resourceErrors.invalid({ detail: 'Some fields do not fit; nothing was stored.', fields })
}

/** The fields of a new object, or `resource.invalid` with every problem. */
export function parseNew(resource: Resource, input: unknown, writer: Writer): Fields {
  if (!isPlainObject(input)) throw invalid([{ field: '', message: 'Send an object' }])
  const refused = writer.trusted ? [] : Object.keys(input).filter((name) => resource.fields.get(name)?.readOnly === true)
  const problems = refused.map((field) => ({ field, message: READ_ONLY }))
  const given = refused.length === 0 ? { ...input } : Object.fromEntries(Object.entries(input).filter(([name]) => !refused.includes(name)))
  for (const [name, valueOf] of resource.defaults) if (given[name] === undefined) given[name] = valueOf(writer)
  return parseWhole(resource, given, problems)
}

/** What a change sets and, as `undefined`, removes. Only what differs from the present object. */
export function parseChange(
  resource: Resource,
  { current, input }: { readonly current: ResourceDocument; readonly input: unknown },
  writer: Pick<Writer, 'trusted'>,
): Record<string, unknown> {
  if (!isPlainObject(input)) throw invalid([{ field: '', message: 'Send an object with the fields to change' }])
  const merged: Record<string, unknown> = fieldsOf(resource, current)
  const problems: FieldProblem[] = []
  for (const [name, value] of Object.entries(input)) {
    const problem = mergeField(resource, merged, { name, value, trusted: writer.trusted })
    if (problem !== undefined) problems.push({ field: name, message: problem })
  }
  return differences(resource, current, parseWhole(resource, merged, problems))
}

/** What hooks set, as a whole object that fits the schema again. */
export function parseSet(resource: Resource, fields: Fields, set: Fields): Fields {
  const next = new Map(Object.entries(fields))
  for (const [name, value] of Object.entries(set)) {
    if (value === undefined) next.delete(name)
    else next.set(name, value)
  }
  return parseWhole(resource, Object.fromEntries(next))
}

/** The stored fields of a document, without the platform's. */
export function fieldsOf(resource: Resource, document: ResourceDocument): Record<string, unknown> {
  return Object.fromEntries([...resource.fields.keys()].flatMap((name) => (document[name] === undefined ? [] : [[name, document[name]]])))
}

export function differences(resource: Resource, current: ResourceDocument, next: Fields): Record<string, unknown> {
  const set: Record<string, unknown> = {}
  for (const name of resource.fields.keys()) if (!isDeepStrictEqual(current[name], next[name])) set[name] = next[name]
  return set
}

const READ_ONLY = 'Set by the app; leave it out'

interface Given {
  readonly name: string
  readonly value: unknown
  readonly trusted: boolean
}

/** Puts the value into `merged`, or says why not. */
function mergeField(resource: Resource, merged: Record<string, unknown>, { name, value, trusted }: Given): string | undefined {
  const field = resource.fields.get(name)
  if (field === undefined) return unknownField(resource, name)
  if (field.readOnly && !trusted) return READ_ONLY
  const removed = value === null && !field.nullable
  if (removed && !field.optional) return 'Required; it cannot be removed'
  const next = removed ? undefined : mergePatch(resource.merge.get(name)?.members, merged[name], value)
  if (field.writeOnce && isOther(merged[name], next)) return 'Cannot be changed once it is set'
  if (next === undefined) delete merged[name]
  else merged[name] = next
  return undefined
}

/** What is not there yet may be set. */
function isOther(present: unknown, next: unknown): boolean {
  return present !== undefined && !isDeepStrictEqual(present, next)
}

/** Parses all of an object's fields. The problems that are known already come first. */
function parseWhole(resource: Resource, input: Fields, known: readonly FieldProblem[] = []): Fields {
  const parsed = resource.input.safeParse(input)
  if (!parsed.success) {
    const problems = fieldProblems(parsed.error).map((problem) =>
      problem.message === 'Unknown field' ? { field: problem.field, message: unknownField(resource, problem.field) } : problem,
    )
    throw invalid([...known, ...problems])
  }
  const fields = Object.fromEntries(Object.entries(parsed.data).filter(([, value]) => value !== undefined))
  const problems = [...known, ...storageProblems(resource, fields)]
  if (problems.length > 0) throw invalid(problems)
  return fields
}

// What no schema says but every database needs, found out here where the field can be named.
function storageProblems({ indexes }: Resource, fields: Fields): FieldProblem[] {
  const broken = unstorable(fields)
  if (broken !== undefined) return [{ field: broken, message: 'Not well-formed text' }]
  return indexes
    .map((index) => index.fields.filter((name) => typeof fields[name] === 'string'))
    .filter((names) => !fitsIndex(names.map((name) => fields[name])))
    .map((names) => ({ field: names.at(-1) ?? '', message: 'Too long for a field that lists are ordered by' }))
}

function unknownField(resource: Resource, name: string): string {
  if (PLATFORM_FIELDS.includes(name)) return 'Set by the platform; leave it out'
  const derived = resource.computed.some(([field]) => field === name) || resource.files.some(({ urlField }) => urlField === name)
  return derived ? 'Worked out by the platform; leave it out' : 'Unknown field'
}
