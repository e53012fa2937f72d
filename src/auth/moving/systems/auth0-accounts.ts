// Auth0 has an account for each way in, and gives passwords in a file of their own: several rows are one person. Those with one id are one account there. Those
// with one address are one person where each has that address confirmed: else somebody could have made an account there with the address of another.
import type { ParsedRow } from '../schemas.ts'

export interface Joined {
  readonly row: ParsedRow
  /** Which of the rows went into it. */
  readonly taken: readonly ParsedRow[]
  /** What did not, and why. */
  readonly left: readonly { readonly row: ParsedRow; readonly reason: string }[]
}

/** Rows with one address. */
export function joined(rows: readonly ParsedRow[]): Joined {
  const accounts = [...Map.groupBy(rows, ({ id, email }) => id ?? email).values()].map((parts) => ({ parts, whole: wholeOf(parts) }))
  const confirmed = accounts.filter(({ whole }) => whole.emailVerified === true)
  const chosen = confirmed.length === 0 ? accounts.slice(0, 1) : confirmed
  const wholes = chosen.map(({ whole }) => whole)
  const first =
    wholes.find(({ passwordHash }) => passwordHash !== undefined) ??
    // Its password may still come, by a file that has this id.
    wholes.find(({ id }) => id?.startsWith('auth0|')) ??
    wholes[0]
  if (first === undefined) throw new TypeError('There are no rows to join.')
  const unconfirmed = accounts.filter((account) => !chosen.includes(account)).flatMap(({ parts }) => parts)
  const second = chosen.filter(({ whole }) => whole !== first && whole.passwordHash !== undefined).flatMap(({ parts }) => parts)
  return {
    row: wholeOf([first, ...wholes.filter((whole) => whole !== first)]),
    taken: chosen.flatMap(({ parts }) => parts),
    left: [
      ...unconfirmed.map((row) => ({ row, reason: 'another account has this address there, and this one has not confirmed it' })),
      ...second
        .filter(({ passwordHash }) => passwordHash !== undefined)
        .map((row) => ({ row, reason: 'the password was not taken: another account with this address has one there, too' })),
    ],
  }
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
