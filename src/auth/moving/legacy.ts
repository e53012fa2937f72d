// People who have not moved in yet: at their first sign-in here, the app asks the system that knows them. What they typed becomes a hash of ours, and the
// other system is not asked about them again.
import { type Call, callAs } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { limited } from '#kernel/limited.ts'
import { hmacSha256, type KeyRing } from '#kernel/keyring.ts'
import type { Logger } from '#kernel/log.ts'
import type { Account } from '../accounts/schemas.ts'
import type { LegacySignIn } from '../accounts/service.ts'
import { authErrors } from '../errors.ts'
import type { Passwords } from '../passwords/passwords.ts'
import { securityEventOf } from '../security-events/security-event.ts'
import type { LegacyHook } from './contract.ts'
import type { MovingRepository } from './repository.ts'
import { legacyPerson, type ParsedLegacyPerson } from './schemas.ts'
import { householdOf } from './service.ts'

export interface LegacyDependencies {
  readonly moving: MovingRepository
  readonly passwords: Passwords
  readonly keyRing: KeyRing
  readonly clock: Clock
  readonly logger: Logger
  readonly legacyLimitMs?: number
}

const LIMIT_MS = 5000
const FROM = 'legacySignIn'

export function createLegacySignIn(hook: LegacyHook, deps: LegacyDependencies): LegacySignIn {
  const { keyRing, clock, logger, legacyLimitMs: ms = LIMIT_MS } = deps
  const key = keyRing.derive('auth.legacy-decoy')

  const ask = async (call: Call, typed: { email: string; password: string }): Promise<ParsedLegacyPerson> => {
    try {
      const limit = { ms, late: () => new Error(`It took longer than ${ms} ms.`) }
      const answer = await limited(call, limit, async (own) => hook({ call: own, now: clock.now() }, typed))
      return legacyPerson.parse(answer)
    } catch (cause) {
      logger.error(
        { requestId: call.requestId, event: 'auth.hook_failed', hook: FROM, err: cause },
        'a hook of the app failed, so nobody is let in by it',
      )
      throw authErrors.unavailable({ detail: 'Please try again in a moment.', cause })
    }
  }

  return async (call, { email, password, found }) => {
    if (email === undefined) return undefined
    if (found !== undefined && !awaits(found)) {
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
    return found === undefined ? adopt(deps, call, { email, password, person }) : complete(deps, call, { found, password })
  }
}

function awaits({ password, awaitsLegacyPassword, suspendedAt }: Account): boolean {
  return password === undefined && awaitsLegacyPassword === true && suspendedAt === undefined
}

async function adopt(
  { moving, passwords, clock, logger }: LegacyDependencies,
  call: Call,
  { email, password, person }: { readonly email: string; readonly password: string; readonly person: NonNullable<ParsedLegacyPerson> },
): Promise<Account | undefined> {
  const passwordHash = await passwords.hash(call, password)
  const household = householdOf({ ...person, email, passwordHash }, { from: FROM, now: clock.now() })
  if (typeof household === 'string') {
    logger.error({ requestId: call.requestId, event: 'auth.legacy_refused', reason: household })
    throw authErrors.unavailable({ detail: 'Please try again in a moment.' })
  }
  const events = [securityEventOf({ type: 'account.imported', accountId: household.account.id, about: FROM })]
  if (await moving.insert(call, { ...household, events })) return household.account
  // Somebody was faster; the next try finds the account.
  return undefined
}

async function complete(
  { moving, passwords, clock }: LegacyDependencies,
  call: Call,
  { found, password }: { readonly found: Account; readonly password: string },
): Promise<Account | undefined> {
  const { emailVerifiedAt = clock.now() } = found
  return moving.complete(call, found.id, { password: await passwords.hash(call, password), emailVerifiedAt })
}
