// What is wrong with the app's resources, all at once and in words that say what to do. A definition with a problem does not start.
import { checkAccess } from './check-access.ts'
import { checkSearch } from './check-search.ts'
import { type Field, fieldsOf, strictSchemaOf, urlFieldOf } from './compile.ts'
import { checkWriting } from './check-writing.ts'
import type { ResourceDefinition } from './contract.ts'
import { LIST_PARAMETERS } from './queries/parameters.ts'
import { PLATFORM_FIELDS } from './schemas.ts'

export interface CheckContext {
  /** The scopes that the app declares. */
  readonly scopes: readonly string[]
  readonly buckets: readonly string[]
}

const NAME = /^[a-z][a-z0-9_]{0,50}$/
const FIELD = /^[A-Za-z][A-Za-z0-9_]{0,62}$/
const TAKEN_NAMES = new Set(['files', 'me', 'realtime'])
/** Query parameters of lists, and names that JavaScript gives a meaning to. */
const TAKEN_FIELDS = new Set([...PLATFORM_FIELDS, ...LIST_PARAMETERS, 'etag', 'prototype'])
const PLATFORM_INDEX_FIELDS = new Set(['ownerId', 'createdAt', 'updatedAt'])

export function checkResources(definitions: readonly ResourceDefinition[], context: CheckContext): string[] {
  const names = definitions.map((definition) => definition.name)
  const twice = new Set(names.filter((name, index) => names.indexOf(name) !== index))
  const doubles = [...twice].map((name) => `Two resources are named ${name}.`)
  return [
    ...doubles,
    ...definitions.flatMap((definition) =>
      checkResource(definition, context, names).map((problem) => `Resource ${definition.name}: ${problem}`),
    ),
  ]
}

function checkResource(definition: ResourceDefinition, context: CheckContext, names: readonly string[]): string[] {
  const problems = [...checkName(definition.name), ...checkScopes(definition, context)]
  const schema = strictSchemaOf(definition)
  if (typeof schema === 'string') return [...problems, schema]
  let fields: Map<string, Field>
  try {
    fields = fieldsOf(definition, schema)
  } catch (error) {
    return [
      ...problems,
      `its schema has a field that JSON cannot carry as it is (${error instanceof Error ? error.message : String(error)}). Store text, numbers, booleans, lists and objects.`,
    ]
  }
  const subject = { definition, fields }
  return [
    ...problems,
    ...checkFields(subject),
    ...checkIndexes(subject),
    ...checkAccess(subject),
    ...checkSearch(subject),
    ...checkNamed(subject, context),
    ...checkWriting({ ...subject, names, scopes: context.scopes }),
  ]
}

interface Subject {
  readonly definition: ResourceDefinition
  readonly fields: ReadonlyMap<string, Field>
}

function checkName(name: string): string[] {
  if (!NAME.test(name)) return ['its name must be lower-case letters, digits and "_", beginning with a letter.']
  return TAKEN_NAMES.has(name) ? [`/api/${name} is the platform's own; take another name.`] : []
}

function checkScopes({ scopes }: ResourceDefinition, context: CheckContext): string[] {
  return Object.values(scopes)
    .filter((scope) => !context.scopes.includes(scope))
    .map((scope) => `the scope ${scope} is not declared. Add it to the app's scopes with the words that people consent to.`)
}

function checkFields({ definition, fields }: Subject): string[] {
  return [...fields.keys()].flatMap((name) => {
    if (!FIELD.test(name)) return [`the field "${name}" must be letters, digits and "_", beginning with a letter.`]
    if (TAKEN_FIELDS.has(name) || name in {} || (name === 'shared' && definition.share === true))
      return [`the field ${name} has a name that the platform uses.`]
    const file = Object.keys(definition.files ?? {}).find((field) => urlFieldOf(field) === name)
    return file === undefined ? [] : [`the field ${name} is where the link of ${file} appears; take another name.`]
  })
}

function checkIndexes({ definition, fields }: Subject): string[] {
  return Object.entries(definition.indexes).flatMap(([name, index]) => {
    const where = `index ${name}`
    if (!FIELD.test(name)) return [`${where} needs a name of letters, digits and "_".`]
    if (index.fields.length === 0) return [`${where} has no fields.`]
    return index.fields.flatMap((field) => {
      if (PLATFORM_INDEX_FIELDS.has(field)) return []
      const known = fields.get(field)
      if (known === undefined) return [`${where} names the field ${field}, which the schema does not have.`]
      if (known.nullable)
        return [`${where} names ${field}, which may be null. Make it optional instead: an index knows values and absence.`]
      return known.kind === undefined ? [`${where} names ${field}, which is not text, a number or a boolean.`] : []
    })
  })
}

function checkNamed({ definition, fields }: Subject, context: CheckContext): string[] {
  const unknown = (definition.writeOnce ?? [])
    .filter((field) => !fields.has(field))
    .map((field) => `writeOnce names ${field}, which the schema does not have.`)
  const files = Object.entries(definition.files ?? {}).flatMap(([field, bucket]) => {
    const problems: string[] = []
    if (fields.get(field)?.kind !== 'string')
      problems.push(`files names ${field}, which must be a text field of the schema: it holds the id of the file.`)
    if (!context.buckets.includes(bucket))
      problems.push(`${field} keeps its files in the bucket ${bucket}, which the app does not declare.`)
    return problems
  })
  return [...unknown, ...files]
}
