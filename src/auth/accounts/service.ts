// The decisions about accounts: who may have one, who has proved to be its owner. Known and unknown addresses cost the same and answer the same.
import type { Call } from '#kernel/call.ts'
import { isLanguageTag } from '#kernel/language-tag.ts'
import { equalSecrets } from '#kernel/keyring.ts'
import type { Logger } from '#kernel/log.ts'
import { endAccessRequested } from '../end-access.ts'
import type { AccountDirectory } from '../engine.ts'
import { authErrors } from '../errors.ts'
import { hashProblem } from '../passwords/foreign.ts'
import { passwordProblem } from '../passwords/policy.ts'
import { securityEventOf, type Whence } from '../security-events/security-event.ts'
import type { Devices } from './devices.ts'
import type { Doors } from './doors.ts'
import { normaliseEmail, typedAddress } from './email.ts'
import { languageFor, mail } from './mail.ts'
import { nameProblem, tidyName } from './name.ts'
import { type Account, credentialOf } from './schemas.ts'
import { type SignedIn, signedInto } from './signed-in.ts'
import type { Owned } from './still-owned.ts'
import { membershipOf } from '../roles/membership.ts'
import { fieldProblem } from '../texts/problem.ts'
import { createSigningUp, type SigningUp, type SignUpDependencies } from './sign-up.ts'
import { PER_ACCOUNT } from './throttle.ts'

export interface SignIn {
  readonly email: string
  readonly password: string
  readonly client: string
  /** And of the network that it is in. */
  readonly network?: string | undefined
  /** What an earlier sign-in gave this browser to be known by. */
  readonly device?: string
  readonly by?: Whence | undefined
}

export interface PasswordChange {
  readonly accountId: string
  readonly sessionId: string
  readonly current: string
  readonly next: string
  /** What the browser is known by until then. */
  readonly device?: string | undefined
  readonly by?: Whence | undefined
}

export interface Renaming {
  readonly accountId: string
  readonly name: string
  readonly by?: Whence | undefined
}

export interface Accounts extends AccountDirectory, SigningUp {
  /** `undefined` for a wrong password, an unknown address, one that is not confirmed and a suspended account alike. */
  signIn(call: Call, attempt: SignIn): Promise<SignedIn | undefined>
  rename(call: Call, change: Renaming): Promise<void>
  /** `language`: the tag of one that is offered. */
  chooseLanguage(call: Call, accountId: string, language: string): Promise<void>
  /**
   * What this browser is known by from now on: all that were known before are strangers. `undefined` when `current` is not the password. Throws
   * `auth.bad_details` when `next` cannot be one. The write asks for the end of everything that the old one has opened, but for the session in which it
   * was changed.
   */
  changePassword(call: Call, change: PasswordChange): Promise<string | undefined>
  /**
   * A first password, for whoever has none and has signed in just now. `undefined` when there is one by now, or the account is not as it was while they
   * were signed in. Throws and ends as `changePassword`, which tells as well who has yet to confirm the address: a password would open nothing.
   */
  choosePassword(call: Call, choice: Omit<PasswordChange, 'current'> & Owned): Promise<string | undefined>
}

/** The account of somebody whom the other system knows by this password, made or completed just now. */
export type LegacySignIn = (
  call: Call,
  tried: { readonly email: string | undefined; readonly password: string; readonly found: Account | undefined },
) => Promise<Account | undefined>

export interface AccountsDependencies extends SignUpDependencies {
  readonly devices: Devices
  readonly doors: Doors
  readonly legacy?: LegacySignIn | undefined
  readonly logger: Logger
}

function isUsable(account: Account | undefined): account is Account {
  return account !== undefined && account.emailVerifiedAt !== undefined && account.suspendedAt === undefined
}

export function createAccountsService(deps: AccountsDependencies): Accounts {
  return { ...directory(deps), ...createSigningUp(deps), ...signingIn(deps), ...changing(deps) }
}

