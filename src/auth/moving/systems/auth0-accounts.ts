// Auth0 has an account for each way in, and gives passwords in a file of their own: several rows are one person. Those with one id are one account there. Those
// with one address are one person where each has that address confirmed, and whoever confirmed it can say whose it is today, as for a sign-in that connects an
// account elsewhere by its address (../../upstream/presets.ts): else one of them may be somebody who had that address before.
import type { ParsedRow } from '../schemas.ts'

export interface Auth0Row {
  readonly row: ParsedRow
  /** By Auth0 itself, or a provider that is believed when somebody signs in. */
  readonly isVouchedFor: boolean
}

export interface Joined<T> {
  readonly row: ParsedRow
  /** Which of the rows went into it. */
  readonly taken: readonly T[]
  /** What did not, and why. */
  readonly left: readonly { readonly of: T; readonly reason: string }[]
}

interface Account<T> {
  readonly parts: readonly T[]
  readonly whole: ParsedRow
}

const UNCONFIRMED = 'another account has this address there, and this one has not confirmed it'
const UNVOUCHED =
  'another account has this address there, and the provider of this one does not say whose the address is today: its owner signs in by the other one, and connects this one on the account page'
const SECOND_PASSWORD = 'the password was not taken: another account with this address has one there, too'

/** Rows with one address. */
export function joined<T extends Auth0Row>(rows: readonly T[]): Joined<T> {
  const accounts = [...Map.groupBy(rows, ({ row: { id, email } }) => id ?? email).values()].map(
    (parts): Account<T> => ({ parts, whole: wholeOf(parts.map(({ row }) => row)) }),
  )
  const chosen = chosenOf(accounts)
  const wholes = chosen.map(({ whole }) => whole)
  const first =
    wholes.find(({ passwordHash }) => passwordHash !== undefined) ??
    // Its password may still come, by a file that has this id.
    wholes.find(({ id }) => id?.startsWith('auth0|')) ??
    wholes[0]
  if (first === undefined) throw new TypeError('There are no rows to join.')
  const others = accounts.filter((account) => !chosen.includes(account))
  const second = chosen.filter(({ whole }) => whole !== first && whole.passwordHash !== undefined).flatMap(({ parts }) => parts)
  return {
    row: wholeOf([first, ...wholes.filter((whole) => whole !== first).map(waysOf)]),
    taken: chosen.flatMap(({ parts }) => parts),
    left: [
      ...others.flatMap(({ parts, whole }) => parts.map((of) => ({ of, reason: whole.emailVerified === true ? UNVOUCHED : UNCONFIRMED }))),
      ...second.filter(({ row }) => row.passwordHash !== undefined).map((of) => ({ of, reason: SECOND_PASSWORD })),
    ],
  }
}

/** Those that are one person. Where nobody vouches, there is only one of them. */
function chosenOf<T extends Auth0Row>(accounts: readonly Account<T>[]): readonly Account<T>[] {
  const confirmed = accounts.filter(({ whole }) => whole.emailVerified === true)
  const vouched = confirmed.filter(({ parts }) => parts.every(({ isVouchedFor }) => isVouchedFor))
  if (vouched.length > 0) return vouched
  return (confirmed.length > 0 ? confirmed : accounts).slice(0, 1)
}

/** What another account of the same person brings along. What somebody may do is not added up. */
function waysOf({ roles: _roles, groups: _groups, ...row }: ParsedRow): ParsedRow {
  return row
}

/** What comes first counts; who is blocked by one row is blocked. */
function wholeOf(rows: readonly ParsedRow[]): ParsedRow {
  const whole: Partial<ParsedRow> = Object.fromEntries(rows.toReversed().flatMap((row) => Object.entries(row)))
  const identities = new Map(rows.flatMap((row) => row.identities ?? []).map((one) => [JSON.stringify([one.issuer, one.subject]), one]))
  return {
    ...whole,
    email: whole.email ?? '',
    emailVerified: rows.some(({ emailVerified }) => emailVerified === true),
    ...(rows.some(({ suspended }) => suspended === true) ? { suspended: true } : {}),
    ...(identities.size === 0 ? {} : { identities: [...identities.values()] }),
  }
}
