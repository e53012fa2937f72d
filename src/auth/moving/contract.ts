// People on their way in from another system, or out. Types only.
import type { Call } from '#kernel/call.ts'
import type { AuthHookContext } from '../hooks/contract.ts'

/** One person: a line of NDJSON, an element of a JSON array, a row of CSV. */
export interface PersonRow {
  /** Kept when it has 16 to 64 letters, digits, "-" and "_": whoever knows people by it goes on to. Else one is made of it. */
  readonly id?: string
  readonly email: string
  /** Somebody has shown that the mailbox is theirs. Whoever has not cannot sign in with a password before they do. */
  readonly emailVerified?: boolean
  readonly name?: string
  readonly language?: string
  /** docs/moving-in.md lists the forms. */
  readonly passwordHash?: string
  /** What their authenticator app shares with us, in base 32: for six digits, 30 seconds and SHA-1. */
  readonly totpKey?: string
  /** What they have beside and no row takes along, for the report of whoever moves them in: `authenticator-app`, `recovery-codes`, `passkeys`. */
  readonly staysBehind?: readonly string[]
  /** The password is still with the other system, and `legacySignIn` may fetch it at the first sign-in. */
  readonly legacyPassword?: boolean
  readonly suspended?: boolean
  /** ISO 8601, or epoch milliseconds. */
  readonly createdAt?: string | number
  /** Its owner has asked for the end of the account, which comes then unless they sign in before. Written as `createdAt` is. */
  readonly deletionAt?: string | number
  /** An operator has asked for that end: it comes though the account is blocked. */
  readonly deletionByOperator?: boolean
  readonly roles?: readonly string[]
  readonly groups?: readonly string[]
  readonly identities?: readonly { readonly issuer: string; readonly subject: string; readonly label?: string }[]
}

/**
 * What became of a row. `present`: it was moved in before; `completed`: so it was, and has got a password, identities or a name of this row, which it had not.
 * `left` says what was not taken of the row.
 */
export type RowOutcome =
  | { readonly outcome: 'made' | 'completed' | 'present'; readonly accountId: string; readonly left?: string }
  | { readonly outcome: 'refused'; readonly reason: string }

export interface MoveInOptions {
  /** What the people come from, for the records: `keycloak`, `file`. */
  readonly from: string
  /** Checks everything, and writes nothing. */
  readonly dryRun?: boolean
}

/** For operators and the system alone. */
export interface Moving {
  /** At most 200 rows. One that is refused does not keep the others out; asking again for those that are in takes nothing away. */
  moveIn(call: Call, rows: readonly unknown[], options: MoveInOptions): Promise<readonly RowOutcome[]>
  /**
   * Ordered by address, without those whose end has begun. `withPasswords`: with the hashes of passwords and the keys of authenticator apps. Ask again with
   * `next`.
   */
  moveOut(
    call: Call,
    options: { readonly withPasswords: boolean; readonly after?: string },
  ): Promise<{ readonly items: readonly PersonRow[]; readonly next?: string }>
}

/** Whom the other system knows by this address and password. */
export interface LegacyPerson {
  readonly id?: string
  readonly name?: string
  /** What they read there, a BCP 47 tag; unless told, what the page speaks on which they sign in. */
  readonly language?: string
  /** Only who has shown there that the mailbox is theirs comes in. */
  readonly emailVerified: boolean
  readonly roles?: readonly string[]
  readonly groups?: readonly string[]
  readonly identities?: PersonRow['identities']
}

/** What the other system is asked about: who has come by another provider, or an address that its owner can read mail of. */
export type LegacyQuestion = { readonly email: string } | { readonly issuer: string; readonly subject: string }

/** Whom the other system knows by an identity or an address. */
export interface LegacyFound extends LegacyPerson {
  /** As it is there: the one that was asked about, if it was one. */
  readonly email: string
  /** docs/moving-in.md lists the forms. Without one, `legacySignIn` may fetch the password at the first sign-in. */
  readonly passwordHash?: string
  /** Nobody comes in by this, nor is an account made, for as long as it is said. */
  readonly suspended?: boolean
}

/**
 * Asked about somebody whom nobody here knows and who does not type the password of there: before an account is made for whoever comes by another provider,
 * and before a mail tells an address that it has none. The answer to a question about an identity must list it. It has five seconds; when it fails, no
 * account is made, and a mail waits.
 */
export type LegacyFindHook = (
  context: AuthHookContext,
  question: LegacyQuestion,
) => LegacyFound | undefined | Promise<LegacyFound | undefined>

/**
 * Asked at the sign-in of somebody whom nobody here knows yet, or who moved in with `legacyPassword`. It has five seconds; when it fails, nobody is let in.
 * For people who are here already it is asked about addresses that nobody has, so that the clock does not tell them apart.
 */
export type LegacyHook = (
  context: AuthHookContext,
  typed: { readonly email: string; readonly password: string },
) => LegacyPerson | undefined | Promise<LegacyPerson | undefined>
