// The decisions about accounts: who may have one, who has proved to be its owner. Known and unknown addresses cost the same and answer the same.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { newId, randomToken } from '#kernel/ids.ts'
import { jobRequested } from '#kernel/job.ts'
import { sha256 } from '#kernel/keyring.ts'
import type { Logger } from '#kernel/log.ts'
import type { FieldProblem } from '#kernel/schema.ts'
import type { MailRequest } from '../../jobs/contract.ts'
import type { AccountDirectory } from '../engine.ts'
import { authErrors } from '../errors.ts'
import type { Passwords } from '../passwords/passwords.ts'
import { passwordProblem } from '../passwords/policy.ts'
import type { Devices } from './devices.ts'
import { normaliseEmail } from './email.ts'
import { nameProblem, tidyName } from './name.ts'
import type { AccountsRepository } from './repository.ts'
import type { Account, EmailToken } from './schemas.ts'
import type { Throttle, ThrottleRule } from './throttle.ts'

export interface SignUp {
  readonly name: string
  readonly email: string
  readonly password: string
  /** The day's pseudonym of the client address. */
  readonly client: string
  /** The authorization that the person was in the middle of. */
  readonly interaction?: string
}

export interface SignIn {
  readonly email: string
  readonly password: string
  readonly client: string
  /** What an earlier sign-in gave this browser to be known by. */
  readonly device?: string
}

export interface PendingSignUp {
  readonly email: string
  readonly interaction?: string
}

export interface Accounts extends AccountDirectory {
  /** Answers nothing: whether the address has an account already is said in the mail alone. Throws `auth.bad_details` with the fields. */
  signUp(call: Call, request: SignUp): Promise<void>
  /** What a mailed link would confirm; looking changes nothing. */
  pendingSignUp(call: Call, token: string): Promise<PendingSignUp | undefined>
  /** Uses the link up and makes the account. */
  confirm(call: Call, token: string): Promise<PendingSignUp | undefined>
  /** `undefined` for a wrong password, an unknown address, one that is not confirmed and a suspended account alike. */
  signIn(call: Call, attempt: SignIn): Promise<{ readonly accountId: string; readonly device: string } | undefined>
  rename(call: Call, accountId: string, name: string): Promise<void>
  /** False when `current` is not the password. Throws `auth.bad_details` when `next` cannot be one. */
  changePassword(call: Call, change: { readonly accountId: string; readonly current: string; readonly next: string }): Promise<boolean>
}

export interface AccountsDependencies {
  readonly repository: AccountsRepository
  readonly passwords: Passwords
  readonly throttle: Throttle
  readonly devices: Devices
  readonly clock: Clock
  readonly logger: Logger
  /** Where mailed links lead: the accounts origin. */
  readonly origin: string
}

export const LINK_MINUTES = 15

const MINUTE = 60_000
const HOUR = 60 * MINUTE
// About ten guesses per account and hour.
const PER_ACCOUNT: ThrottleRule = { free: 3, firstWaitMs: 30_000, longestWaitMs: 30 * MINUTE, windowMs: HOUR }
// Many people may share an address, so it is given more.
const PER_CLIENT: ThrottleRule = { free: 30, firstWaitMs: 2000, longestWaitMs: 5 * MINUTE, windowMs: HOUR }
const SIGN_UPS_PER_CLIENT: ThrottleRule = { free: 100, firstWaitMs: 30_000, longestWaitMs: 10 * MINUTE, windowMs: HOUR }
const MAILS_PER_ADDRESS = 3

function mail(request: MailRequest): ReturnType<typeof jobRequested> {
  return jobRequested({ name: 'mail.send', input: { ...request } })
}

function isUsable(account: Account | undefined): account is Account {
  return account !== undefined && account.emailVerifiedAt !== undefined && account.suspendedAt === undefined
}

export function createAccountsService(deps: AccountsDependencies): Accounts {
  return { ...directory(deps), ...signingUp(deps), ...signingIn(deps), ...changing(deps) }
}

function directory({ repository }: AccountsDependencies): AccountDirectory {
  return {
    async find(call, accountId) {
      const account = await repository.find(call, accountId)
      if (account === undefined) return undefined
      const { name, email, emailVerifiedAt, suspendedAt } = account
      return { accountId, name, email, emailVerified: emailVerifiedAt !== undefined, suspended: suspendedAt !== undefined }
    },
  }
}

function pendingOf({ email, interaction }: EmailToken): PendingSignUp {
  return { email, ...(interaction === undefined ? {} : { interaction }) }
}