function directory({ repository }: AccountsDependencies): AccountDirectory {
  return {
    async find(call, accountId) {
      const account = await repository.find(call, accountId)
      if (account === undefined) return undefined
      const { name, email, emailVerifiedAt, suspendedAt } = account
      const language = account.language !== undefined && isLanguageTag(account.language) ? account.language : undefined
      const emailVerified = emailVerifiedAt !== undefined
      const membership = membershipOf(account)
      const suspended = suspendedAt !== undefined
      const hasPassword = account.password !== undefined
      const { waysVersion } = account
      const known = { accountId, name, email, emailVerified, language, membership }
      return { ...known, suspended, credential: credentialOf(account), hasPassword, waysVersion }
    },
  }
}

/** The operator hears of each account once for each start, not once for each try. */
function createTelling({ passwords, logger }: Pick<AccountsDependencies, 'passwords' | 'logger'>) {
  const told = new Set<string>()
  return (call: Call, { id: accountId, password }: Account): void => {
    if (password === undefined || passwords.isComputable(password) || told.has(accountId)) return
    told.add(accountId)
    logger.warn(
      { requestId: call.requestId, event: 'auth.hash_not_computable', accountId, reason: hashProblem(password) },
      'nobody can compute the password hash of this account: its owner needs a new password',
    )
  }
}

function signingIn(deps: AccountsDependencies): Pick<Accounts, 'signIn'> {
  const { repository, passwords, throttle, devices, doors, legacy, logger } = deps
  const tellOfBrokenHash = createTelling(deps)

  const renewHash = async (call: Call, account: Account, password: string): Promise<void> => {
    if (account.password === undefined || !passwords.isOutdated(account.password)) return
    try {
      // Of two sign-ins at once one renews it, and both count.
      await repository.renewHash(call, account, await passwords.hash(call, password))
    } catch (error) {
      // The person is in; the next sign-in tries again.
      logger.warn({ requestId: call.requestId, event: 'auth.rehash_failed', err: error })
    }
  }

  /** Whose the address is, and the account that the password proves. Costs the same for everybody. */
  const compare = async (
    call: Call,
    { email, address, password, isKnown }: { email: string | undefined; address: string; password: string; isKnown: boolean },
  ): Promise<{ found: Account | undefined; owner: Account | undefined }> => {
    const found = email === undefined ? undefined : await repository.findByEmail(call, email)
    const account = isUsable(found) ? found : undefined
    const { verify } = isKnown ? passwords.favoured : passwords
    // Made for everybody: on a fast machine the making itself would tell who has a password.
    const decoy = passwords.decoyFor(address)
    const matches = await verify(call, password, account?.password ?? decoy)
    if (account !== undefined) tellOfBrokenHash(call, account)
    return { found, owner: account?.password !== undefined && matches ? account : undefined }
  }

  return {
    async signIn(call, { email: typed, password, client, network, device, by }) {
      const email = normaliseEmail(typed)
      const address = typedAddress(typed)
      const known = await devices.recognise(call, address, device)
      // Whoever is known stands at no door that strangers can close.
      const met = known === undefined ? doors.of({ address, password, client, network }) : [doors.ofDevice(known.name)]
      const attempt = await throttle.enter(call, met)
      const compared = await compare(call, { email, address, password, isKnown: known !== undefined }).catch(async (error: unknown) => {
        await attempt.cancel()
        throw error
      })
      // From here on the try counts, whatever fails: the password was compared. For addresses without an account too, or the doors would tell.
      const { found } = compared
      const owner = compared.owner ?? (await legacy?.(call, { email, password, found }))
      if (owner === undefined) {
        logger.info({ requestId: call.requestId, event: 'auth.sign_in_refused' })
        // For an address without an account too: the clock would tell of a write.
        const whose = found === undefined ? {} : { accountId: found.id }
        await repository.tell(call, [securityEventOf({ type: 'sign_in.failed', ...whose, client, ...by })])
        return undefined
      }
      await attempt.succeed(met.filter(({ name }) => name === 'account').map(({ key }) => key))
      await renewHash(call, owner, password)
      return signedInto(owner)
    },
  }
}

