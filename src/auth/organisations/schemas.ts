// The stored shapes of organisations, their members, and invitations to them. Times are epoch milliseconds.
import { z } from '#kernel/schema.ts'

const time = z.int().nonnegative()

export const organisation = z.strictObject({
  id: z.string(),
  name: z.string(),
  /** Counted, and compared with every change of a member: so of two owners who leave at once, one stays. */
  owners: z.int().nonnegative(),
  members: z.int().nonnegative(),
  createdAt: time,
  /** Being taken apart. Nothing of it counts any more. */
  endedAt: time.optional(),
  /** When the last owner who could act for it went, and how far its members have been told; without `upTo`, all of them. */
  ownerGone: z.strictObject({ at: time, upTo: z.string().optional() }).optional(),
})
export type Organisation = z.infer<typeof organisation>

export const member = z.strictObject({
  /** `memberId` of the two: nobody is in one organisation twice. */
  id: z.string(),
  organisationId: z.string(),
  accountId: z.string(),
  roles: z.array(z.string()),
  /** As the roles say; for the index. The repository writes it. */
  owner: z.literal(true).optional(),
  joinedAt: time,
  /** SHA-256 of the token of the invitation that this account has accepted last: who presses twice, or opens the mail again, is where it led. */
  accepted: z.string().optional(),
})
export type Member = z.infer<typeof member>

export const memberId = (organisationId: string, accountId: string): string => `${organisationId}.${accountId}`

export const invitation = z.strictObject({
  id: z.string(),
  /** SHA-256 of the token in the mailed link. */
  token: z.string(),
  organisationId: z.string(),
  /** Normalised. Only an account with this address can accept. */
  email: z.string(),
  roles: z.array(z.string()),
  invitedBy: z.string(),
  sentAt: time,
  expiresAt: time,
})
export type Invitation = z.infer<typeof invitation>
