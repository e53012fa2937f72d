// The named schemas of a resource: what it shows, and what it takes for a new object, a change and many writes at once.
import type { Schema } from '#kernel/schema.ts'
import { MAX_BULK } from '../bulk/schemas.ts'
import { jsonSchemaOf, type Resource } from '../compile.ts'
import type { ShownSchemas } from '../shown.ts'
import { EXAMPLE_ID, exampleFor, exampleOf } from './example.ts'
import { type Part, ref, titleOf } from './parts.ts'

/** Names of schemas by the schema itself, so that routes that use one refer to it. */
export type SchemaNames = ReadonlyMap<Schema, string>

export function namesOf(resources: readonly Resource[], shown: ReadonlyMap<string, ShownSchemas>): SchemaNames {
  const names = new Map<Schema, string>()
  for (const { name } of resources) {
    const schemas = shown.get(name)
    if (schemas === undefined) continue
    names
      .set(schemas.object, titleOf(name))
      .set(schemas.read, `${titleOf(name)}Read`)
      .set(schemas.list, `${titleOf(name)}List`)
  }
  return names
}

export function resourceSchemas(resource: Resource, shown: ShownSchemas): Part {
  const title = titleOf(resource.name)
  const { create, example } = createSchema(resource)
  const whole = embedded(title, jsonSchemaOf(shown.object, 'output'))
  return {
    ...lifted(title, { ...whole, properties: marked(resource, whole['properties']), example: shownExample(shown, example) }),
    ...lifted(`${title}Read`, jsonSchemaOf(shown.read, 'output')),
    ...lifted(`${title}List`, jsonSchemaOf(shown.list, 'output')),
    ...lifted(`${title}Create`, { ...create, ...(example === undefined ? {} : { example }) }),
    ...lifted(`${title}Change`, {
      ...changeSchema(create, resource),
      description:
        'A JSON merge patch (RFC 7396): what is absent stays as it is; null removes what is optional, and is a value where null is one.',
    }),
    ...(canWrite(resource) ? bulkSchemas(resource, title) : {}),
  }
}

const canWrite = ({ grants }: Resource): boolean => grants.create.length + grants.update.length + grants.delete.length > 0

function createSchema(resource: Resource): { create: Part; example: unknown } {
  const json = jsonSchemaOf(resource.definition.schema, 'input')
  const hidden = new Set([...resource.fields.values()].filter(({ readOnly }) => readOnly).map(({ name }) => name))
  const defaulted = new Set(resource.defaults.map(([name]) => name))
  const properties = Object.fromEntries(Object.entries(Object(json['properties'])).filter(([name]) => !hidden.has(name)))
  const required = listOf(json['required'])
    .map(String)
    .filter((name) => !hidden.has(name) && !defaulted.has(name))
  const create = { ...json, properties, ...(required.length === 0 ? {} : { required }) }
  if (required.length === 0) Reflect.deleteProperty(create, 'required')
  // An id that leads nowhere would be refused.
  const leading = new Set(resource.relations.map(({ field }) => field))
  const shownProperties = Object.fromEntries(Object.entries(properties).filter(([name]) => required.includes(name) || !leading.has(name)))
  return { create, example: exampleFor(resource.definition.schema, { type: 'object', properties: shownProperties }) }
}

/** Everything may be left out, and what is optional may be null, at every depth. */
function changeSchema(json: Part, resource: Resource): Part {
  const { required: _required, ...rest } = json
  const properties = Object.entries<Part>(Object(json['properties'])).map(([name, schema]) => {
    const field = resource.fields.get(name)
    return [name, patchOf(schema, field?.optional === true || field?.nullable === true)] as const
  })
  return { ...rest, properties: Object.fromEntries(properties) }
}

function patchOf(schema: Part, removable: boolean): Part {
  const { default: _default, ...plain } = schema
  const members = schema['type'] === 'object' && schema['properties'] !== undefined ? mergedMembers(plain) : plain
  return removable ? { anyOf: [members, { type: 'null' }] } : members
}

function mergedMembers({ required, properties, ...rest }: Part): Part {
  const needed = listOf(required)
  const members = Object.entries<Part>(Object(properties)).map(([name, schema]) => [name, patchOf(schema, !needed.includes(name))])
  return { ...rest, properties: Object.fromEntries(members) }
}

/** Marks what clients never write. */
function marked(resource: Resource, properties: unknown): Part {
  const isWritten = (name: string): boolean => resource.fields.get(name)?.readOnly === false
  const entries = Object.entries<Part>(Object(properties))
  return Object.fromEntries(entries.map(([name, schema]) => [name, isWritten(name) ? schema : { ...schema, readOnly: true }]))
}

function shownExample(shown: ShownSchemas, fields: unknown): unknown {
  if (fields === undefined) return undefined
  const own = Object(exampleOf(jsonSchemaOf(shown.object, 'output')))
  return { ...own, ownerId: EXAMPLE_ID, ...Object(fields) }
}

function bulkSchemas({ grants }: Resource, title: string): Part {
  const id = { type: 'string', maxLength: 256 }
  const ifVersion = {
    type: 'string',
    maxLength: 64,
    description: 'The ETag that it is meant for',
    pattern: '^"?v[0-9]{1,15}(-[0-9a-z]+)*"?$',
  }
  const operation = (required: string[], properties: Part): Part => ({ type: 'object', required, properties, additionalProperties: false })
  const choices = [
    ...(grants.create.length > 0 ? [operation(['create'], { create: ref('schemas', `${title}Create`) })] : []),
    ...(grants.update.length > 0
      ? [operation(['update', 'change'], { update: id, change: ref('schemas', `${title}Change`), ifVersion })]
      : []),
    ...(grants.delete.length > 0 ? [operation(['delete'], { delete: id, ifVersion })] : []),
  ]
  const result = (properties: Part): Part => ({
    type: 'object',
    required: Object.keys(properties),
    properties,
    additionalProperties: false,
  })
  return {
    [`${title}Bulk`]: {
      type: 'object',
      required: ['operations'],
      properties: {
        operations: { type: 'array', minItems: 1, maxItems: MAX_BULK, items: { anyOf: choices } },
        atomic: { type: 'boolean', description: 'All or nothing, in one commit' },
      },
      additionalProperties: false,
    },
    [`${title}BulkResults`]: {
      type: 'object',
      required: ['results'],
      properties: {
        results: {
          type: 'array',
          description: 'One for each operation, in their order',
          items: {
            anyOf: [
              result({ status: { enum: [200, 201] }, object: ref('schemas', title), etag: { type: 'string' } }),
              result({ status: { const: 204 } }),
              result({ status: { type: 'integer', minimum: 400 }, problem: ref('schemas', 'Problem') }),
            ],
          },
        },
      },
      additionalProperties: false,
    },
  }
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

/** Schemas that contain themselves refer to their own root, which is another one inside the document. */
export function embedded(name: string, json: Part): Part {
  const written = JSON.stringify(json)
    .replaceAll('"$ref":"#"', `"$ref":"#/components/schemas/${name}"`)
    .replaceAll('"$ref":"#/$defs/', `"$ref":"#/components/schemas/${name}.`)
  const read: Part = JSON.parse(written)
  return read
}

/** The schema and, beside it, what it had under `$defs`. */
export function lifted(name: string, json: Part): Part {
  const { $defs, ...own } = embedded(name, json)
  const others = Object.entries(Object($defs)).map(([part, schema]) => [`${name}.${part}`, schema])
  return { [name]: own, ...Object.fromEntries(others) }
}