/** Sets a new password, if the account is still as it was, or it is set already; gives what the browser is known by from now on. */
async function replacePassword(
  { repository, passwords, devices, clock }: AccountsDependencies,
  call: Call,
  { account, sessionId, next, by, device }: Pick<PasswordChange, 'sessionId' | 'next' | 'by' | 'device'> & { readonly account: Account },
): Promise<string | undefined> {
  const { id: accountId, email, name, password: before, waysVersion } = account
  const known = await devices.recognise(call, email, device)
  const after = await passwords.hash(call, next)
  const data = { name, when: new Date(clock.now()).toUTCString() }
  const events = [
    mail({ to: email, template: 'password-changed', data, language: languageFor(account, call) }),
    endAccessRequested({ accountId, at: clock.now(), exceptSessionId: sessionId }),
    securityEventOf({ type: 'password.changed', accountId, ...by }),
  ]
  const isChanged =
    before === undefined
      ? await repository.addPassword(call, account, { password: after, events })
      : await repository.updatePassword(call, accountId, { before, after, events })
  const remember = (credential: string): string => devices.remember({ accountId, email, credential }, known?.steps ?? 1, device)
  if (isChanged) return remember(credentialOf({ password: after, waysVersion }))
  // Of two presses at once one has done it: what was asked for is so, and this one has proved as much.
  const now = await repository.find(call, accountId)
  const isSame = isUsable(now) && (await passwords.verify(call, next, now.password))
  return isSame ? remember(credentialOf(now)) : undefined
}

function confirmed(account: Account | undefined): Account | undefined {
  if (account !== undefined && account.emailVerifiedAt === undefined)
    throw authErrors.bad_details({ fields: [fieldProblem('password', 'address_unconfirmed')] })
  return account
}

function changing(deps: AccountsDependencies): Pick<Accounts, 'rename' | 'chooseLanguage' | 'changePassword' | 'choosePassword'> {
  const { repository, passwords, throttle } = deps

  return {
    async rename(call, { accountId, name: typed, by }) {
      const problem = nameProblem(typed)
      if (problem !== undefined) throw authErrors.bad_details({ fields: [fieldProblem('name', problem)] })
      const name = tidyName(typed)
      await repository.updateProfile(call, accountId, {
        set: { name },
        events: [securityEventOf({ type: 'account.renamed', accountId, about: name, ...by })],
      })
    },

    async chooseLanguage(call, accountId, language) {
      await repository.updateProfile(call, accountId, { set: { language } })
    },

    async changePassword(call, { accountId, current, next, ...rest }) {
      const account = confirmed(await repository.find(call, accountId))
      if (!isUsable(account)) return undefined
      const problem = next === current ? 'password_same' : passwordProblem(next, account.email, passwords.isKnown)
      if (problem !== undefined) throw authErrors.bad_details({ fields: [fieldProblem('password', problem)] })
      // Whoever has taken over a session must not be able to guess on: a door of its own, which the sign-in page cannot close.
      const door = `change:${accountId}`
      const attempt = await throttle.enter(call, [{ key: door, rule: PER_ACCOUNT }])
      try {
        if (!(await passwords.verify(call, current, account.password))) return undefined
        const changed = await replacePassword(deps, call, { account, next, ...rest })
        await attempt.succeed([door])
        return changed
      } catch (error) {
        await attempt.cancel()
        throw error
      }
    },

    async choosePassword(call, { accountId, credential, next, ...rest }) {
      const account = confirmed(await repository.find(call, accountId))
      if (!isUsable(account) || account.password !== undefined || !equalSecrets(credentialOf(account), credential)) return undefined
      const problem = passwordProblem(next, account.email, passwords.isKnown)
      if (problem !== undefined) throw authErrors.bad_details({ fields: [fieldProblem('password', problem)] })
      return replacePassword(deps, call, { account, next, ...rest })
    },
  }
}
