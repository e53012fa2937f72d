// People who have not moved in yet: at their first sign-in here, the app asks the system that knows them. What they typed becomes a hash of ours, and the
// other system is not asked about them again.
import { type Call, callAs } from '#kernel/call.ts'
import { hmacSha256, type KeyRing } from '#kernel/keyring.ts'
import type { Account } from '../accounts/schemas.ts'
import type { LegacySignIn } from '../accounts/service.ts'
import { restOfTakingBackRequested } from '../end-access.ts'
import type { Passwords } from '../passwords/passwords.ts'
import { type AdoptingDependencies, adopted, answeredHousehold, freeOf, isSame } from './adopting.ts'
import { asked, unanswered } from './asking.ts'
import type { LegacyHook } from './contract.ts'
import { identitiesOf } from './household.ts'
import { legacyPerson, type ParsedLegacyPerson } from './schemas.ts'

const MAX_ROUNDS = 3

export interface LegacyDependencies extends AdoptingDependencies {
  readonly passwords: Passwords
  readonly keyRing: KeyRing
}

export function createLegacySignIn(hook: LegacyHook, deps: LegacyDependencies): LegacySignIn {
  const { admission, keyRing } = deps
  const key = keyRing.derive('auth.legacy-decoy')

  const ask = (call: Call, typed: { email: string; password: string }): Promise<ParsedLegacyPerson> =>
    asked(deps, call, { hook: 'legacySignIn', schema: legacyPerson, run: (context) => hook(context, typed) })

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
    return known(deps, call, { email, password, person, found })
  }
}

/** Only for as long as its owner has taken no way in away here, the address above all: who had that in the other system may be somebody else. */
function awaits({ password, awaitsLegacyPassword, suspendedAt, waysVersion }: Account): boolean {
  return password === undefined && awaitsLegacyPassword === true && suspendedAt === undefined && waysVersion === undefined
}

interface Known {
  readonly email: string
  readonly password: string
  readonly person: NonNullable<ParsedLegacyPerson>
}

/** The account of whom the other system knows by this password. Where it is made or completed by somebody else just now, what is stored by then says who it opens to. */
async function known(
  deps: LegacyDependencies,
  call: Call,
  { found: first, ...tried }: Known & { readonly found: Account | undefined },
): Promise<Account | undefined> {
  let hashed: Promise<string> | undefined
  const hash = (): Promise<string> => (hashed ??= deps.passwords.hash(call, tried.password))
  let found = first
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const made = await (found === undefined
      ? adopt(deps, call, { ...tried, hash })
      : complete(deps, call, { found, person: tried.person, hash }))
    if (made !== 'overtaken') return made
    found = await deps.moving.findByEmail(call, tried.email)
    // What is in the way of them is another account.
    if (found === undefined) return undefined
    if (!awaits(found)) return (await opens(deps, call, { account: found, password: tried.password })) ? found : undefined
  }
  // Nobody has said that the password is wrong.
  throw unanswered()
}

/** As at any sign-in: two of one person may have been sent at once, or it is somebody else's account. */
async function opens(
  { passwords }: LegacyDependencies,
  call: Call,
  { account, password }: { readonly account: Account; readonly password: string },
): Promise<boolean> {
  if (account.password === undefined || account.emailVerifiedAt === undefined || account.suspendedAt !== undefined) return false
  return passwords.verify(call, password, account.password)
}

async function adopt(
  deps: LegacyDependencies,
  call: Call,
  { email, person, hash }: Omit<Known, 'password'> & { hash(): Promise<string> },
): Promise<Account | 'overtaken' | undefined> {
  const household = answeredHousehold(deps, call, { ...person, email })
  const made = await adopted(deps, call, { household, by: 'legacySignIn', hash })
  return made === 'ended' ? undefined : made
}

async function complete(
  deps: LegacyDependencies,
  call: Call,
  { found, person, hash }: Pick<Known, 'person'> & { readonly found: Account; hash(): Promise<string> },
): Promise<Account | 'overtaken' | undefined> {
  const { moving, clock, logger } = deps
  if (!(await isSame(deps, call, { found, id: person.id }))) {
    logger.error(
      { requestId: call.requestId, event: 'auth.legacy_refused', accountId: found.id, reason: 'id: the person moved in with another one' },
      'the other system has this address with another id than the file had, so nobody is let in by it',
    )
    return undefined
  }
  // Dated as the account is, as those of a file are: so they are told from what was added here.
  const given = identitiesOf(person, { accountId: found.id, linkedAt: found.createdAt })
  if (typeof given === 'string') {
    logger.error({ requestId: call.requestId, event: 'auth.legacy_refused', accountId: found.id, reason: given })
    throw unanswered()
  }
  const identities = await freeOf(deps, call, { accountId: found.id, identities: given })
  const password = await hash()
  const now = clock.now()
  const events = [restOfTakingBackRequested({ accountId: found.id, at: now })]
  return (await moving.complete(call, found, { password, now, identities, events })) ?? 'overtaken'
}
