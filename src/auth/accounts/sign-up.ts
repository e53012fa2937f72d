// Signing up and confirming the address. An account begins when two things are proved: the mailbox, by the link, and the password, by the browser
// that chose it or by typing it again. The link alone would let a stranger's password become that of a careless owner.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import type { EventDraft, Operation } from '#kernel/collection.ts'
import { newId, randomToken } from '#kernel/ids.ts'
import { equalSecrets, sha256 } from '#kernel/keyring.ts'
import type { FieldProblem } from '#kernel/schema.ts'
import type { Stored } from '../../database/contract.ts'
import type { MailRequest } from '../../jobs/contract.ts'
import type { Admission } from '../admission/service.ts'
import { authErrors } from '../errors.ts'
import type { RunningHooks } from '../hooks/hooks.ts'
import { needsPasskey, type SignInMethods } from '../methods.ts'
import type { AskForMail } from '../moving/stranger-mail.ts'
import type { Resume } from '../moving/stranger-mail-job.ts'
import type { Passwords } from '../passwords/passwords.ts'
import { passwordProblem } from '../passwords/policy.ts'
import { isSecondPress } from '../second-press.ts'
import { securityEventOf, type Whence } from '../security-events/security-event.ts'
import { fieldProblem } from '../texts/problem.ts'
import type { KnownOwner } from './devices.ts'
import { normaliseEmail } from './email.ts'
import { languageFor, mail } from './mail.ts'
import { mayMailTo } from './mail-limits.ts'
import { nameProblem, tidyName } from './name.ts'
import type { AccountsRepository } from './repository.ts'
import { type Account, credentialOf, type EmailToken } from './schemas.ts'
import { PER_ACCOUNT, PER_CLIENT, type Throttle, type ThrottleRule } from './throttle.ts'

export interface SignUp {
  readonly name: string
  readonly email: string
  /** Absent where people sign up without one. */
  readonly password?: string | undefined
  /** The day's pseudonym of the client address. */
  readonly client: string
  /** The hash of the browser's name: in the same browser one press of a button confirms. */
  readonly browser?: string
  /** The authorization that the person was in the middle of. */
  readonly interaction?: string
}

export interface PendingSignUp {
  readonly email: string
  readonly interaction?: string
  /** The link was opened in another browser than the one that signed up. */
  readonly needsPassword: boolean
  /** Signed up without a password: who will have the account, for whom a passkey can be made. */
  readonly newcomer?: { readonly accountId: string; readonly name: string; readonly email: string }
}

/** The authorization that the person was in the middle of. */
export interface Onward {
  readonly interaction?: string | undefined
}

export interface Confirmed extends PendingSignUp {
  /** Whose the account is that was made. */
  readonly owner: KnownOwner
}

/** What an account begins with, written with it. */
export interface Beginning {
  readonly operations: readonly Operation[]
  readonly events: readonly EventDraft[]
}

export interface Confirmation {
  readonly token: string
  readonly client: string
  readonly browser?: string | undefined
  readonly password?: string | undefined
  readonly by?: Whence | undefined
  /** A passkey that was made for it. */
  readonly beginning?: Beginning | undefined
  /** What the request is known by when it comes again. */
  readonly press?: string | undefined
}

export interface SigningUp {
  /** Answers nothing: whether the address has an account already is said in the mail alone. Throws `auth.bad_details` with the fields. */
  signUp(call: Call, request: SignUp): Promise<void>
  /** The mail to somebody who has the address only since then. */
  readonly resumeSignUp: Resume
  /** What a mailed link would confirm; looking changes nothing. */
  pendingSignUp(call: Call, link: Pick<Confirmation, 'token' | 'browser'>): Promise<PendingSignUp | undefined>
  /** Uses the link up and makes the account. After `wrong_password` and `needs_passkey` the link is as good as before. */
  confirm(call: Call, confirmation: Confirmation): Promise<Confirmed | 'wrong_password' | 'needs_passkey' | undefined>
  /** Where whoever sends again what has used the link up a moment ago goes on; `undefined` for everybody else. */
  confirmedBefore(call: Call, again: Pick<Confirmation, 'token' | 'press'>): Promise<Onward | undefined>
}

