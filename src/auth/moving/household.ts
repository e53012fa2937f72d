// What a row makes of a person: the account and the linked identities, or what is wrong with it.
import { sha256 } from '#kernel/keyring.ts'
import { canonicalLanguageTag } from '#kernel/language-tag.ts'
import { normaliseEmail } from '../accounts/email.ts'
import { nameProblem, tidyName } from '../accounts/name.ts'
import type { Account } from '../accounts/schemas.ts'
import { hashProblem } from '../passwords/foreign.ts'
import { changedMembership, isMembershipWord, type Membership, membershipOf } from '../roles/membership.ts'
import { type KnownRoles, unknownRolesProblem } from '../roles/permissions.ts'
import { isKey } from '../second-factors/totp.ts'
import { identityId } from '../upstream/repository.ts'
import type { Identity } from '../upstream/schemas.ts'
import type { ParsedRow } from './schemas.ts'

/** Everything of one person, ready to be stored. */
export interface Household {
  readonly account: Account
  readonly identities: readonly Identity[]
  /** Of the authenticator app, in base 32. */
  readonly totpKey?: string
  /** What the row has beside, and why it is not taken. */
  readonly left?: string
}

/** What those come from about whom the app asks another system, by whatever hook: what their ids are made of. */
export const LEGACY = 'legacySignIn'

const YEAR_MS = 365 * 24 * 3_600_000
/** Short ids could be those of clients, and a token would speak for the wrong one (RFC 9700 section 4.15). */
const KEPT_ID = /^[\w-]{16,64}$/
const MADE_ID = /^m[\w-]{43}$/

export interface Whence {
  readonly from: string
  readonly now: number
  /** Those of the app. */
  readonly known: Pick<KnownRoles, 'roles'>
}

/** The account that a row makes, or what is wrong with it. */
export function householdOf(row: ParsedRow, { from, now, known }: Whence): Household | string {
  const email = normaliseEmail(row.email)
  if (email === undefined) return 'email: this is no address'
  const badHash = row.passwordHash === undefined ? undefined : hashProblem(row.passwordHash)
  if (badHash !== undefined) return badHash
  if (row.totpKey !== undefined && !isKey(row.totpKey))
    return 'totpKey: this is no key of an authenticator app in base 32, of 128 bits or more'
  const createdAt = creationOf(row, now)
  if (createdAt === undefined) return 'createdAt: this is no moment; use ISO 8601 or epoch milliseconds'
  const ending = endOf(row, { email, now })
  if (ending === undefined) return 'deletionAt: this is no moment of the last or the next year; use ISO 8601 or epoch milliseconds'
  const { membership, left } = membershipIn(row, { now, known })
  const id = idOf(row.id, { from, email })
  const identities = identitiesOf(row, { accountId: id, linkedAt: createdAt })
  if (typeof identities === 'string') return identities
  const standing = { ...wayIn(row), ...stateOf(row, { createdAt, now }), ...ending, ...membershipFields(membership) }
  return { account: { id, email, name: nameOf(row, email), createdAt, ...standing }, identities, ...appOf(row), ...left }
}

const appOf = ({ totpKey }: ParsedRow): Pick<Household, 'totpKey'> => (totpKey === undefined ? {} : { totpKey })

/** What cannot be a role or a group here is nobody's: it neither grants anything nor leaves the person behind. */
function membershipIn(
  { roles = [], groups = [] }: ParsedRow,
  { now, known }: Pick<Whence, 'now' | 'known'>,
): { membership: Membership; left: Pick<Household, 'left'> } {
  const odd = [...roles, ...groups].filter((word) => !isMembershipWord(word))
  const named = roles.filter(isMembershipWord)
  const unknown = unknownRolesProblem(named, known)
  const addRoles = named.filter((role) => unknownRolesProblem([role], known) === undefined)
  const change = { addRoles, addGroups: groups.filter(isMembershipWord) }
  const membership = changedMembership(membershipOf({}), change, now)
  const reasons = [
    ...odd.map((word) => `${JSON.stringify(word.slice(0, 200))} is no name of a role or a group here and was left out`),
    ...(unknown === undefined ? [] : [`${unknown}; left out`]),
    ...(typeof membership === 'string' ? [`all roles and groups were left out: ${membership}`] : []),
  ]
  return {
    membership: typeof membership === 'string' ? membershipOf({}) : membership,
    left: reasons.length === 0 ? {} : { left: reasons.join('; ') },
  }
}

