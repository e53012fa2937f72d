// What answers carry: the stored object with a link beside each file.
import { type Schema, z } from '#kernel/schema.ts'
import { shapeOf, strictSchemaOf, urlFieldOf } from './compile.ts'
import type { ResourceDefinition } from './contract.ts'
import { platformShape } from './schemas.ts'

export interface ShownSchemas {
  readonly object: Schema
  readonly list: Schema
}

export function shownSchemas(definition: ResourceDefinition): ShownSchemas {
  const schema = strictSchemaOf(definition)
  if (typeof schema === 'string') throw new Error(`Resource ${definition.name}: ${schema}`)
  const link = z.url().describe('Shows the file to whoever has this address, for 5 to 10 minutes').optional()
  const links = Object.fromEntries(Object.keys(definition.files ?? {}).map((field) => [urlFieldOf(field), link]))
  const object = z.object({ ...platformShape, ...shapeOf(schema), ...links })
  const list = z.object({
    items: z.array(object),
    next: z.string().describe('Give it as "after" for the next page; absent at the end').optional(),
  })
  return { object, list }
}