export interface SignUpDependencies {
  readonly repository: AccountsRepository
  readonly passwords: Passwords
  readonly throttle: Throttle
  readonly hooks: Pick<RunningHooks, 'beforeSignUp'>
  readonly admission: Pick<Admission, 'problem' | 'mayJoin' | 'joining'>
  readonly askForMail: AskForMail
  readonly clock: Clock
  readonly methods: SignInMethods
  /** Where mailed links lead: the accounts origin. */
  readonly origin: string
}

export const LINK_MINUTES = 15

const MINUTE = 60_000
const SIGN_UPS_PER_CLIENT: ThrottleRule = { free: 100, firstWaitMs: 30_000, longestWaitMs: 10 * MINUTE, windowMs: 60 * MINUTE }

export function createSigningUp(deps: SignUpDependencies): SigningUp {
  const { repository, passwords, throttle, hooks, admission, askForMail, clock, methods, origin } = deps
  return {
    async signUp(call, request) {
      const typed = methods.password ? (request.password ?? '') : undefined
      const email = checkedDetails({ ...request, password: typed }, { admission, passwords })
      await throttle.enter(call, [{ key: `sign-up:${request.client}`, rule: SIGN_UPS_PER_CLIENT }])
      // Before anything is looked up: what the app answers, and how long it takes, must not tell who has an account.
      const name = await hooks.beforeSignUp(call, { email, name: tidyName(request.name) })
      const known = await repository.findByEmail(call, email)
      const mayJoin = await admission.mayJoin(call, email)
      const password = typed === undefined ? undefined : await passwords.hash(call, typed)
      const token = randomToken()
      const mayMail = await mayMailTo(throttle, call, { kind: 'sign-up', email, client: request.client })
      const pending: EmailToken = {
        id: sha256(token),
        purpose: purposeOf(known, mayJoin),
        email,
        name: tidyName(name),
        ...(password === undefined ? { accountId: newId(clock.now()) } : { password }),
        ...placeOf(request, call.language),
        expiresAt: clock.now() + LINK_MINUTES * MINUTE,
      }
      const told = { ...mailFor(known, { email, token, origin, mayJoin }), language: languageFor(known, call) }
      const { id, expiresAt } = pending
      const waiting = { kind: 'sign-up', id, token, expiresAt } as const
      await repository.insertToken(call, pending, mayMail ? [askForMail({ request: told, isKnown: known !== undefined, waiting })] : [])
    },

    resumeSignUp: resuming(deps),
    ...confirming(deps),
  }
}

function confirming(deps: SignUpDependencies): Pick<SigningUp, 'pendingSignUp' | 'confirm' | 'confirmedBefore'> {
  const { repository, admission, clock, methods } = deps
  const find = (call: Call, token: string): Promise<Stored<EmailToken> | undefined> => repository.findToken(call, sha256(token))

  const findPending = async (call: Call, token: string): Promise<Stored<EmailToken> | undefined> => {
    const stored = await find(call, token)
    if (stored?.value.purpose !== 'confirm-address' || stored.value.usedAt !== undefined) return undefined
    return stored.value.expiresAt > clock.now() ? stored : undefined
  }

  const redeem = async (
    call: Call,
    stored: Stored<EmailToken>,
    { beginning, press, ...by }: Whence & Pick<Confirmation, 'beginning' | 'press'>,
  ): Promise<KnownOwner | undefined> => {
    const { account, events } = madeFrom(stored.value, clock.now(), by)
    const operations = [admission.joining(account.email), ...(beginning?.operations ?? [])]
    const made = { account, events: [...events, ...(beginning?.events ?? [])], operations, press }
    if ((await repository.redeemToken(call, stored, made)) !== 'done') return undefined
    return { accountId: account.id, email: account.email, credential: credentialOf(account) }
  }

  const provesPassword = passwordProving(deps)

  return {
    async pendingSignUp(call, { token, browser }) {
      const stored = await findPending(call, token)
      return stored && pendingOf(stored.value, browser)
    },

    async confirm(call, confirmation) {
      const stored = await findPending(call, confirmation.token)
      if (stored === undefined) return undefined
      const pending = pendingOf(stored.value, confirmation.browser)
      if (pending.newcomer !== undefined && needsPasskey(methods) && confirmation.beginning === undefined) return 'needs_passkey'
      if (pending.needsPassword && !(await provesPassword(call, stored.value, confirmation))) return 'wrong_password'
      const { client, by, beginning, press } = confirmation
      const owner = await redeem(call, stored, { client, ...by, beginning, press })
      return owner && { ...pending, owner }
    },

    async confirmedBefore(call, { token, press }) {
      const used = (await find(call, token))?.value
      return used !== undefined && isSecondPress(used, press, clock.now()) ? used : undefined
    },
  }
}

