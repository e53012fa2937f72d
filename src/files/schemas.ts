// What is kept of a file beside its bytes, and what of that is shown.
import { DOCUMENT_ID } from '#kernel/ids.ts'
import { z } from '#kernel/schema.ts'

const id = z.string().regex(DOCUMENT_ID)

export const fileMeta = z.strictObject({
  id,
  bucket: z.string(),
  ownerId: z.string().min(1),
  mediaType: z.string(),
  bytes: z.number().int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  name: z.string(),
  createdAt: z.number().int(),
})

export const fileRecord = fileMeta.extend({
  storageKey: id,
  /** `loose`: nothing names it. `reserved`: a holder is being written. `held`: it was written. A row exists only once the bytes are safe on disk. */
  state: z.enum(['loose', 'reserved', 'held']),
  /** Epoch milliseconds of the last change of `state`. */
  stateAt: z.number().int(),
  holder: z.string().optional(),
})

export type FileRecord = z.infer<typeof fileRecord>
