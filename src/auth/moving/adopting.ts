// How somebody whom another system knows gets their account here, by whatever hook: within the rules of the app, with their id, roles and identities, and
// never a second time once they have ended it here.
import { type Call } from '#kernel/call.ts'
import { hasCode } from '#kernel/errors.ts'
import { tidyName } from '../accounts/name.ts'
import type { Account } from '../accounts/schemas.ts'
import type { Admission } from '../admission/service.ts'
import { authErrors } from '../errors.ts'
import type { RunningHooks } from '../hooks/hooks.ts'
import { securityEventOf } from '../security-events/security-event.ts'
import type { Identity } from '../upstream/schemas.ts'
import { type Asked, type AskingDependencies, unanswered } from './asking.ts'
import type { EndedAccounts } from './ended.ts'
import { type Household, householdOf, idOf, isMadeId, LEGACY, type Whence } from './household.ts'
import type { MovingRepository } from './repository.ts'
import type { ParsedRow } from './schemas.ts'

export interface AdoptingDependencies extends AskingDependencies {
  readonly moving: MovingRepository
  readonly ended: Pick<EndedAccounts, 'has' | 'isMarked'>
  readonly admission: Pick<Admission, 'problem'>
  readonly hooks: Pick<RunningHooks, 'beforeSignUp'>
  readonly known: Whence['known']
}

export interface Newcomer {
  readonly household: Household
  /** For the records. */
  readonly by: Asked<unknown>['hook']
  /** Made last, since it costs: nobody's unless told. */
  hash?(): Promise<string>
}

/** What an answer makes of a person. Throws `auth.unavailable` for one that the app has to mend: nobody comes in without what it says of them. */
export function answeredHousehold({ clock, logger, known }: AdoptingDependencies, call: Call, row: ParsedRow): Household {
  const household = householdOf(row, { from: LEGACY, now: clock.now(), known })
  const problem = typeof household === 'string' ? household : household.left
  if (typeof household !== 'string' && problem === undefined) return household
  logger.error({ requestId: call.requestId, event: 'auth.legacy_refused', reason: problem })
  throw unanswered()
}

/** `ended`: who has ended the account here may have another by signing up, and does not get the old one back. `overtaken`: the id or the address is somebody's by now. */
export async function adopted(
  deps: AdoptingDependencies,
  call: Call,
  { household, by, hash }: Newcomer,
): Promise<Account | 'ended' | 'overtaken'> {
  const { moving, ended } = deps
  const { id, email, name, language = call.language } = household.account
  if (await ended.has(call, { accountId: id, addresses: [email] })) return 'ended'
  const allowed = await askApp(deps, call, { email, name })
  const said = language === undefined ? {} : { language }
  const given = hash === undefined ? {} : { password: await hash() }
  const account = { ...household.account, ...said, name: tidyName(allowed), ...given }
  const events = [securityEventOf({ type: 'account.imported', accountId: id, about: by })]
  const identities = await freeOf(deps, call, { accountId: id, identities: household.identities })
  return (await moving.insert(call, { account, identities, events })) ? account : 'overtaken'
}

/** Those that are nobody's here. Of one that is somebody's it is for its two owners to say whose it is. */
export async function freeOf(
  { moving, logger }: Pick<AdoptingDependencies, 'moving' | 'logger'>,
  call: Call,
  { accountId, identities }: { readonly accountId: string; readonly identities: readonly Identity[] },
): Promise<readonly Identity[]> {
  const owners = await Promise.all(identities.map((one) => moving.findIdentity(call, one)))
  for (const [index, { issuer }] of identities.entries()) {
    if (owners[index] === undefined || owners[index].accountId === accountId) continue
    const reason = `the identity of ${issuer} is connected with another account here already`
    logger.warn({ requestId: call.requestId, event: 'auth.legacy_refused', accountId, reason })
  }
  return identities.filter((_, index) => owners[index] === undefined)
}

/** The name that the account gets. Only who has proved to be the one comes this far, so the app's words tell nobody else who is known there. */
async function askApp({ hooks }: AdoptingDependencies, call: Call, draft: Pick<Account, 'email' | 'name'>): Promise<string> {
  try {
    return await hooks.beforeSignUp(call, draft)
  } catch (error) {
    if (!hasCode(error, 'auth.bad_details')) throw error
    // There is no form here with the field that it may have named.
    const detail = error.detail ?? error.fields?.[0]?.message
    throw authErrors.sign_in_refused({ ...(detail === undefined ? {} : { detail }), cause: error })
  }
}

/** Whether the other system speaks of the person whom the file has brought. An address alone may have gone to somebody else there since. */
export async function isSame(
  { ended }: Pick<AdoptingDependencies, 'ended'>,
  call: Call,
  { found, id }: { found: Account; id: string | undefined },
): Promise<boolean> {
  if (id === undefined) return true
  const accountId = idOf(id, { from: LEGACY, email: found.email })
  if (accountId === found.id) return true
  // No id has come with them, so there is none to be held against.
  if (found.legacyMarks === undefined) return isMadeId(found.id)
  return ended.isMarked(call, { accountId, marks: found.legacyMarks })
}
