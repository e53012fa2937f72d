// Back in for whoever has lost every passkey of an app that has nothing else: the mailbox is the proof, as it was when they signed up. Looking at the
// link changes nothing; making the passkey uses it up, ends everything that is signed in, and signs nobody in. For whom a role asks for two factors the
// mailbox is not enough: an operator sends the link, who knows by other means that it is them.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { newId } from '#kernel/ids.ts'
import { equalSecrets, sha256 } from '#kernel/keyring.ts'
import type { Stored } from '../../database/contract.ts'
import type { MailRequest } from '../../jobs/contract.ts'
import type { Admission } from '../admission/service.ts'
import { normaliseEmail } from '../accounts/email.ts'
import { languageFor, mail, strangerMail } from '../accounts/mail.ts'
import { type MailLimits, TOKEN_MINUTES } from '../accounts/mail-limits.ts'
import type { AccountsRepository } from '../accounts/repository.ts'
import { type Account, credentialOf } from '../accounts/schemas.ts'
import type { PasskeyLink } from '../contract.ts'
import { endAccessRequested } from '../end-access.ts'
import { authErrors } from '../errors.ts'
import { needsPasskey, type SignInMethods } from '../methods.ts'
import type { AskForMail } from '../moving/stranger-mail.ts'
import type { Resume } from '../moving/stranger-mail-job.ts'
import type { Renewal } from '../passkeys/service.ts'
import type { RecoveryRepository } from '../recovery/repository.ts'
import type { PasswordReset } from '../recovery/schemas.ts'
import type { PendingReset, Pressed, ResetRequest } from '../recovery/service.ts'
import { isSecondPress } from '../second-press.ts'
import { actorOf, securityEventOf, type Whence } from '../security-events/security-event.ts'
import { fieldProblem } from '../texts/problem.ts'
import { permitOf } from './permit.ts'
import { requireOperator } from '../operators-only.ts'

export interface PendingPasskey extends PendingReset {
  readonly name: string
  /** Nobody has shown before that the mailbox is theirs: whatever opens the account now goes (decision 22). */
  readonly firstProof: boolean
}

export interface LostPasskeys {
  /** Answers nothing: whether the address has an account is said in the mail alone. Throws `auth.bad_details` for what is no address. */
  ask(call: Call, request: ResetRequest): Promise<void>
  /** The mail to somebody who has the address only since it was asked for. */
  readonly resume: Resume
  /**
   * The link to whoever has this address, for operators; they are the ones who know that it is them, so the role does not matter. `undefined` when nobody
   * has it, `passkeyLinkSent: false` where another way in is open. Throws `auth.operators_only` for anybody but operators and the system.
   */
  send(call: Call, email: string): Promise<PasskeyLink | undefined>
  /** Whose account a mailed link opens; looking changes nothing. */
  pending(call: Call, token: string): Promise<PendingPasskey | undefined>
  /** Uses the link up. */
  renew(call: Call, change: Pressed & { readonly renewal: Renewal; readonly by: Whence }): Promise<PendingPasskey | undefined>
  /** Where whoever sends again what has used the link up a moment ago goes on; `undefined` for everybody else. */
  renewedBefore(call: Call, again: Pressed): Promise<Pick<PendingReset, 'interaction'> | undefined>
}

export interface LostPasskeysDependencies {
  readonly repository: RecoveryRepository
  readonly accounts: Pick<AccountsRepository, 'find' | 'findStored' | 'findByEmail'>
  readonly limits: MailLimits
  readonly askForMail: AskForMail
  readonly admission: Pick<Admission, 'isOff'>
  readonly methods: SignInMethods
  /** Whether a mailbox is not enough: a role of theirs asks for two factors, be it one in an organisation, or they have an authenticator app. */
  asksForMore(this: void, call: Call, person: { readonly id: string; readonly roles?: readonly string[] | undefined }): Promise<boolean>
  readonly clock: Clock
  /** Where mailed links lead: the accounts origin. */
  readonly origin: string
}

interface Found {
  readonly reset: Stored<PasswordReset>
  readonly account: Account
  /** Of the account. */
  readonly version: number
}

interface Renewing extends Omit<Pressed, 'token'> {
  readonly renewal: Renewal
  readonly by: Whence
}

/** More than there are passkeys to add: whoever adds one after the other cannot keep its owner out. */
const MAX_ROUNDS = 30

export function createLostPasskeys(deps: LostPasskeysDependencies): LostPasskeys {
  return { ...asking(deps), ...renewing(deps) }
}

