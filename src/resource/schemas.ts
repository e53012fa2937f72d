// Shapes of the resource server that do not depend on the app's definitions.
import { DOCUMENT_ID } from '#kernel/ids.ts'
import { z } from '#kernel/schema.ts'

/** What every object has beside the fields of its schema. Clients read these and never write them. */
export const platformShape = {
  id: z.string().regex(DOCUMENT_ID),
  ownerId: z.string().min(1),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
}

export const PLATFORM_FIELDS: readonly string[] = Object.keys(platformShape)

/** An object as it is stored and, with links added, as it is shown. */
export interface ResourceDocument {
  readonly id: string
  readonly ownerId: string
  readonly createdAt: string
  readonly updatedAt: string
  readonly [field: string]: unknown
}

const namedFile = z.strictObject({ field: z.string(), file: z.string() })

export const resourceEvent = z.strictObject({
  type: z.enum(['created', 'updated', 'deleted']),
  resource: z.string(),
  id: z.string(),
  ownerId: z.string(),
  changed: z.array(z.string()),
  attached: z.array(namedFile),
  detached: z.array(namedFile),
  before: z.record(z.string(), z.unknown()).optional(),
})
