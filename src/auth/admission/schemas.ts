// The stored shape of an invitation. It is a permission for an address, no secret: whoever signs up with it still has to confirm the address.
import { z } from '#kernel/schema.ts'

export const invitation = z.strictObject({
  /** The hash of the address. */
  id: z.string(),
  email: z.string(),
  invitedAt: z.int(),
  expiresAt: z.int(),
})

export type Invitation = z.infer<typeof invitation>