/** The token of the record is never mailed then, so it can confirm nothing. */
function resuming({ repository, origin }: SignUpDependencies): Resume {
  return async (call, { account, waiting: { token } }) => {
    const told = mailFor(account, { email: account.email, token, origin, mayJoin: true })
    await repository.tell(call, [mail({ ...told, language: languageFor(account, call) })])
  }
}

type ProvesPassword = (call: Call, token: EmailToken, confirmation: Confirmation) => Promise<boolean>

function passwordProving({ passwords, throttle }: SignUpDependencies): ProvesPassword {
  return async (call, token, { client, password = '' }) => {
    // A door of its own: whoever guesses at the sign-in page cannot keep the owner of the mailbox from confirming.
    const door = `confirm:${token.id}`
    const attempt = await throttle.enter(call, [
      { key: door, rule: PER_ACCOUNT },
      { key: `client:${client}`, rule: PER_CLIENT },
    ])
    try {
      if (!(await passwords.verify(call, password, token.password))) return false
      await attempt.succeed([door])
      return true
    } catch (error) {
      await attempt.cancel()
      throw error
    }
  }
}

function madeFrom(
  { email, name, password, accountId, language }: EmailToken,
  now: number,
  by: Whence,
): { account: Account; events: EventDraft[] } {
  const account = {
    id: accountId ?? newId(now),
    email,
    name,
    ...(password === undefined ? {} : { password }),
    emailVerifiedAt: now,
    createdAt: now,
    ...(language === undefined ? {} : { language }),
  }
  return { account, events: [securityEventOf({ type: 'account.created', accountId: account.id, ...by })] }
}

function placeOf({ browser, interaction }: SignUp, language: string | undefined): Pick<EmailToken, 'browser' | 'interaction' | 'language'> {
  return {
    ...(browser === undefined ? {} : { browser }),
    ...(interaction === undefined ? {} : { interaction }),
    ...(language === undefined ? {} : { language }),
  }
}

function purposeOf(known: Account | undefined, mayJoin: boolean): EmailToken['purpose'] {
  if (known !== undefined) return 'already-registered'
  return mayJoin ? 'confirm-address' : 'not-invited'
}

interface MailTo {
  readonly email: string
  readonly token: string
  readonly origin: string
  readonly mayJoin: boolean
}

function mailFor(known: Account | undefined, { email, token, origin, mayJoin }: MailTo): MailRequest {
  if (known === undefined && !mayJoin) return { to: email, template: 'sign-up-closed', data: {} }
  return known === undefined
    ? // No word of the sender's in it, not even the name: whoever can put text into mail to strangers will.
      { to: email, template: 'confirm-address', data: { link: `${origin}/confirm?token=${token}`, minutes: String(LINK_MINUTES) } }
    : { to: email, template: 'already-registered', data: { name: known.name, link: `${origin}/account` } }
}

function pendingOf(
  { email, name, password, accountId, interaction, browser: began }: EmailToken,
  browser: string | undefined,
): PendingSignUp {
  // Without a password the mail alone proves who it is: whoever opens it makes the passkey, and no stranger can have chosen that.
  if (password === undefined && accountId !== undefined)
    return { email, needsPassword: false, newcomer: { accountId, name, email }, ...(interaction === undefined ? {} : { interaction }) }
  const isSame = began !== undefined && browser !== undefined && equalSecrets(began, browser)
  return { email, needsPassword: !isSame, ...(interaction === undefined ? {} : { interaction }) }
}

/** The normalised address; throws with every problem at once. */
function checkedDetails(request: SignUp, { admission, passwords }: Pick<SignUpDependencies, 'admission' | 'passwords'>): string {
  const fields: FieldProblem[] = []
  const email = normaliseEmail(request.email)
  const name = nameProblem(request.name)
  const password = request.password === undefined ? undefined : passwordProblem(request.password, email ?? '', passwords.isKnown)
  if (name !== undefined) fields.push(fieldProblem('name', name))
  const address = email === undefined ? 'email_malformed' : admission.problem(email)
  if (address !== undefined) fields.push(fieldProblem('email', address))
  if (password !== undefined) fields.push(fieldProblem('password', password))
  if (email === undefined || fields.length > 0) throw authErrors.bad_details({ fields })
  return email
}