export function idOf(given: string | undefined, { from, email }: { readonly from: string; readonly email: string }): string {
  if (given !== undefined && KEPT_ID.test(given)) return given
  // The same each time, so that whoever moves in again is known.
  return `m${sha256(JSON.stringify([from, given ?? email]))}`
}

/** Made here, of an address or of an id that is not kept. */
export const isMadeId = (id: string): boolean => MADE_ID.test(id)

function wayIn({ passwordHash, legacyPassword }: ParsedRow): Pick<Account, 'password' | 'awaitsLegacyPassword'> {
  if (passwordHash !== undefined) return { password: passwordHash }
  return legacyPassword === true ? { awaitsLegacyPassword: true } : {}
}

function stateOf(
  { language: written = '', emailVerified, suspended }: ParsedRow,
  { createdAt, now }: { readonly createdAt: number; readonly now: number },
): Pick<Account, 'language' | 'emailVerifiedAt' | 'suspendedAt'> {
  // Some write `de_AT`. What is no tag at all is no reason to leave a person behind.
  const language = canonicalLanguageTag(written.trim().replaceAll('_', '-'))
  return {
    ...(language === undefined ? {} : { language }),
    ...(emailVerified === true ? { emailVerifiedAt: createdAt } : {}),
    ...(suspended === true ? { suspendedAt: now } : {}),
  }
}

function membershipFields({ roles, groups, at }: Membership): Pick<Account, 'roles' | 'groups' | 'membershipAt'> {
  return at === 0 ? {} : { roles: [...roles], groups: [...groups], membershipAt: at }
}

/** Those of a row or an answer, or what is wrong with them. */
export function identitiesOf(
  { identities: given = [] }: Pick<ParsedRow, 'identities'>,
  at: { readonly accountId: string; readonly linkedAt: number },
): readonly Identity[] | string {
  const identities = given.map((one) => identityOf(one, at))
  return new Set(identities.map((one) => one.id)).size < identities.length ? 'identities: one is there twice' : identities
}

function identityOf(
  { issuer, subject, label }: NonNullable<ParsedRow['identities']>[number],
  at: { readonly accountId: string; readonly linkedAt: number },
): Identity {
  return { id: identityId({ issuer, subject }), issuer, subject, ...at, ...(label === undefined ? {} : { label }) }
}

/** A name that cannot be shown is no reason to leave a person behind. */
export function nameOf({ name = '' }: Pick<ParsedRow, 'name'>, email: string): string {
  for (const candidate of [name, email.slice(0, email.indexOf('@'))]) {
    const tidy = Array.from(tidyName(candidate)).slice(0, 80).join('').trim()
    if (nameProblem(tidy) === undefined) return tidy
  }
  return 'Somebody'
}

function momentOf(given: string | number): number | undefined {
  // In CSV a number is text. Four digits are a year.
  const moment = typeof given === 'number' || /^\d{5,}$/.test(given) ? Number(given) : Date.parse(given)
  return Number.isFinite(moment) ? Math.max(0, Math.floor(moment)) : undefined
}

function creationOf({ createdAt }: ParsedRow, now: number): number | undefined {
  if (createdAt === undefined) return now
  const moment = momentOf(createdAt)
  return moment === undefined ? undefined : Math.min(now, moment)
}

/** The end that was asked for comes with them, and signing in calls it off here as it did there. */
function endOf(
  { deletionAt, deletionByOperator }: ParsedRow,
  { email, now }: { readonly email: string; readonly now: number },
): Pick<Account, 'deletionAt' | 'deletion'> | undefined {
  if (deletionAt === undefined) return {}
  const moment = momentOf(deletionAt)
  // Seconds in place of milliseconds would be long ago, and everybody erased within the hour.
  if (moment === undefined || Math.abs(moment - now) > YEAR_MS) return undefined
  const byOperator = deletionByOperator === true ? ({ byOperator: true } as const) : {}
  return { deletionAt: moment, deletion: { requestedAt: now, addresses: [email], ...byOperator } }
}
