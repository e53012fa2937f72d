// What answers carry: the stored object with a link beside each file and what is worked out, or the part of it that was asked for and may be seen.
import { type Schema, z } from '#kernel/schema.ts'
import { shapeOf, strictSchemaOf, urlFieldOf } from './compile.ts'
import type { ResourceDefinition } from './contract.ts'
import { platformShape } from './schemas.ts'

export interface ShownSchemas {
  /** After a write. */
  readonly object: Schema
  /** One object that was read: whole, or the part that was asked for. */
  readonly read: Schema
  readonly list: Schema
}

export function shownSchemas(definition: ResourceDefinition): ShownSchemas {
  const schema = strictSchemaOf(definition)
  if (typeof schema === 'string') throw new Error(`Resource ${definition.name}: ${schema}`)
  const link = z.url().describe('Shows the file to whoever has this address, for 5 to 10 minutes').optional()
  const links = Object.fromEntries(Object.keys(definition.files ?? {}).map((field) => [urlFieldOf(field), link]))
  const computed = Object.fromEntries(Object.entries(definition.computed ?? {}).map(([field, { schema: gives }]) => [field, gives]))
  const own = { ...shapeOf(schema), ...computed }
  const some = Object.fromEntries(Object.entries(own).map(([field, shape]) => [field, z.optional(shape)]))
  // Where grants name fields, not everybody sees all that every object has.
  const isWhole = definition.access.every(({ fields }) => fields === undefined)
  const whole = { ...platformShape, ...(isWhole ? own : some), ...links }
  const part = { ...platformShape, ...some, ...links, ...expandedShape(definition) }
  const etag = z.string().describe('The version of the object, for If-Match')
  return {
    object: z.object(whole),
    read: z.object(part),
    list: z.object({
      items: z.array(z.object({ ...part, etag })),
      next: z.string().describe('Give it as "after" for the next page; absent at the end').optional(),
      count: z.object({ value: z.int(), exact: z.boolean() }).optional(),
    }),
  }
}

function expandedShape({ relations }: ResourceDefinition): Record<string, Schema> {
  return Object.fromEntries(
    Object.entries(relations ?? {}).map(([name, { to }]) => [
      name,
      z.looseObject({ id: z.string(), etag: z.string() }).describe(`One of ${to}, where it was asked for and may be seen`).optional(),
    ]),
  )
}
