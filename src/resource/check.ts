// What is wrong with the app's resources, all at once and in words that say what to do. A definition with a problem does not start.
import { type Field, fieldsOf, kindOfValue, OPERATIONS, strictSchemaOf, urlFieldOf } from './compile.ts'
import type { AccessGrant, ResourceDefinition } from './contract.ts'
import { PLATFORM_FIELDS } from './schemas.ts'

export interface CheckContext {
  /** The scopes that the app declares. */
  readonly scopes: readonly string[]
  readonly buckets: readonly string[]
}

const NAME = /^[a-z][a-z0-9_]{0,50}$/
const FIELD = /^[A-Za-z][A-Za-z0-9_]{0,62}$/
const TAKEN_NAMES = new Set(['files'])
/** Query parameters of lists, and names that JavaScript gives a meaning to. */
const TAKEN_FIELDS = new Set([...PLATFORM_FIELDS, 'limit', 'after', 'order', 'prototype'])
const PLATFORM_INDEX_FIELDS = new Set(['ownerId', 'createdAt', 'updatedAt'])
const WIDTH = { owner: 0, user: 1, anyone: 2 } as const

export function checkResources(definitions: readonly ResourceDefinition[], context: CheckContext): string[] {
  const names = definitions.map((definition) => definition.name)
  const twice = new Set(names.filter((name, index) => names.indexOf(name) !== index))
  const doubles = [...twice].map((name) => `Two resources are named ${name}.`)
  return [
    ...doubles,
    ...definitions.flatMap((definition) => checkResource(definition, context).map((problem) => `Resource ${definition.name}: ${problem}`)),
  ]
}

function checkResource(definition: ResourceDefinition, context: CheckContext): string[] {
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
    ...definition.access.flatMap((grant) => checkGrant(subject, grant)),
    ...checkNamed(subject, context),
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
    if (TAKEN_FIELDS.has(name) || name in {}) return [`the field ${name} has a name that the platform uses.`]
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

function checkGrant(subject: Subject, grant: AccessGrant): string[] {
  const said = `the grant for ${grant.who} (${grant.may.join(', ')})`
  const problems: string[] = checkWhere(subject, grant, said)
  if (grant.may.length === 0) problems.push(`${said} allows nothing.`)
  for (const operation of grant.may) if (!OPERATIONS.includes(operation)) problems.push(`${said} names the unknown operation ${operation}.`)
  if (grant.who === 'anyone' && grant.may.includes('create'))
    problems.push(`${said}: who creates an object owns it, so "anyone" cannot. Use "user".`)
  if (grant.may.includes('list')) problems.push(...checkListGrant(subject.definition, grant, said))
  // The answer to a change shows the object.
  if (grant.may.includes('update') && !subject.definition.access.some((other) => showsAll(other, grant))) {
    problems.push(`${said} allows a change of what it does not show; add "get" to it.`)
  }
  return problems
}

function checkWhere({ fields }: Subject, grant: AccessGrant, said: string): string[] {
  return Object.entries(grant.where ?? {}).flatMap(([field, value]) => {
    const known = fields.get(field)
    if (known === undefined) return [`${said} asks for ${field}, which the schema does not have.`]
    return known.kind !== undefined && known.kind === kindOfValue(value) ? [] : [`${said} compares ${field} with a value of another type.`]
  })
}

function checkListGrant({ indexes }: ResourceDefinition, grant: AccessGrant, said: string): string[] {
  const limits = [...(grant.who === 'owner' ? ['ownerId'] : []), ...Object.keys(grant.where ?? {})]
  // The request may give values for the other first fields of the index.
  if (Object.values(indexes).some((index) => limits.every((field) => index.fields.includes(field)))) return []
  const fields = [...limits, 'createdAt'].map((field) => `"${field}"`).join(', ')
  return [`${said} can never be listed: no index has ${limits.join(' + ') || 'any field'}. Add an index with fields: [${fields}].`]
}

function showsAll(other: AccessGrant, grant: AccessGrant): boolean {
  if (!other.may.includes('get') || WIDTH[other.who] < WIDTH[grant.who]) return false
  return Object.entries(other.where ?? {}).every(([field, value]) => grant.where?.[field] === value)
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