function signingUp(deps: AccountsDependencies): Pick<Accounts, 'signUp' | 'pendingSignUp' | 'confirm'> {
  const { repository, passwords, throttle, clock, origin } = deps

  const mailFor = (known: Account | undefined, email: string, token: string): MailRequest =>
    known === undefined
      ? // No word of the sender's in it, not even the name: whoever can put text into mail to strangers will.
        { to: email, template: 'confirm-address', data: { link: `${origin}/confirm?token=${token}`, minutes: String(LINK_MINUTES) } }
      : { to: email, template: 'already-registered', data: { name: known.name, link: `${origin}/account` } }

  const findPending = async (call: Call, token: string): Promise<Awaited<ReturnType<AccountsRepository['findToken']>>> => {
    const stored = await repository.findToken(call, sha256(token))
    return stored?.value.purpose === 'confirm-address' && stored.value.expiresAt > clock.now() ? stored : undefined
  }

  return {
    async signUp(call, request) {
      const email = checkedDetails(request)
      await throttle.enter(call, [{ key: `sign-up:${request.client}`, rule: SIGN_UPS_PER_CLIENT }])
      const known = await repository.findByEmail(call, email)
      const password = await passwords.hash(call, request.password)
      const token = randomToken()
      const mails = await throttle.count(call, `mail:${sha256(email)}`, LINK_MINUTES * MINUTE)
      const pending: EmailToken = {
        id: sha256(token),
        purpose: known === undefined ? 'confirm-address' : 'already-registered',
        email,
        name: tidyName(request.name),
        password,
        ...(request.interaction === undefined ? {} : { interaction: request.interaction }),
        expiresAt: clock.now() + LINK_MINUTES * MINUTE,
      }
      await repository.insertToken(call, pending, mails > MAILS_PER_ADDRESS ? [] : [mail(mailFor(known, email, token))])
    },

    async pendingSignUp(call, token) {
      const stored = await findPending(call, token)
      return stored && pendingOf(stored.value)
    },

    async confirm(call, token) {
      const stored = await findPending(call, token)
      if (stored === undefined) return undefined
      const now = clock.now()
      const { email, name, password } = stored.value
      const outcome = await repository.redeemToken(call, stored, {
        id: newId(now),
        email,
        name,
        password,
        emailVerifiedAt: now,
        createdAt: now,
      })
      return outcome === 'done' ? pendingOf(stored.value) : undefined
    },
  }
}

/** The normalised address; throws with every problem at once. */
function checkedDetails(request: SignUp): string {
  const fields: FieldProblem[] = []
  const email = normaliseEmail(request.email)
  const name = nameProblem(request.name)
  const password = passwordProblem(request.password, email ?? '')
  if (name !== undefined) fields.push({ field: 'name', message: name })
  if (email === undefined) fields.push({ field: 'email', message: 'This does not look like an email address.' })
  if (password !== undefined) fields.push({ field: 'password', message: password })
  if (email === undefined || fields.length > 0) throw authErrors.bad_details({ fields })
  return email
}

function signingIn(deps: AccountsDependencies): Pick<Accounts, 'signIn'> {
  const { repository, passwords, throttle, devices, logger } = deps

  const renewHash = async (call: Call, account: Account, password: string): Promise<void> => {
    if (!passwords.isOutdated(account.password)) return
    try {
      await repository.updatePassword(call, account.id, { before: account.password, after: await passwords.hash(call, password) })
    } catch (error) {
      // The person is in; the next sign-in tries again.
      logger.warn({ requestId: call.requestId, event: 'auth.rehash_failed', err: error })
    }
  }

  return {
    async signIn(call, { email: typed, password, client, device }) {
      const email = normaliseEmail(typed)
      const address = email ?? typed.trim().toLowerCase()
      // A browser that has signed in to this address before has a door of its own, so that strangers cannot lock its owner out.
      const known = devices.recognise(address, device)
      const door = known === undefined ? `account:${sha256(address)}` : `device:${sha256(known)}`
      const attempt = await throttle.enter(call, [
        { key: door, rule: PER_ACCOUNT },
        { key: `client:${client}`, rule: PER_CLIENT },
      ])
      try {
        const found = email === undefined ? undefined : await repository.findByEmail(call, email)
        const account = isUsable(found) ? found : undefined
        const matches = await passwords.verify(call, password, account?.password)
        if (!matches || account === undefined) {
          logger.info({ requestId: call.requestId, event: 'auth.sign_in_refused' })
          return undefined
        }
        await attempt.succeed([door])
        await renewHash(call, account, password)
        return { accountId: account.id, device: devices.remember(address) }
      } catch (error) {
        await attempt.cancel()
        throw error
      }
    },
  }
}

function changing(deps: AccountsDependencies): Pick<Accounts, 'rename' | 'changePassword'> {
  const { repository, passwords, throttle, clock } = deps
  return {
    async rename(call, accountId, name) {
      const message = nameProblem(name)
      if (message !== undefined) throw authErrors.bad_details({ fields: [{ field: 'name', message }] })
      await repository.updateName(call, accountId, tidyName(name))
    },

    async changePassword(call, { accountId, current, next }) {
      const account = await repository.find(call, accountId)
      if (!isUsable(account)) return false
      const message = next === current ? 'This is the password that you have now.' : passwordProblem(next, account.email)
      if (message !== undefined) throw authErrors.bad_details({ fields: [{ field: 'password', message }] })
      // Whoever has taken over a session must not be able to guess on: a door of its own, which the sign-in page cannot close.
      const door = `change:${accountId}`
      const attempt = await throttle.enter(call, [{ key: door, rule: PER_ACCOUNT }])
      try {
        if (!(await passwords.verify(call, current, account.password))) return false
        const after = await passwords.hash(call, next)
        const told = mail({
          to: account.email,
          template: 'password-changed',
          data: { name: account.name, when: new Date(clock.now()).toUTCString() },
        })
        const changed = await repository.updatePassword(call, accountId, { before: account.password, after, events: [told] })
        await attempt.succeed([door])
        return changed
      } catch (error) {
        await attempt.cancel()
        throw error
      }
    },
  }
}
