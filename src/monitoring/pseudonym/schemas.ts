// The random key of one day.
import { z } from '#kernel/schema.ts'

/** Of 32 bytes in base64url. What is sealed is longer. */
export const CLEAR_KEY_LENGTH = 43

export const dayKey = z.object({
  /** The day, as YYYY-MM-DD in UTC. */
  id: z.string().regex(/^\d{4}-\d\d-\d\d$/),
  /** 32 random bytes, sealed; in clear as earlier releases have stored them; zeros for the moment between destroying and deleting. */
  key: z.string().min(CLEAR_KEY_LENGTH),
  /** Epoch milliseconds. */
  destroyAt: z.number(),
})
export type DayKey = z.infer<typeof dayKey>
