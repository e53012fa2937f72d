// The stored shape of a mailed permission to set a new password, or to make a new passkey where there are no passwords (see ../lost-passkeys/). Once it is used
// up, where its person goes on is all that is left of it, for minutes.
import { z } from '#kernel/schema.ts'
import { usedShape } from '../second-press.ts'

export const passwordReset = z.strictObject({
  /** SHA-256 of the token in the link. */
  id: z.string(),
  /** Absent when nobody has this address: kept all the same, so that both cost the same work. Nothing can come of it. Nor of one that was used. */
  accountId: z.string().optional(),
  email: z.string(),
  /** Absent for a password. */
  for: z.literal('passkey').optional(),
  /** Sent by an operator, who knows that it is them. */
  byOperator: z.literal(true).optional(),
  /** Of the account when it was asked for: a password that was changed since ends it. */
  credential: z.string(),
  /** The authorization that the person was in the middle of. */
  interaction: z.string().optional(),
  expiresAt: z.int(),
  ...usedShape,
})

export type PasswordReset = z.infer<typeof passwordReset>
