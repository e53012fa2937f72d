// What the schema of a document says about its top-level fields, as far as an index or a column needs to know.
import { type Schema, z } from './schema.ts'

export type ScalarKind = 'string' | 'number' | 'boolean'

/** The kind of a JSON schema, when it has exactly one. Absent for lists, objects and mixtures; `null` beside it does not count. */
export function scalarKind(schema: unknown): ScalarKind | undefined {
  const kinds = kindsOf(schema)
  return kinds.size === 1 ? [...kinds][0] : undefined
}

export function scalarKindOfValue(value: unknown): ScalarKind | undefined {
  return namedKind(typeof value)
}

/** Top-level fields that are one kind of scalar wherever the schema has them, in every branch of a union. */
export function scalarFields(schema: Schema): ReadonlyMap<string, ScalarKind> {
  const found = new Map<string, Set<ScalarKind | undefined>>()
  for (const branch of branchesOf(z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' }))) {
    for (const [name, field] of Object.entries(recordOf(branch['properties']))) {
      const kinds = found.get(name) ?? new Set()
      const own = kindsOf(field)
      if (own.size === 0) kinds.add(undefined)
      for (const kind of own) kinds.add(kind)
      found.set(name, kinds)
    }
  }
  return new Map(
    [...found].flatMap(([name, kinds]) => {
      const [kind] = kinds
      return kinds.size === 1 && kind !== undefined ? [[name, kind] as const] : []
    }),
  )
}

function branchesOf(schema: unknown): Readonly<Record<string, unknown>>[] {
  const keywords = recordOf(schema)
  const parts = ['anyOf', 'oneOf', 'allOf'].flatMap((keyword) => listOf(keywords[keyword]))
  return [keywords, ...parts.flatMap(branchesOf)]
}

/** All that a value of the schema may be, without `null`; `undefined` stands for everything else. */
function kindsOf(schema: unknown): Set<ScalarKind | undefined> {
  const keywords = recordOf(schema)
  const choices = [...listOf(keywords['anyOf']), ...listOf(keywords['oneOf'])]
  if (choices.length > 0) return new Set(choices.flatMap((choice) => (isNull(choice) ? [] : orUnknown(kindsOf(choice)))))
  if (Array.isArray(keywords['enum']))
    return new Set(
      listOf(keywords['enum'])
        .filter((value) => value !== null)
        .map(scalarKindOfValue),
    )
  if ('const' in keywords) return new Set([scalarKindOfValue(keywords['const'])])
  if (listOf(keywords['allOf']).length > 0) return new Set(listOf(keywords['allOf']).flatMap((part) => [...kindsOf(part)]))
  const types = Array.isArray(keywords['type']) ? listOf(keywords['type']) : [keywords['type']]
  return new Set(types.filter((type) => type !== 'null').map(namedKind))
}

function orUnknown(kinds: Set<ScalarKind | undefined>): (ScalarKind | undefined)[] {
  return kinds.size === 0 ? [undefined] : [...kinds]
}

function isNull(schema: unknown): boolean {
  const keywords = recordOf(schema)
  return keywords['type'] === 'null' || ('const' in keywords && keywords['const'] === null)
}

function namedKind(type: unknown): ScalarKind | undefined {
  if (type === 'integer') return 'number'
  return type === 'string' || type === 'number' || type === 'boolean' ? type : undefined
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
