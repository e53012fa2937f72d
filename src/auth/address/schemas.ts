// The stored shapes of a change of address that waits, and of the way back from one that was made.
import { z } from '#kernel/schema.ts'
import { usedShape } from '../second-press.ts'

export const addressChange = z.strictObject({
  /** SHA-256 of the token in the link. */
  id: z.string(),
  /** Absent when the address is somebody else's: kept all the same, so that both cost the same work. Nothing can come of it. */
  accountId: z.string().optional(),
  email: z.string(),
  /** Of the account when it was asked for. */
  credential: z.string(),
  expiresAt: z.int(),
  /** Used up, and kept until then: who presses twice, or opens the mail again, hears that it is done. */
  usedAt: z.int().optional(),
})

export const addressUndo = z.strictObject({
  /** SHA-256 of the token in the link. */
  id: z.string(),
  /** Absent once it is used up: nothing that tells of a person is left then. */
  accountId: z.string().optional(),
  /** What it was, and is to be again. */
  before: z.string(),
  /** Nobody had shown to be the owner of that mailbox: its undo is the first proof. */
  unconfirmed: z.literal(true).optional(),
  /** By an operator: not what it was, but what it is to be. Nothing that was there before stays. */
  offered: z.literal(true).optional(),
  changedAt: z.int(),
  expiresAt: z.int(),
  ...usedShape,
  /** The account was blocked when it was used. */
  whileBlocked: z.literal(true).optional(),
})

export type AddressChange = z.infer<typeof addressChange>
export type AddressUndo = z.infer<typeof addressUndo>
