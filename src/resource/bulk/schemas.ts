// The shape of bulk requests and of their answers.
import { type Schema, z } from '#kernel/schema.ts'
import type { BulkOperation } from '../contract.ts'
import type { Resource } from '../compile.ts'
import { TAG_TEXT, versionOf } from '../etag.ts'

export const MAX_BULK = 100
const TAG_LENGTH = 64

const id = z.string().max(256)
/** The entity tag of an answer or of an item in a list, with or without its quotes. */
const ifVersion = z
  .string()
  .max(TAG_LENGTH)
  .regex(new RegExp(`^"?${TAG_TEXT}"?$`), 'Give the entity tag of the object')
  .optional()

const operation = z.union(
  [
    z.strictObject({ create: z.unknown() }),
    z.strictObject({ update: id, change: z.unknown(), ifVersion }),
    z.strictObject({ delete: id, ifVersion }),
  ],
  { error: 'Give { create }, { update, change } or { delete }' },
)

const bulk = z.strictObject({
  operations: z.array(operation).min(1).max(MAX_BULK),
  atomic: z.boolean().optional(),
})

export type Bulk = z.output<typeof bulk>

export interface ParsedBulk {
  readonly operations: readonly BulkOperation[]
  readonly atomic?: boolean
}

/** What a bulk request carries. */
export const bulkBody: Schema<Bulk> = bulk

export function bulkRequestOf({ operations, atomic }: Bulk, { shape }: Pick<Resource, 'shape'>): ParsedBulk {
  const read = operations.map((given): BulkOperation => {
    if ('create' in given) return { create: given.create }
    const condition = given.ifVersion === undefined ? {} : { ifVersion: versionOf(`"${given.ifVersion.replaceAll('"', '')}"`, shape) ?? 0 }
    return 'update' in given ? { update: given.update, change: given.change, ...condition } : { delete: given.delete, ...condition }
  })
  return atomic === undefined ? { operations: read } : { operations: read, atomic }
}

const problem = z.looseObject({ type: z.string(), title: z.string(), status: z.int(), code: z.string(), requestId: z.string() })

export function bulkResultsOf(object: Schema): Schema {
  return z.strictObject({
    results: z.array(
      z.union([
        z.strictObject({ status: z.union([z.literal(200), z.literal(201)]), object, etag: z.string() }),
        z.strictObject({ status: z.literal(204) }),
        z.strictObject({ status: z.int().min(400), problem }),
      ]),
    ),
  })
}
