// What is wrong with how a resource is written: read-only fields, defaults, computed fields, relations and routes of the app.
import { checkProtected } from './check-protected.ts'
import { type Field, jsonSchemaOf } from './compile.ts'
import type { RelationDefinition, ResourceDefinition, ResourceRoute } from './contract.ts'
import { PLATFORM_FIELDS } from './schemas.ts'

export interface WritingSubject {
  readonly definition: ResourceDefinition
  readonly fields: ReadonlyMap<string, Field>
  /** All resources of the app. */
  readonly names: readonly string[]
  readonly scopes: readonly string[]
}

const FIELD = /^[A-Za-z][A-Za-z0-9_]{0,62}$/
const METHODS = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])
const SEGMENT = /^(?:[a-z0-9][a-z0-9_.-]*|:[A-Za-z][A-Za-z0-9]*)$/
const ON_DELETE = new Set(['restrict', 'cascade', 'clear'])

/** A stored object says who owns it and who may see it, and what is taken back must be gone within a second. */
const MAX_CACHED_MS = 1000

export function checkWriting(subject: WritingSubject): string[] {
  return [
    ...checkReadOnly(subject),
    ...checkDefaults(subject),
    ...checkComputed(subject),
    ...checkRelations(subject),
    ...checkCache(subject),
    ...(subject.definition.routes ?? []).flatMap((route) => checkRoute(subject, route)),
  ]
}

function checkCache({ definition: { cache } }: WritingSubject): string[] {
  if (cache === undefined || (cache.lifetimeMs > 0 && cache.lifetimeMs <= MAX_CACHED_MS)) return []
  return [
    `its cache needs a lifetimeMs of at most ${MAX_CACHED_MS}: objects carry who may see them, and nobody sees them longer than that.`,
  ]
}

function checkReadOnly({ definition, fields }: WritingSubject): string[] {
  return (definition.readOnly ?? []).flatMap((name) => {
    const field = fields.get(name)
    if (field === undefined) return [`readOnly names ${name}, which the schema does not have.`]
    const filled = field.optional || definition.defaults?.[name] !== undefined
    return filled ? [] : [`${name} is readOnly and required, so no object could be created. Make it optional, or give it a default.`]
  })
}

function checkDefaults({ definition, fields }: WritingSubject): string[] {
  return Object.entries(definition.defaults ?? {}).flatMap(([name, value]) => {
    if (!fields.has(name)) return [`defaults names ${name}, which the schema does not have.`]
    return typeof value === 'function' ? [] : [`the default of ${name} must be a function; for a fixed value use .default() in the schema.`]
  })
}

function checkComputed({ definition, fields }: WritingSubject): string[] {
  const links = new Set(Object.keys(definition.files ?? {}).map((field) => `${field}Url`))
  return Object.entries(definition.computed ?? {}).flatMap(([name, computed]) => {
    if (!FIELD.test(name) || name in {}) return [`the computed field "${name}" must be letters, digits and "_", beginning with a letter.`]
    if (fields.has(name) || PLATFORM_FIELDS.includes(name) || links.has(name))
      return [`the computed field ${name} has a name that is taken.`]
    if (typeof computed.of !== 'function') return [`the computed field ${name} needs "of", a function of the object.`]
    return isJson(computed.schema) ? [] : [`the computed field ${name} has a schema that JSON cannot carry.`]
  })
}

function checkRelations(subject: WritingSubject): string[] {
  const { definition, fields, names } = subject
  return Object.entries(definition.relations ?? {}).flatMap(([name, relation]) => {
    const { field, to } = relation
    const said = `the relation ${name}`
    const problems: string[] = []
    if (!FIELD.test(name) || name in {}) problems.push(`${said} needs a name of letters, digits and "_".`)
    if (fields.has(name) || PLATFORM_FIELDS.includes(name))
      problems.push(`${said} has the name of a field; expanded objects appear under it.`)
    if (!names.includes(to)) problems.push(`${said} leads to ${to}, which is no resource of this app.`)
    if (fields.get(field)?.kind !== 'string') problems.push(`${said} uses ${field}, which must be a text field of the schema.`)
    return relation.onDelete === undefined ? problems : [...problems, ...checkOnDelete(subject, relation, said)]
  })
}

function checkOnDelete({ definition, fields }: WritingSubject, { field, onDelete }: RelationDefinition, said: string): string[] {
  const problems: string[] = []
  if (!ON_DELETE.has(String(onDelete))) problems.push(`${said} has an unknown onDelete; use restrict, cascade or clear.`)
  if (onDelete === 'clear' && fields.get(field)?.optional === false)
    problems.push(`${said} clears ${field}, which is required. Make it optional.`)
  if (!Object.values(definition.indexes).some((index) => index.fields[0] === field))
    problems.push(`${said} must find who refers to a deleted object. Add an index with fields: ["${field}", "createdAt"].`)
  return problems
}

function checkRoute({ definition, scopes }: WritingSubject, route: ResourceRoute): string[] {
  const said = `the route ${route.method} ${route.path}`
  const base = `/api/${definition.name}/`
  const problems: string[] = []
  if (!METHODS.has(route.method)) problems.push(`${said} has an unknown method.`)
  if (
    !route.path.startsWith(base) ||
    !route.path
      .slice(base.length)
      .split('/')
      .every((segment) => SEGMENT.test(segment))
  )
    problems.push(`${said} must be a path below ${base}, of lower-case names and :parameters.`)
  if (route.summary === '') problems.push(`${said} needs a summary.`)
  if (route.allow.who === 'user' && !scopes.includes(route.allow.scope))
    problems.push(`${said} asks for the scope ${route.allow.scope}, which is not declared.`)
  if (route.method === 'GET' && route.input?.body !== undefined) problems.push(`${said} cannot have a body.`)
  return [...problems, ...checkProtected({ definition, scopes }, route, said), ...checkAnswers(route, said)]
}

function checkAnswers({ input, answers }: ResourceRoute, said: string): string[] {
  const problems: string[] = []
  const schemas = [input?.query, input?.body, ...Object.values(answers)]
  if (schemas.some((schema) => typeof schema === 'object' && !isJson(schema))) problems.push(`${said} has a schema that JSON cannot carry.`)
  if (!Object.keys(answers).some((status) => /^2\d\d$/.test(status))) problems.push(`${said} declares no answer of success.`)
  if (Object.entries(answers).some(([status, shape]) => (shape === 'problem') !== /^[45]\d\d$/.test(status)))
    problems.push(`${said}: statuses from 400 on are problems, and no others.`)
  return problems
}

function isJson(schema: Parameters<typeof jsonSchemaOf>[0]): boolean {
  try {
    jsonSchemaOf(schema, 'output')
    return true
  } catch {
    return false
  }
}