function asking(deps: LostPasskeysDependencies): Pick<LostPasskeys, 'ask' | 'resume' | 'send'> {
  const { repository, accounts, limits, clock, methods, asksForMore, askForMail } = deps
  return {
    async ask(call, request) {
      const email = normaliseEmail(request.email)
      if (email === undefined) throw authErrors.bad_details({ fields: [fieldProblem('email', 'email_malformed')] })
      const mayMail = await limits.mayMail(call, 'passkey', { ...request, email })
      const account = await accounts.findByEmail(call, email)
      // Nobody is looked for in the same way, so that time does not tell who has an account.
      const forced = await asksForMore(call, account ?? { id: newId(clock.now()) })
      const { token, reset } = permitOf(clock.now(), { email, account: forced ? undefined : account, interaction: request.interaction })
      const told = { ...mailFor(deps, account, { email, token, forced }), language: languageFor(account, call) }
      const { id, interaction, expiresAt } = reset
      const waiting = { kind: 'passkey', id, token, interaction, expiresAt } as const
      await repository.insert(call, reset, mayMail ? [askForMail({ request: told, isKnown: account !== undefined, waiting })] : [])
    },

    async resume(call, { account, waiting: { id, token } }) {
      const reset = await repository.find(call, id, 'passkey')
      if (reset === undefined) return
      const forced = await asksForMore(call, account)
      const told = mail({ ...mailFor(deps, account, { email: account.email, token, forced }), language: languageFor(account, call) })
      const given = forced
        ? { accountId: undefined, credential: reset.value.credential }
        : { accountId: account.id, credential: credentialOf(account) }
      await repository.give(call, reset, { ...given, events: [told] })
    },

    async send(call, typed) {
      requireOperator(call)
      const email = normaliseEmail(typed)
      const account = email === undefined ? undefined : await accounts.findByEmail(call, email)
      if (email === undefined || account === undefined) return undefined
      const { id: accountId, language } = account
      if (!needsPasskey(methods) || account.suspendedAt !== undefined) return { accountId, passkeyLinkSent: false }
      const { token, reset } = permitOf(clock.now(), { email, account })
      await repository.insert(call, { ...reset, byOperator: true }, [
        mail({ ...mailFor(deps, account, { email, token, forced: false }), language }),
        securityEventOf({ type: 'passkey.link_sent', accountId, ...actorOf(call) }),
      ])
      return { accountId, passkeyLinkSent: true }
    },
  }
}

/** The address may have gone to another mailbox since. */
function isOpenAt(stored: Stored<Account> | undefined, email: string): stored is Stored<Account> {
  return stored !== undefined && stored.value.suspendedAt === undefined && stored.value.email === email
}

function renewing({
  repository,
  accounts,
  clock,
  asksForMore,
}: LostPasskeysDependencies): Pick<LostPasskeys, 'pending' | 'renew' | 'renewedBefore'> {
  const storedAs = (call: Call, token: string): Promise<Stored<PasswordReset> | undefined> =>
    repository.find(call, sha256(token), 'passkey')
  const find = async (call: Call, token: string): Promise<Found | undefined> => {
    const reset = await storedAs(call, token)
    if (reset?.value.accountId === undefined || reset.value.expiresAt <= clock.now()) return undefined
    const stored = await accounts.findStored(call, reset.value.accountId)
    if (!isOpenAt(stored, reset.value.email)) return undefined
    const { value: account, version } = stored
    // What asks for more may have come since, too.
    if (reset.value.byOperator !== true && (await asksForMore(call, account))) return undefined
    return equalSecrets(credentialOf(account), reset.value.credential) ? { reset, account, version } : undefined
  }

  const redeem = async (call: Call, { account, version, reset }: Found, { renewal, press, by }: Renewing) => {
    const { id: accountId } = account
    const now = clock.now()
    const { passkeyId, alone } = renewal
    const { operations, events } = await renewal.write(call)
    return repository.redeem(call, reset, {
      account,
      by: { passkeyId, alone, operations, accountVersion: version },
      now,
      press,
      events: [endAccessRequested({ accountId, at: now }), securityEventOf({ type: 'passkey.reset', accountId, ...by }), ...events],
    })
  }

  return {
    async pending(call, token) {
      const found = await find(call, token)
      return found && pendingOf(found)
    },

    async renew(call, { token, ...given }) {
      for (let round = 0; round < MAX_ROUNDS; round += 1) {
        const found = await find(call, token)
        if (found === undefined) return undefined
        const outcome = await redeem(call, found, given)
        if (outcome === 'done') return pendingOf(found)
        if (outcome === 'used') return undefined
      }
      throw authErrors.unavailable({ detail: 'Please try again.' })
    },

    async renewedBefore(call, { token, press }) {
      const used = (await storedAs(call, token))?.value
      return used !== undefined && isSecondPress(used, press, clock.now()) ? used : undefined
    },
  }
}

function pendingOf({ account: { id, email, name, emailVerifiedAt }, reset: { value } }: Found): PendingPasskey {
  return { accountId: id, email, name, firstProof: emailVerifiedAt === undefined, interaction: value.interaction }
}

interface MailTo {
  readonly email: string
  readonly token: string
  /** A role asks for more than a mailbox. */
  readonly forced: boolean
}

function mailFor(
  { origin, admission }: LostPasskeysDependencies,
  account: Account | undefined,
  { email, token, forced }: MailTo,
): MailRequest {
  if (account === undefined) return strangerMail(admission, { email, origin })
  const { name } = account
  if (account.suspendedAt !== undefined) return { to: email, template: 'account-blocked', data: { name } }
  if (forced) return { to: email, template: 'ask-for-passkey', data: { name } }
  const link = `${origin}/new-passkey?token=${token}`
  return { to: email, template: 'new-passkey', data: { name, link, minutes: String(TOKEN_MINUTES) } }
}
