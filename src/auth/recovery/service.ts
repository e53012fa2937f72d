// A new password for whoever has forgotten it: the mailbox is the proof. Looking at the link changes nothing; setting the password uses it up, ends
// everything that the old one has opened, and signs nobody in: further factors are asked for as ever.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { randomToken } from '#kernel/ids.ts'
import { equalSecrets, sha256 } from '#kernel/keyring.ts'
import type { Stored } from '../../database/contract.ts'
import type { MailRequest } from '../../jobs/contract.ts'
import type { Admission } from '../admission/service.ts'
import type { KnownOwner } from '../accounts/devices.ts'
import { normaliseEmail } from '../accounts/email.ts'
import { languageFor, mail, strangerMail } from '../accounts/mail.ts'
import { type MailAsker, type MailLimits, TOKEN_MINUTES, TOKEN_MS } from '../accounts/mail-limits.ts'
import type { AccountsRepository } from '../accounts/repository.ts'
import { type Account, credentialOf } from '../accounts/schemas.ts'
import { endAccessRequested } from '../end-access.ts'
import { authErrors } from '../errors.ts'
import type { AskForMail } from '../moving/stranger-mail.ts'
import type { Resume } from '../moving/stranger-mail-job.ts'
import type { Passwords } from '../passwords/passwords.ts'
import { passwordProblem } from '../passwords/policy.ts'
import { isSecondPress } from '../second-press.ts'
import { securityEventOf, type Whence } from '../security-events/security-event.ts'
import { fieldProblem } from '../texts/problem.ts'
import { credentialAfter, type RecoveryRepository } from './repository.ts'
import type { PasswordReset } from './schemas.ts'

export interface ResetRequest extends MailAsker {
  /** The authorization that the person was in the middle of. */
  readonly interaction?: string | undefined
}

export interface PendingReset {
  readonly accountId: string
  readonly email: string
  readonly interaction?: string | undefined
}

/** A request that may come again: what it is known by then. */
export interface Pressed {
  readonly token: string
  readonly press?: string | undefined
}

export interface Recovery {
  /** Answers nothing: whether the address has an account is said in the mail alone. Throws `auth.bad_details` for what is no address. */
  ask(call: Call, request: ResetRequest): Promise<void>
  /** The mail to somebody who has the address only since it was asked for. */
  readonly resume: Resume
  /** What a mailed link would reset; looking changes nothing. */
  pending(call: Call, token: string): Promise<PendingReset | undefined>
  /**
   * Uses the link up; gives whom the browser may be known by afterwards, in one step. Throws `auth.bad_details` when this cannot be a password; then the
   * link is as good as before.
   */
  reset(call: Call, change: Pressed & { readonly password: string; readonly by?: Whence }): Promise<KnownOwner | undefined>
  /** Where whoever sends again what has used the link up a moment ago goes on; `undefined` for everybody else. */
  resetBefore(call: Call, again: Pressed): Promise<Pick<PendingReset, 'interaction'> | undefined>
}

export interface RecoveryDependencies {
  readonly repository: RecoveryRepository
  readonly accounts: Pick<AccountsRepository, 'find' | 'findByEmail'>
  readonly passwords: Passwords
  readonly limits: MailLimits
  readonly askForMail: AskForMail
  readonly admission: Pick<Admission, 'isOff'>
  readonly clock: Clock
  /** Where mailed links lead: the accounts origin. */
  readonly origin: string
}

interface Found {
  readonly reset: Stored<PasswordReset>
  readonly account: Account
}

export function createRecovery(deps: RecoveryDependencies): Recovery {
  return { ...asking(deps), ...resetting(deps) }
}

