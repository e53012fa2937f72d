// The second step as it is stored: the key of an authenticator app, and recovery codes. The types come from here.
import { z } from '#kernel/schema.ts'

export const totp = z.strictObject({
  /** The account. */
  id: z.string(),
  /** Sealed for this row. Empty when it was lost with the master key: the account still asks for a second step, and the app counts for nothing. */
  key: z.string(),
  /** The newest time step (RFC 6238) whose code was used: each code counts once, and none that is older. */
  lastStep: z.int().nonnegative(),
  /** Epoch milliseconds, as all times here. */
  createdAt: z.int(),
})

export const recoveryCodes = z.strictObject({
  /** The account. */
  id: z.string(),
  /** SHA-256 of each code that was not used yet, bound to the account. A code has 120 random bits. */
  unused: z.array(z.string()),
  createdAt: z.int(),
})

export type Totp = z.infer<typeof totp>
export type RecoveryCodes = z.infer<typeof recoveryCodes>
