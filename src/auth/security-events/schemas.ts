// The stored shape of what happened to an account, as its owner is shown it.
import { z } from '#kernel/schema.ts'
import { securityEvent } from './security-event.ts'

export const securityEventRecord = securityEvent.extend({
  /** The sequence of the event, so that a second delivery finds it stored already. */
  id: z.string(),
  /** Epoch milliseconds. */
  at: z.int(),
  expiresAt: z.int(),
})

export type SecurityEventRecord = z.infer<typeof securityEventRecord>