function asking({
  repository,
  accounts,
  limits,
  admission,
  askForMail,
  clock,
  origin,
}: RecoveryDependencies): Pick<Recovery, 'ask' | 'resume'> {
  return {
    async ask(call, request) {
      const email = normaliseEmail(request.email)
      if (email === undefined) throw authErrors.bad_details({ fields: [fieldProblem('email', 'email_malformed')] })
      const mayMail = await limits.mayMail(call, 'reset', { ...request, email })
      const account = await accounts.findByEmail(call, email)
      const token = randomToken()
      const { interaction } = request
      const waiting = { kind: 'reset', id: sha256(token), token, interaction, expiresAt: clock.now() + TOKEN_MS } as const
      const reset: PasswordReset = {
        id: waiting.id,
        ...(account === undefined ? {} : { accountId: account.id }),
        email,
        credential: credentialOf(account ?? {}),
        ...(interaction === undefined ? {} : { interaction }),
        expiresAt: waiting.expiresAt,
      }
      const told = { ...mailFor(account, { email, token, origin, admission }), language: languageFor(account, call) }
      await repository.insert(call, reset, mayMail ? [askForMail({ request: told, isKnown: account !== undefined, waiting })] : [])
    },

    async resume(call, { account, waiting: { id, token } }) {
      const reset = await repository.find(call, id, 'password')
      if (reset === undefined) return
      const told = mail({ ...mailFor(account, { ...account, token, origin, admission }), language: languageFor(account, call) })
      await repository.give(call, reset, { accountId: account.id, credential: credentialOf(account), events: [told] })
    },
  }
}

function resetting({ repository, accounts, passwords, clock }: RecoveryDependencies): Pick<Recovery, 'pending' | 'reset' | 'resetBefore'> {
  const stored = (call: Call, token: string): Promise<Stored<PasswordReset> | undefined> => repository.find(call, sha256(token), 'password')
  const find = async (call: Call, token: string): Promise<Found | undefined> => {
    const reset = await stored(call, token)
    if (reset?.value.accountId === undefined || reset.value.expiresAt <= clock.now()) return undefined
    const account = await accounts.find(call, reset.value.accountId)
    if (account === undefined || account.suspendedAt !== undefined) return undefined
    return equalSecrets(credentialOf(account), reset.value.credential) ? { reset, account } : undefined
  }

  return {
    async pending(call, token) {
      const found = await find(call, token)
      return found && pendingOf(found)
    },

    async reset(call, { token, password, press, by }) {
      const found = await find(call, token)
      if (found === undefined) return undefined
      const { account, reset } = found
      const problem = passwordProblem(password, account.email, passwords.isKnown)
      if (problem !== undefined) throw authErrors.bad_details({ fields: [fieldProblem('password', problem)] })
      const after = await passwords.hash(call, password)
      const { id: accountId, email, name } = account
      const now = clock.now()
      const data = { name, when: new Date(now).toUTCString() }
      const events = [
        mail({ to: email, template: 'password-changed', data, language: languageFor(account, call) }),
        endAccessRequested({ accountId, at: now }),
        securityEventOf({ type: 'password.reset', accountId, ...by }),
      ]
      if ((await repository.redeem(call, reset, { account, by: { password: after }, now, press, events })) !== 'done') return undefined
      return { accountId, email, credential: credentialAfter(account, after) }
    },

    async resetBefore(call, { token, press }) {
      const used = (await stored(call, token))?.value
      return used !== undefined && isSecondPress(used, press, clock.now()) ? used : undefined
    },
  }
}

function pendingOf({ account, reset }: Found): PendingReset {
  return { accountId: account.id, email: account.email, interaction: reset.value.interaction }
}

function mailFor(
  account: Account | undefined,
  to: { readonly email: string; readonly token: string; readonly origin: string; readonly admission: Pick<Admission, 'isOff'> },
): MailRequest {
  const { email, token, origin, admission } = to
  if (account === undefined) return strangerMail(admission, { email, origin })
  if (account.suspendedAt !== undefined) return { to: email, template: 'account-blocked', data: { name: account.name } }
  return {
    to: email,
    template: 'reset-password',
    data: { name: account.name, link: `${origin}/reset-password?token=${token}`, minutes: String(TOKEN_MINUTES) },
  }
}
