// The stored shapes of accounts and of the links that we mail. The types come from here.
import { sha256 } from '#kernel/keyring.ts'
import { MAX_LANGUAGE_TAG } from '#kernel/language-tag.ts'
import { z } from '#kernel/schema.ts'
import { membershipShape } from '../roles/membership.ts'
import { usedShape } from '../second-press.ts'

export const account = z.strictObject({
  id: z.string(),
  /** Normalised: what two spellings of one address have in common. */
  email: z.string(),
  name: z.string(),
  /**
   * What its owner reads, a BCP 47 tag: what they read when the account was made, until they choose on the account page. For apps, and for mails that nobody is
   * there to ask about.
   */
  language: z.string().max(MAX_LANGUAGE_TAG).optional(),
  /** PHC string. Absent for whoever signs in by other ways alone. */
  password: z.string().optional(),
  /** Another hash was made of the same password, so that the credential goes on. It is of this hash, and means nothing beside any other. */
  rehash: z
    .strictObject({
      /** SHA-256 of the hash that is stored now. */
      of: z.string(),
      /** As it was at this `waysVersion`: a digest, nothing that could be searched through faster than the hash. */
      credential: z.string(),
      waysVersion: z.int().optional(),
    })
    .optional(),
  /** Moved in without one: the other system may still be asked, once (see `legacySignIn`). */
  awaitsLegacyPassword: z.literal(true).optional(),
  /** Grows whenever a way to sign in is taken away, so that of two removals at once only one can find itself not the last. See `credentialOf`. */
  waysVersion: z.int().optional(),
  /** It was taken back from somebody: ways in that were added since then are theirs and about to go. See reclaiming.ts. */
  reclaimedSince: z.int().optional(),
  /** The passkey that its owner has taken it back with. */
  reclaimedBy: z.string().optional(),
  /** Epoch milliseconds, as all times here. */
  emailVerifiedAt: z.int().optional(),
  suspendedAt: z.int().optional(),
  /** When it is to be deleted; see leaving/. */
  deletionAt: z.int().optional(),
  deletion: z
    .strictObject({
      requestedAt: z.int(),
      /** That it had then and lately: what was sent to one of them goes as well, though nothing else tells of it by then. */
      addresses: z.array(z.string()).optional(),
      /** Which of them were told of it, and so hear of it when it is called off. */
      told: z.array(z.string()).optional(),
      /** What is kept of the person is being removed: there is no way back. */
      begun: z.boolean().optional(),
      /** An operator has asked for it: it comes though the account is blocked. */
      byOperator: z.literal(true).optional(),
      /** Which its owner has chosen to end with it, unless somebody else answers for them by then. */
      organisations: z.array(z.string()).optional(),
    })
    .optional(),
  /** Keyed hashes of what the system that it came from may know it by beside its id and address. See moving/ended.ts. */
  legacyMarks: z.array(z.string()).optional(),
  createdAt: z.int(),
  ...membershipShape,
})

export type Account = z.infer<typeof account>

/**
 * Another value after every change of the password and whenever a way to sign in was taken away; it tells nothing of either. The same after another hash was
 * made of the same password.
 */
export function credentialOf({ password = '', waysVersion = 0, rehash }: Pick<Account, 'password' | 'waysVersion' | 'rehash'>): string {
  if (rehash === undefined || rehash.of !== sha256(password)) return sha256(waysVersion === 0 ? password : `${waysVersion}!${password}`)
  return waysVersion === (rehash.waysVersion ?? 0) ? rehash.credential : sha256(`${waysVersion}!${rehash.credential}`)
}

/**
 * A sign-up that waits for its address to be confirmed. Once it is, where its person goes on is all that is left of it, for minutes. One for an address
 * that has an account already is kept just the same, so that both cost the same work; its link is never mailed, and it can confirm nothing.
 */
export const emailToken = z.strictObject({
  /** SHA-256 of the token in the link. */
  id: z.string(),
  purpose: z.enum(['confirm-address', 'already-registered', 'not-invited']),
  email: z.string(),
  name: z.string(),
  /** Absent where people sign up without one. */
  password: z.string().optional(),
  /** The id that the account will have, where a passkey is made for it before. */
  accountId: z.string().optional(),
  /** SHA-256 of the name of the browser that signed up. */
  browser: z.string().optional(),
  /** The authorization that the person was in the middle of. */
  interaction: z.string().optional(),
  language: z.string().max(MAX_LANGUAGE_TAG).optional(),
  expiresAt: z.int(),
  ...usedShape,
})

export type EmailToken = z.infer<typeof emailToken>
