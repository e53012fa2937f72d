// The stored shapes of accounts and of the links that we mail. The types come from here.
import { z } from '#kernel/schema.ts'
import { membershipShape } from '../roles/membership.ts'

export const account = z.strictObject({
  id: z.string(),
  /** Normalised: what two spellings of one address have in common. */
  email: z.string(),
  name: z.string(),
  /** PHC string. */
  password: z.string(),
  /** Epoch milliseconds, as all times here. */
  emailVerifiedAt: z.int().optional(),
  suspendedAt: z.int().optional(),
  createdAt: z.int(),
  ...membershipShape,
})

export type Account = z.infer<typeof account>

/**
 * A sign-up that waits for its address to be confirmed. One for an address that has an account already is kept just the same, so that both cost
 * the same work; its link is never mailed, and it can confirm nothing.
 */
export const emailToken = z.strictObject({
  /** SHA-256 of the token in the link. */
  id: z.string(),
  purpose: z.enum(['confirm-address', 'already-registered']),
  email: z.string(),
  name: z.string(),
  password: z.string(),
  /** SHA-256 of the name of the browser that signed up. */
  browser: z.string().optional(),
  /** The authorization that the person was in the middle of. */
  interaction: z.string().optional(),
  expiresAt: z.int(),
})

export type EmailToken = z.infer<typeof emailToken>
