// The decisions about people who move in from another system, and out to one.
import { canonicalLanguageTag } from '#kernel/language-tag.ts'
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { sha256 } from '#kernel/keyring.ts'
import { fieldProblems } from '#kernel/schema.ts'
import { normaliseEmail } from '../accounts/email.ts'
import { nameProblem, tidyName } from '../accounts/name.ts'
import type { Account } from '../accounts/schemas.ts'
import type { Admission } from '../admission/service.ts'
import { authErrors } from '../errors.ts'
import { decoyOf, hashProblem, shapeOf } from '../passwords/foreign.ts'
import { changedMembership, type Membership, membershipOf } from '../roles/membership.ts'
import { actorOf, securityEventOf } from '../security-events/security-event.ts'
import { identityId } from '../upstream/repository.ts'
import type { Identity } from '../upstream/schemas.ts'
import type { Moving, MoveInOptions, PersonRow, RowOutcome } from './contract.ts'
import type { EndedAccounts } from './ended.ts'
import type { MovingRepository } from './repository.ts'
import { type ParsedRow, personRow } from './schemas.ts'
import { requireOperator } from '../operators-only.ts'

export interface MovingDependencies {
  readonly repository: MovingRepository
  readonly ended: Pick<EndedAccounts, 'note'>
  readonly admission: Pick<Admission, 'problem'>
  readonly clock: Clock
}

/** Everything of one person, ready to be stored. */
export interface Household {
  readonly account: Account
  readonly identities: readonly Identity[]
}

/** What those come from about whom the app asks another system. */
export const LEGACY = 'legacySignIn'

const MOST_ROWS = 200
const AT_ONCE = 16
const YEAR_MS = 365 * 24 * 3_600_000
/** Short ids could be those of clients, and a token would speak for the wrong one (RFC 9700 section 4.15). */
const KEPT_ID = /^[\w-]{16,64}$/

export function createMoving(deps: MovingDependencies): Moving {
  const { repository } = deps
  return {
    async moveIn(call, rows, options) {
      requireOperator(call)
      if (rows.length > MOST_ROWS) throw authErrors.bad_details({ detail: `At most ${MOST_ROWS} rows at once.` })
      const outcomes: RowOutcome[] = []
      for (let start = 0; start < rows.length; start += AT_ONCE)
        outcomes.push(...(await Promise.all(rows.slice(start, start + AT_ONCE).map((row) => moveInOne(deps, call, { row, options })))))
      return outcomes
    },
    async moveOut(call, { withPasswords, after }) {
      requireOperator(call)
      if (after === undefined)
        await repository.tell(call, [
          securityEventOf({
            type: 'accounts.exported',
            about: withPasswords ? 'with password hashes' : 'without passwords',
            ...actorOf(call),
          }),
        ])
      const page = await repository.list(call, after)
      // What is half removed is nobody to be moved.
      const whole = page.items.filter(({ deletion }) => deletion?.begun !== true)
      const items = await Promise.all(
        whole.map(async (account) => rowOf(account, { identities: await repository.identities(call, account.id), withPasswords })),
      )
      return { items, ...(page.next === undefined ? {} : { next: page.next }) }
    },
  }
}

const refused = (reason: string): RowOutcome => ({ outcome: 'refused', reason })

async function moveInOne(
  { repository, ended, admission, clock }: MovingDependencies,
  call: Call,
  { row, options }: { readonly row: unknown; readonly options: MoveInOptions },
): Promise<RowOutcome> {
  const parsed = personRow.safeParse(row)
  if (!parsed.success)
    return refused(
      fieldProblems(parsed.error)
        .map(({ field, message }) => `${field || 'the row'}: ${message}`)
        .join('; '),
    )
  const household = householdOf(parsed.data, { from: options.from, now: clock.now() })
  if (typeof household === 'string') return refused(household)
  const standing = (await standingOf(repository, call, household)) ?? domainRefusal(admission, household.account)
  if (standing !== undefined || options.dryRun === true) return standing ?? { outcome: 'made', accountId: household.account.id }
  const known = legacyIdOf(parsed.data, household)
  // What has their password knows them by the id of the file, which leads it to another one than the file.
  const marks = known === undefined ? {} : { legacyMarks: await ended.note(call, { accountId: known }) }
  const account = { ...household.account, ...marks }
  if (account.password !== undefined) await repository.keepShape(call, { id: shapeOf(account.password), decoy: decoyOf(account.password) })
  const events = [securityEventOf({ type: 'account.imported', accountId: account.id, about: options.from, ...actorOf(call) })]
  if (await repository.insert(call, { ...household, account, events })) return { outcome: 'made', accountId: account.id }
  // Somebody was faster: another row, or a person at the sign-up page.
  return (await standingOf(repository, call, household)) ?? refused('the person was changed while being moved in; try again')
}

/** Of the rules of sign-up these hold for an operator, too, as they do for `invite`. */
function domainRefusal(admission: Pick<Admission, 'problem'>, { email }: Account): RowOutcome | undefined {
  return admission.problem(email) === undefined ? undefined : refused('email: this app takes no addresses of this domain (signUp.domains)')
}

