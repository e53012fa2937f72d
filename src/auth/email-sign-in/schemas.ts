// The stored shape of a sign-in that waits for the code or the link of a mail.
import { z } from '#kernel/schema.ts'

export const emailSignIn = z.strictObject({
  /** One for each interaction in each browser: asking again replaces what was asked before. */
  id: z.string(),
  /** SHA-256 of the token in the link. */
  link: z.string(),
  /** The code under a key of ours: its digits alone are soon tried through. */
  code: z.string(),
  /** How often a code was typed. */
  tries: z.int(),
  /** Absent when nobody has this address, or the account is blocked: kept all the same, so that both cost the same work. Nothing can come of it. */
  accountId: z.string().optional(),
  email: z.string(),
  /** Of the account when it was asked for: a password that was changed since ends it. Without one nothing can come of it; those of earlier releases have none. */
  credential: z.string().optional(),
  expiresAt: z.int(),
})

export type EmailSignIn = z.infer<typeof emailSignIn>
