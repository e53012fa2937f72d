// The random key of one day.
import { z } from '#kernel/schema.ts'

export const dayKey = z.object({
  /** The day, as YYYY-MM-DD in UTC. */
  id: z.string().regex(/^\d{4}-\d\d-\d\d$/),
  /** 32 random bytes in base64url; zeros for the moment between destroying and deleting. */
  key: z.string().length(43),
  /** Epoch milliseconds. */
  destroyAt: z.number(),
})
export type DayKey = z.infer<typeof dayKey>
