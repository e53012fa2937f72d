// People who have not moved in yet: at their first sign-in here, the app asks the system that knows them. What they typed becomes a hash of ours, and the
// other system is not asked about them again.
import { type Call, callAs } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { hasCode } from '#kernel/errors.ts'
import { limited } from '#kernel/limited.ts'
import { hmacSha256, type KeyRing } from '#kernel/keyring.ts'
import type { Logger } from '#kernel/log.ts'
import { tidyName } from '../accounts/name.ts'
import type { Account } from '../accounts/schemas.ts'
import type { LegacySignIn } from '../accounts/service.ts'
import type { Admission } from '../admission/service.ts'
import { restOfTakingBackRequested } from '../end-access.ts'
import { authErrors } from '../errors.ts'
import type { RunningHooks } from '../hooks/hooks.ts'
import type { Passwords } from '../passwords/passwords.ts'
import { securityEventOf } from '../security-events/security-event.ts'
import type { LegacyHook } from './contract.ts'
import type { EndedAccounts } from './ended.ts'
import { householdOf, idOf, isMadeId, LEGACY, type Whence } from './household.ts'
import type { MovingRepository } from './repository.ts'
import { legacyPerson, type ParsedLegacyPerson } from './schemas.ts'

export interface LegacyDependencies {
  readonly moving: MovingRepository
  readonly ended: Pick<EndedAccounts, 'has' | 'isMarked'>
  readonly admission: Pick<Admission, 'problem'>
  readonly hooks: Pick<RunningHooks, 'beforeSignUp'>
  readonly passwords: Passwords
  readonly keyRing: KeyRing
  readonly clock: Clock
  readonly logger: Logger
  readonly known: Whence['known']
  readonly legacyLimitMs?: number
}

const LIMIT_MS = 5000

export function createLegacySignIn(hook: LegacyHook, deps: LegacyDependencies): LegacySignIn {
  const { admission, keyRing, clock, logger, legacyLimitMs: ms = LIMIT_MS } = deps
  const key = keyRing.derive('auth.legacy-decoy')

  const ask = async (call: Call, typed: { email: string; password: string }): Promise<ParsedLegacyPerson> => {
    try {
      const limit = { ms, late: () => new Error(`It took longer than ${ms} ms.`) }
      const answer = await limited(call, limit, async (own) => hook({ call: own, now: clock.now() }, typed))
      return legacyPerson.parse(answer)
    } catch (cause) {
      logger.error(
        { requestId: call.requestId, event: 'auth.hook_failed', hook: LEGACY, err: cause },
        'a hook of the app failed, so nobody is let in by it',
      )
      throw authErrors.unavailable({ detail: 'Please try again in a moment.', cause })
    }
  }

  return async (call, { email, password, found }) => {
    if (email === undefined) return undefined
    if (found === undefined ? admission.problem(email) !== undefined : !awaits(found)) {
      // The other system is asked all the same, about somebody that it cannot know: else the clock would tell who is here already. What was typed stays here.
      const nobody = hmacSha256(key, email).toString('base64url')
      // Who does not wait for the answer must not be able to keep it from being one.
      const own = { ...callAs(call, call.principal), signal: new AbortController().signal }
      await ask(own, { email: `${nobody.toLowerCase()}@nobody.invalid`, password: nobody })
      return undefined
    }
    const person = await ask(call, { email, password })
    // Without a mailbox that is certainly theirs, anybody could take an address here by signing up with it there.
    if (person?.emailVerified !== true) return undefined
    return found === undefined ? adopt(deps, call, { email, password, person }) : complete(deps, call, { found, password, person })
  }
}

/** Only for as long as its owner has taken no way in away here, the address above all: who had that in the other system may be somebody else. */
function awaits({ password, awaitsLegacyPassword, suspendedAt, waysVersion }: Account): boolean {
  return password === undefined && awaitsLegacyPassword === true && suspendedAt === undefined && waysVersion === undefined
}

/** Whether the other system speaks of the person whom the file has brought. An address alone may have gone to somebody else there since. */
async function isSame(
  { ended }: LegacyDependencies,
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

async function adopt(
  deps: LegacyDependencies,
  call: Call,
  { email, password, person }: { readonly email: string; readonly password: string; readonly person: NonNullable<ParsedLegacyPerson> },
): Promise<Account | undefined> {
  const { moving, ended, passwords, clock, logger } = deps
  const household = householdOf({ ...person, email }, { from: LEGACY, now: clock.now(), known: deps.known })
  const problem = typeof household === 'string' ? household : household.left
  if (typeof household === 'string' || problem !== undefined) {
    // The app can mend its answer, and nobody comes in without what it says of them.
    logger.error({ requestId: call.requestId, event: 'auth.legacy_refused', reason: problem })
    throw authErrors.unavailable({ detail: 'Please try again in a moment.' })
  }
  const { id, name, language = call.language } = household.account
  // Whoever has ended the account may have another by signing up, and does not get the old one back by an old password.
  if (await ended.has(call, { accountId: id, addresses: [email] })) return undefined
  const allowed = await askApp(deps, call, { email, name })
  const said = language === undefined ? {} : { language }
  const account = { ...household.account, ...said, name: tidyName(allowed), password: await passwords.hash(call, password) }
  const events = [securityEventOf({ type: 'account.imported', accountId: id, about: LEGACY })]
  if (await moving.insert(call, { ...household, account, events })) return account
  // Somebody was faster; the next try finds the account.
  return undefined
}

/** The name that the account gets. Only who has the right password for it comes this far, so the app's words tell nobody else who is known there. */
async function askApp({ hooks }: LegacyDependencies, call: Call, draft: Pick<Account, 'email' | 'name'>): Promise<string> {
  try {
    return await hooks.beforeSignUp(call, draft)
  } catch (error) {
    if (!hasCode(error, 'auth.bad_details')) throw error
    // There is no form here with the field that it may have named.
    const detail = error.detail ?? error.fields?.[0]?.message
    throw authErrors.sign_in_refused({ ...(detail === undefined ? {} : { detail }), cause: error })
  }
}

async function complete(
  deps: LegacyDependencies,
  call: Call,
  { found, password, person }: { readonly found: Account; readonly password: string; readonly person: NonNullable<ParsedLegacyPerson> },
): Promise<Account | undefined> {
  const { moving, passwords, clock, logger } = deps
  if (!(await isSame(deps, call, { found, id: person.id }))) {
    logger.error(
      { requestId: call.requestId, event: 'auth.legacy_refused', accountId: found.id, reason: 'id: the person moved in with another one' },
      'the other system has this address with another id than the file had, so nobody is let in by it',
    )
    return undefined
  }
  const hashed = await passwords.hash(call, password)
  const now = clock.now()
  return moving.complete(call, found, { password: hashed, now, events: [restOfTakingBackRequested({ accountId: found.id, at: now })] })
}
