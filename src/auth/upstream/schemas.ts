// Linked identities as they are stored, and what a browser keeps while it is away at a provider. The types come from here.
import { z } from '#kernel/schema.ts'

export const identity = z.strictObject({
  /** The hash of issuer and subject: nobody is two people here. */
  id: z.string(),
  accountId: z.string(),
  issuer: z.string(),
  subject: z.string(),
  /** What the person knows it by: an address or a name there. */
  label: z.string().max(320).optional(),
  linkedAt: z.int(),
})

export type Identity = z.infer<typeof identity>

/** On the way to a provider and back. Sealed for this browser. */
export const journey = z.strictObject({
  upstream: z.string(),
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  /** The interaction that it is for; absent for linking on the account page. */
  uid: z.string().optional(),
  /** Who is linking. */
  accountId: z.string().optional(),
  /** The credential was asked for although somebody may be signed in there. */
  again: z.boolean(),
  begunAt: z.int(),
})

export type Journey = z.infer<typeof journey>

/** Somebody who has come from a provider and is not linked yet. Sealed for this browser. */
export const arrival = z.strictObject({
  upstream: z.string(),
  issuer: z.string(),
  subject: z.string(),
  email: z.string().optional(),
  emailVerified: z.boolean(),
  name: z.string().optional(),
  uid: z.string().optional(),
  /** Who was linking; absent when the account is not known yet. */
  accountId: z.string().optional(),
  at: z.int(),
})

export type Arrival = z.infer<typeof arrival>
