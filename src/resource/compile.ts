// A definition, worked out once at start: what each field is, so that no request needs to look at a schema again.
import { type CollectionDefinition, defineCollection } from '#kernel/collection.ts'
import { type ScalarKind, scalarKind } from '#kernel/kinds.ts'
import { type Schema, z } from '#kernel/schema.ts'
import type { AccessGrant, ComputedField, DefaultContext, OnDelete, ResourceDefinition, ResourceOperation } from './contract.ts'
import { type MergePlan, mergePlanOf } from './merge.ts'
import { limitFields } from './queries/limit-fields.ts'
import { platformShape, type ResourceDocument } from './schemas.ts'

export type Kind = ScalarKind

export interface Field {
  readonly name: string
  /** Absent for lists, objects and mixtures, which no index can order. */
  readonly kind: Kind | undefined
  /** May be absent, so that a PATCH with `null` removes it. */
  readonly optional: boolean
  /** `null` is a value of its own. */
  readonly nullable: boolean
  readonly writeOnce: boolean
  /** Clients never write it. */
  readonly readOnly: boolean
}

export interface ResourceIndex {
  readonly name: string
  readonly fields: readonly string[]
}

export interface Relation {
  readonly name: string
  readonly field: string
  readonly to: string
  readonly onDelete: OnDelete | undefined
}

export interface FileField {
  readonly field: string
  readonly bucket: string
  /** Where answers carry the link. */
  readonly urlField: string
}

export interface Resource {
  readonly name: string
  readonly definition: ResourceDefinition
  readonly input: Schema<Record<string, unknown>>
  readonly fields: ReadonlyMap<string, Field>
  /** Every field that an index can have, the platform's among them. */
  readonly kinds: ReadonlyMap<string, Kind>
  readonly indexes: readonly ResourceIndex[]
  readonly files: readonly FileField[]
  readonly merge: MergePlan
  readonly defaults: readonly (readonly [string, (context: DefaultContext) => unknown])[]
  readonly computed: readonly (readonly [string, ComputedField])[]
  readonly relations: readonly Relation[]
  readonly grants: Readonly<Record<ResourceOperation, readonly AccessGrant[]>>
  /** The number of migrations, for entity tags; absent when there are none. */
  readonly shape: number | undefined
  readonly collection: CollectionDefinition<ResourceDocument>
}

export const OPERATIONS: readonly ResourceOperation[] = ['list', 'get', 'create', 'update', 'delete']

/** Every resource has it beside its own; lists of the API do not know it. */
export const OWNER_INDEX = 'platform_owner'

export const urlFieldOf = (field: string): string => `${field}Url`

/** The strict object of a definition, or one line that says why it is none. */
export function strictSchemaOf(definition: ResourceDefinition): z.ZodObject | string {
  const { schema } = definition
  if (!(schema instanceof z.ZodObject)) return 'its schema must be z.strictObject({ ... }), without .transform().'
  if (!(schema.def.catchall instanceof z.ZodNever))
    return 'its schema must be strict, so that unknown fields are refused: use z.strictObject({ ... }).'
  return schema
}

interface JsonSchema {
  readonly [keyword: string]: unknown
}

/** Throws when a field has a form that JSON cannot say, such as a date or a transformation. */
export function jsonSchemaOf(schema: Schema, io: 'input' | 'output'): JsonSchema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io })
  return rest
}

/** For a definition that `checkResources` has found good. */
export function compileResource(definition: ResourceDefinition): Resource {
  const schema = strictSchemaOf(definition)
  if (typeof schema === 'string') throw new Error(`Resource ${definition.name}: ${schema}`)
  const fields = fieldsOf(definition, schema)
  const kinds = new Map<string, Kind>(
    [...fields.values()].flatMap((field) => (field.kind === undefined ? [] : [[field.name, field.kind] as const])),
  )
  for (const name of ['ownerId', 'createdAt', 'updatedAt']) kinds.set(name, 'string')
  const grantsFor = (operation: ResourceOperation): AccessGrant[] => definition.access.filter((grant) => grant.may.includes(operation))
  return {
    name: definition.name,
    definition,
    input: definition.schema,
    fields,
    kinds,
    indexes: Object.entries(definition.indexes).map(([name, index]) => ({ name, fields: index.fields })),
    files: Object.entries(definition.files ?? {}).map(([field, bucket]) => ({ field, bucket, urlField: urlFieldOf(field) })),
    merge: mergePlanOf(schema),
    defaults: Object.entries(definition.defaults ?? {}),
    computed: Object.entries(definition.computed ?? {}),
    relations: Object.entries(definition.relations ?? {}).map(([name, { field, to, onDelete }]) => ({ name, field, to, onDelete })),
    grants: {
      list: grantsFor('list'),
      get: grantsFor('get'),
      create: grantsFor('create'),
      update: grantsFor('update'),
      delete: grantsFor('delete'),
    },
    shape: definition.migrations === undefined || definition.migrations.length === 0 ? undefined : definition.migrations.length,
    collection: collectionOf(definition, schema),
  }
}

export function shapeOf(schema: z.ZodObject): Record<string, Schema> {
  return schema.shape
}

export function fieldsOf(definition: ResourceDefinition, schema: z.ZodObject): Map<string, Field> {
  const properties = new Map(Object.entries(jsonSchemaOf(schema, 'output')['properties'] ?? {}))
  const entries = Object.entries(shapeOf(schema)).map(([name, field]) => {
    const [optional, nullable] = [undefined, null].map((value) => field.safeParse(value).success)
    const kind = nullable ? undefined : scalarKind(properties.get(name))
    return [
      name,
      {
        name,
        kind,
        optional: optional === true,
        nullable: nullable === true,
        writeOnce: definition.writeOnce?.includes(name) === true,
        readOnly: definition.readOnly?.includes(name) === true,
      },
    ] as const
  })
  return new Map(entries)
}

function collectionOf(definition: ResourceDefinition, schema: z.ZodObject): CollectionDefinition<ResourceDocument> {
  // From the bare fields: rules between fields are for what comes in. A field that the schema no longer has is dropped on the way out.
  const stored: unknown = z.object({ ...platformShape, ...shapeOf(schema) })
  const migrations = definition.migrations === undefined ? {} : { migrations: definition.migrations }
  const cache = definition.cache === undefined ? {} : { cache: { lifetimeMs: definition.cache.lifetimeMs } }
  const search = definition.search === undefined ? {} : { search: { fields: definition.search.fields, filters: searchFilters(definition) } }
  return defineCollection<ResourceDocument>({
    name: `resource_${definition.name}`,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the shape of the app's schema is known at run time only
    schema: stored as Schema<ResourceDocument>,
    indexes: { ...definition.indexes, [OWNER_INDEX]: { fields: ['ownerId'] } },
    remember: true,
    ...migrations,
    ...search,
    ...cache,
  })
}

/** What a search is narrowed by: the filters of the app, and all that narrows lists. */
function searchFilters({ access, search }: ResourceDefinition): readonly string[] {
  return [...new Set([...(search?.filters ?? []), ...access.filter(({ may }) => may.includes('list')).flatMap(limitFields)])]
}
