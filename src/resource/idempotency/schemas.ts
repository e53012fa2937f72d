// Answers that are kept so that a request which is sent again gets the same one.
import { defineCollection } from '#kernel/collection.ts'
import { z } from '#kernel/schema.ts'

const keptAnswer = z.strictObject({
  /** A hash of who asked, what was asked, and the key. */
  id: z.string(),
  /** Of the request's content: the same key with another one is a mistake of the client. */
  fingerprint: z.string(),
  status: z.int(),
  headers: z.record(z.string(), z.string()),
  /** JSON text, exactly as it was sent; absent for an answer without a body. */
  body: z.string().optional(),
  expiresAt: z.int(),
})

export type KeptAnswer = z.infer<typeof keptAnswer>

export const keptAnswers = defineCollection<KeptAnswer>({
  // Not a name that a resource's collection could have.
  name: 'kept_answers',
  schema: keptAnswer,
  indexes: {},
  expiry: 'expiresAt',
})
