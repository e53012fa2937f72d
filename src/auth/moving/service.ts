// The decisions about people who move in from another system, and out to one.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import { fieldProblems } from '#kernel/schema.ts'
import type { Account } from '../accounts/schemas.ts'
import type { Admission } from '../admission/service.ts'
import { authErrors } from '../errors.ts'
import { decoyOf, shapeOf } from '../passwords/foreign.ts'
import type { Totp } from '../second-factors/schemas.ts'
import { TOTP_PURPOSE, totpBinding } from '../second-factors/service.ts'
import { actorOf, securityEventOf } from '../security-events/security-event.ts'
import { type Arriving, type Completed, completed } from './completing.ts'
import type { Moving, MoveInOptions, PersonRow, RowOutcome } from './contract.ts'
import type { EndedAccounts } from './ended.ts'
import { type Household, householdOf, idOf, LEGACY, nameOf, type Whence } from './household.ts'
import type { MovingRepository } from './repository.ts'
import { rowOf } from './row-out.ts'
import { type ParsedRow, personRow } from './schemas.ts'
import { stepsLeft } from './systems/ninefold.ts'
import { requireOperator } from '../operators-only.ts'

export interface MovingDependencies {
  readonly repository: MovingRepository
  readonly ended: Pick<EndedAccounts, 'note'>
  readonly admission: Pick<Admission, 'problem'>
  readonly keyRing: Pick<KeyRing, 'seal' | 'open'>
  readonly clock: Clock
  readonly known: Whence['known']
}

const MOST_ROWS = 200
const AT_ONCE = 16

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
            about: withPasswords ? 'with password hashes and keys of authenticator apps' : 'without passwords',
            ...actorOf(call),
          }),
        ])
      const page = await repository.list(call, after)
      // What is half removed is nobody to be moved.
      const whole = page.items.filter(({ deletion }) => deletion?.begun !== true)
      const items: PersonRow[] = []
      for (let start = 0; start < whole.length; start += AT_ONCE)
        items.push(
          ...(await Promise.all(whole.slice(start, start + AT_ONCE).map((account) => rowOf(deps, call, { account, withPasswords })))),
        )
      return { items, ...(page.next === undefined ? {} : { next: page.next }) }
    },
  }
}

const refused = (reason: string): RowOutcome => ({ outcome: 'refused', reason })

interface Row {
  readonly row: unknown
  readonly options: MoveInOptions
}

async function moveInOne(deps: MovingDependencies, call: Call, { row, options }: Row): Promise<RowOutcome> {
  const parsed = personRow.safeParse(row)
  if (!parsed.success)
    return refused(
      fieldProblems(parsed.error)
        .map(({ field, message }) => `${field || 'the row'}: ${message}`)
        .join('; '),
    )
  const outcome = await moveInParsed(deps, call, { row: parsed.data, options })
  if (outcome.outcome === 'refused') return outcome
  // Said of whoever is here already, too: it is as missing then.
  const left = [...stepsLeft(parsed.data), ...(outcome.left === undefined ? [] : [outcome.left])]
  return left.length === 0 ? outcome : { ...outcome, left: left.join('; ') }
}

async function moveInParsed(
  { repository, ended, admission, keyRing, clock, known }: MovingDependencies,
  call: Call,
  { row, options }: Row & { readonly row: ParsedRow },
): Promise<RowOutcome> {
  const household = householdOf(row, { from: options.from, now: clock.now(), known })
  if (typeof household === 'string') return refused(household)
  const app = appOf(household, keyRing)
  const arriving = { household, options, nameless: nameOf({}, household.account.email), app }
  const standing = (await standingOf(repository, call, arriving)) ?? domainRefusal(admission, household.account)
  const made: RowOutcome = {
    outcome: 'made',
    accountId: household.account.id,
    ...(household.left === undefined ? {} : { left: household.left }),
  }
  if (standing !== undefined || options.dryRun === true) return standing ?? made
  const idThere = legacyIdOf(row, household)
  // What has their password knows them by the id of the file, which leads it to another one than the file.
  const marks = idThere === undefined ? {} : { legacyMarks: await ended.note(call, { accountId: idThere }) }
  const account = { ...household.account, ...marks }
  if (account.password !== undefined) await repository.keepShape(call, { id: shapeOf(account.password), decoy: decoyOf(account.password) })
  const events = [securityEventOf({ type: 'account.imported', accountId: account.id, about: options.from, ...actorOf(call) })]
  if (await repository.insert(call, { ...household, account, app, events })) return made
  // Somebody was faster: another row, or a person at the sign-up page.
  return (await standingOf(repository, call, arriving)) ?? refused('the person was changed while being moved in; try again')
}

/** Each of its codes counts, since none was used here yet. */
function appOf({ account: { id, createdAt }, totpKey }: Household, keyRing: Pick<KeyRing, 'seal'>): Totp | undefined {
  return totpKey === undefined ? undefined : { id, key: keyRing.seal(TOTP_PURPOSE, totpBinding(id), totpKey), lastStep: 0, createdAt }
}

/** Of the rules of sign-up these hold for an operator, too, as they do for `invite`. */
function domainRefusal(admission: Pick<Admission, 'problem'>, { email }: Account): RowOutcome | undefined {
  return admission.problem(email) === undefined ? undefined : refused('email: this app takes no addresses of this domain (signUp.domains)')
}

function reported(done: Completed): RowOutcome {
  if (done.outcome === 'refused') return done
  const { outcome, accountId } = done
  const left = [...done.closed, ...done.beside]
  return { outcome, accountId, ...(left.length === 0 ? {} : { left: left.join('; ') }) }
}

/** How what is there already stands in the way. */
async function standingOf(repository: MovingRepository, call: Call, arriving: Arriving): Promise<RowOutcome | undefined> {
  const { account, identities } = arriving.household
  const same = await repository.find(call, account.id)
  if (same !== undefined) return reported(await completed(repository, call, { found: same, arriving }))
  // Another row for the same person may be moving in at this moment.
  const namesake = await repository.findByEmail(call, account.email)
  if (namesake?.id === account.id) return reported(await completed(repository, call, { found: namesake, arriving }))
  if (namesake !== undefined) return refused('somebody here has this address already')
  for (const identity of identities)
    if (((await repository.findIdentity(call, identity))?.accountId ?? account.id) !== account.id)
      return refused(`the identity of ${identity.issuer} is connected with another account here already`)
  return undefined
}

/** The id that an answer of `legacySignIn` about this person leads to, where it is another than that of the account. */
function legacyIdOf({ id, legacyPassword }: ParsedRow, { account }: Household): string | undefined {
  const known = id === undefined || legacyPassword !== true ? undefined : idOf(id, { from: LEGACY, email: account.email })
  return known === account.id ? undefined : known
}