/** How what is there already stands in the way. */
async function standingOf(repository: MovingRepository, call: Call, { account, identities }: Household): Promise<RowOutcome | undefined> {
  const same = await repository.find(call, account.id)
  if (same !== undefined) return { outcome: 'present', accountId: same.id }
  // Another row for the same person may be moving in at this moment.
  const namesake = await repository.findByEmail(call, account.email)
  if (namesake?.id === account.id) return { outcome: 'present', accountId: account.id }
  if (namesake !== undefined) return refused('somebody here has this address already')
  for (const identity of identities)
    if (((await repository.findIdentity(call, identity))?.accountId ?? account.id) !== account.id)
      return refused(`the identity of ${identity.issuer} is connected with another account here already`)
  return undefined
}

/** The account that a row makes, or what is wrong with it. */
export function householdOf(row: ParsedRow, { from, now }: { readonly from: string; readonly now: number }): Household | string {
  const email = normaliseEmail(row.email)
  if (email === undefined) return 'email: this is no address'
  const badHash = row.passwordHash === undefined ? undefined : hashProblem(row.passwordHash)
  if (badHash !== undefined) return badHash
  const createdAt = creationOf(row, now)
  if (createdAt === undefined) return 'createdAt: this is no moment; use ISO 8601 or epoch milliseconds'
  const ending = endOf(row, { email, now })
  if (ending === undefined) return 'deletionAt: this is no moment of the last or the next year; use ISO 8601 or epoch milliseconds'
  const membership = changedMembership(membershipOf({}), { addRoles: row.roles ?? [], addGroups: row.groups ?? [] }, now)
  if (typeof membership === 'string') return membership
  const id = idOf(row.id, { from, email })
  const identities = (row.identities ?? []).map((one) => identityOf(one, { accountId: id, linkedAt: createdAt }))
  if (new Set(identities.map((one) => one.id)).size < identities.length) return 'identities: one is there twice'
  const standing = { ...wayIn(row), ...stateOf(row, { createdAt, now }), ...ending, ...membershipFields(membership) }
  return { account: { id, email, name: nameOf(row, email), createdAt, ...standing }, identities }
}

function idOf(given: string | undefined, { from, email }: { readonly from: string; readonly email: string }): string {
  if (given !== undefined && KEPT_ID.test(given)) return given
  // The same each time, so that whoever moves in again is known.
  return `m${sha256(JSON.stringify([from, given ?? email]))}`
}

/** The id that an answer of `legacySignIn` about this person leads to, where it is another than that of the account. */
function legacyIdOf({ id, legacyPassword }: ParsedRow, { account }: Household): string | undefined {
  const known = id === undefined || legacyPassword !== true ? undefined : idOf(id, { from: LEGACY, email: account.email })
  return known === account.id ? undefined : known
}

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

function identityOf(
  { issuer, subject, label }: NonNullable<ParsedRow['identities']>[number],
  at: { readonly accountId: string; readonly linkedAt: number },
): Identity {
  return { id: identityId({ issuer, subject }), issuer, subject, ...at, ...(label === undefined ? {} : { label }) }
}

/** A name that cannot be shown is no reason to leave a person behind. */
function nameOf({ name = '' }: ParsedRow, email: string): string {
  for (const candidate of [name, email.slice(0, email.indexOf('@'))]) {
    const tidy = Array.from(tidyName(candidate)).slice(0, 80).join('').trim()
    if (nameProblem(tidy) === undefined) return tidy
  }
  return 'Somebody'
}

function momentOf(given: string | number): number | undefined {
  const moment = typeof given === 'number' ? given : Date.parse(given)
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

function endIn({ deletionAt, deletion }: Account): Pick<PersonRow, 'deletionAt' | 'deletionByOperator'> {
  if (deletionAt === undefined) return {}
  const at = { deletionAt: new Date(deletionAt).toISOString() }
  return deletion?.byOperator === true ? { ...at, deletionByOperator: true } : at
}

function rowOf(account: Account, { identities, withPasswords }: { identities: readonly Identity[]; withPasswords: boolean }): PersonRow {
  const { id, email, name, language, password, emailVerifiedAt, suspendedAt, createdAt, roles = [], groups = [] } = account
  return {
    id,
    email,
    emailVerified: emailVerifiedAt !== undefined,
    name,
    ...(language === undefined ? {} : { language }),
    ...(withPasswords && password !== undefined ? { passwordHash: password } : {}),
    ...(account.awaitsLegacyPassword === true ? { legacyPassword: true } : {}),
    ...(suspendedAt === undefined ? {} : { suspended: true }),
    createdAt: new Date(createdAt).toISOString(),
    ...endIn(account),
    ...(roles.length === 0 ? {} : { roles }),
    ...(groups.length === 0 ? {} : { groups }),
    ...(identities.length === 0
      ? {}
      : { identities: identities.map(({ issuer, subject, label }) => ({ issuer, subject, ...(label === undefined ? {} : { label }) })) }),
  }
}
