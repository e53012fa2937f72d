// Signing in by mail: with the code, in the browser that asked, or with the link, which does by itself nothing and is good in that browser only; in any
// other it shows the code. Known and unknown addresses cost the same and answer the same.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { randomToken } from '#kernel/ids.ts'
import { equalSecrets, type KeyRing, sha256 } from '#kernel/keyring.ts'
import type { Stored } from '../../database/contract.ts'
import type { MailRequest } from '../../jobs/contract.ts'
import type { Admission } from '../admission/service.ts'
import type { Devices } from '../accounts/devices.ts'
import { normaliseEmail } from '../accounts/email.ts'
import { languageFor, mail, strangerMail } from '../accounts/mail.ts'
import { type MailAsker, type MailLimits, TOKEN_MINUTES, TOKEN_MS } from '../accounts/mail-limits.ts'
import type { AccountsRepository } from '../accounts/repository.ts'
import { type Account, credentialOf } from '../accounts/schemas.ts'
import { type SignedIn, signedInto } from '../accounts/signed-in.ts'
import { PER_CLIENT, type Throttle } from '../accounts/throttle.ts'
import { restOfTakingBackRequested } from '../end-access.ts'
import { authErrors } from '../errors.ts'
import type { SignInMethods } from '../methods.ts'
import type { AskForMail } from '../moving/stranger-mail.ts'
import type { Resume } from '../moving/stranger-mail-job.ts'
import type { Reclaiming } from '../reclaiming.ts'
import { securityEventOf, type Whence } from '../security-events/security-event.ts'
import { fieldProblem } from '../texts/problem.ts'
import { createCodes, inGroups, typedDigits } from './codes.ts'
import type { EmailSignInRepository } from './repository.ts'
import type { EmailSignIn } from './schemas.ts'

/** Where a sign-in waits: one browser, on the way to one client. */
export interface WaitingPlace {
  /** The hash of the browser's name. */
  readonly browser: string
  readonly interaction: string
}

export interface TypedCode extends WaitingPlace {
  readonly typed: string
  readonly client: string
  /** What an earlier sign-in gave this browser to be known by. */
  readonly device?: string | undefined
  readonly by?: Whence
}

/** What is behind a link: the button, or the code to type in where the sign-in waits. */
export type LinkView = { readonly kind: 'here'; readonly email: string } | { readonly kind: 'elsewhere'; readonly code: string }

export interface EmailSignIns {
  /** Answers nothing: whether the address has an account is said in the mail alone. Throws `auth.bad_details` for what is no address. */
  ask(call: Call, request: MailAsker & WaitingPlace): Promise<void>
  /** The mail to somebody who has the address only since it was asked for. */
  readonly resume: Resume
  /** The address that a mail was asked for here, whether it went anywhere or not. */
  waitingFor(call: Call, place: WaitingPlace): Promise<string | undefined>
  /** `ended` when there were too many tries, it took too long, or it was used. */
  redeemCode(call: Call, code: TypedCode): Promise<SignedIn | 'wrong' | 'ended'>
  /** What a mailed link would do here; looking changes nothing. */
  look(call: Call, link: { readonly token: string } & Partial<WaitingPlace>): Promise<LinkView | undefined>
  redeemLink(call: Call, link: { readonly token: string } & WaitingPlace): Promise<SignedIn | undefined>
}

export interface EmailSignInDependencies {
  readonly repository: EmailSignInRepository
  readonly accounts: Pick<AccountsRepository, 'find' | 'findByEmail' | 'tell'>
  readonly limits: MailLimits
  readonly askForMail: AskForMail
  readonly devices: Pick<Devices, 'recognise'>
  readonly admission: Pick<Admission, 'isOff'>
  readonly throttle: Throttle
  readonly reclaiming: Pick<Reclaiming, 'firstProof'>
  readonly methods: Pick<SignInMethods, 'emailCode' | 'magicLink'>
  readonly keyRing: KeyRing
  readonly clock: Clock
  /** Where mailed links lead: the accounts origin. */
  readonly origin: string
}

const MAX_TRIES = 5
const MAX_ROUNDS = 20

const idOf = ({ browser, interaction }: WaitingPlace): string => sha256(`${browser}\n${interaction}`)

export function createEmailSignIns(deps: EmailSignInDependencies): EmailSignIns {
  const { repository, accounts, limits, askForMail, clock, keyRing } = deps
  const codes = createCodes(keyRing)
  const redeeming = createRedeeming(deps)
  const findLink = async (call: Call, token: string): Promise<Stored<EmailSignIn> | undefined> => {
    const found = await repository.findByLink(call, sha256(token))
    return found?.value.accountId !== undefined && found.value.expiresAt > clock.now() ? found : undefined
  }
  const isHere = ({ value }: Stored<EmailSignIn>, { browser, interaction }: Partial<WaitingPlace>): boolean =>
    browser !== undefined && interaction !== undefined && equalSecrets(value.id, idOf({ browser, interaction }))
  return {
    async ask(call, request) {
      const email = normaliseEmail(request.email)
      if (email === undefined) throw authErrors.bad_details({ fields: [fieldProblem('email', 'email_malformed')] })
      const mayMail = await limits.mayMail(call, 'sign-in', { ...request, email })
      const account = await accounts.findByEmail(call, email)
      const id = idOf(request)
      const waits = mayMail ? undefined : await repository.find(call, id)
      // What was mailed last is good until there is another mail.
      if (waits?.value.email === email && waits.value.expiresAt > clock.now()) return repository.keep(call, waits)
      const token = randomToken()
      const code = codes.of(token)
      const waiting: EmailSignIn = {
        id,
        link: sha256(token),
        code: codes.hash(id, code),
        tries: 0,
        // Of a mail that is not sent nothing may come either.
        ...(mayMail && isOpen(account) ? { accountId: account.id } : {}),
        email,
        credential: credentialOf(account ?? {}),
        expiresAt: clock.now() + TOKEN_MS,
      }
      const { interaction } = request
      const told = {
        ...mailFor(deps, account, { email, code, link: linkTo(deps, interaction, token) }),
        language: languageFor(account, call),
      }
      const record = { kind: 'sign-in', id, token, interaction, expiresAt: waiting.expiresAt } as const
      await repository.put(call, waiting, mayMail ? [askForMail({ request: told, isKnown: account !== undefined, waiting: record })] : [])
    },
    resume: resuming(deps),
    async waitingFor(call, place) {
      const found = await repository.find(call, idOf(place))
      return found === undefined || found.value.expiresAt <= clock.now() ? undefined : found.value.email
    },
    redeemCode: redeeming.redeemCode,
    async look(call, { token, ...place }) {
      const found = await findLink(call, token)
      if (found === undefined || !deps.methods.magicLink) return undefined
      return isHere(found, place) ? { kind: 'here', email: found.value.email } : { kind: 'elsewhere', code: codes.of(token) }
    },
    async redeemLink(call, { token, ...place }) {
      const found = await findLink(call, token)
      if (found === undefined || !deps.methods.magicLink || !isHere(found, place)) return undefined
      return redeeming.finish(call, found)
    },
  }
}

function linkTo({ origin }: Pick<EmailSignInDependencies, 'origin'>, interaction: string, token: string): string {
  return `${origin}/interaction/${interaction}/email/link?token=${token}`
}

function resuming(deps: EmailSignInDependencies): Resume {
  const { repository, keyRing } = deps
  const codes = createCodes(keyRing)
  return async (call, { account, waiting: { id, token, interaction = '' } }) => {
    const found = await repository.find(call, id)
    if (found?.value.link !== sha256(token)) return
    const shown = { email: account.email, code: codes.of(token), link: linkTo(deps, interaction, token) }
    const told = mail({ ...mailFor(deps, account, shown), language: languageFor(account, call) })
    const given = { ...(isOpen(account) ? { accountId: account.id } : {}), credential: credentialOf(account) }
    await repository.give(call, found, { ...given, events: [told] })
  }
}

interface Redeeming {
  redeemCode: EmailSignIns['redeemCode']
  finish(call: Call, waiting: Stored<EmailSignIn>): Promise<SignedIn | undefined>
}

function createRedeeming({ repository, accounts, devices, throttle, reclaiming, keyRing, clock }: EmailSignInDependencies): Redeeming {
  const codes = createCodes(keyRing)
  const finish: Redeeming['finish'] = async (call, waiting) => {
    const { accountId, email, credential = '' } = waiting.value
    const account = accountId === undefined ? undefined : await accounts.find(call, accountId)
    // The address may have gone to another mailbox since; and whoever has changed the password, or taken the account back, ends what was mailed before.
    if (!isOpen(account) || account.email !== email || !equalSecrets(credentialOf(account), credential)) {
      await repository.use(call, waiting)
      return undefined
    }
    if (account.emailVerifiedAt !== undefined) return (await repository.use(call, waiting)) ? signedInto(account) : undefined
    const now = clock.now()
    const { account: taken, operations, events } = await reclaiming.firstProof(call, account, { now })
    const told = [...events, restOfTakingBackRequested({ accountId: account.id, at: now })]
    return (await repository.useAndTake(call, waiting, { operations, events: told })) ? signedInto(taken) : undefined
  }
  /** The try is counted before the code is compared: of many at once each costs one. */
  const tried = async (call: Call, id: string): Promise<Stored<EmailSignIn> | undefined> => {
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const found = await repository.find(call, id)
      if (found === undefined || found.value.expiresAt <= clock.now() || found.value.tries >= MAX_TRIES) return undefined
      const counted = await repository.countTry(call, found)
      if (counted !== undefined) return counted
    }
    return undefined
  }
  /** A browser that is known for the address has one of its own, so that strangers behind the same client address close none to its owner. */
  const doorOf = async (call: Call, { client, device, browser, interaction }: Omit<TypedCode, 'typed' | 'by'>): Promise<string> => {
    const waiting = device === undefined ? undefined : await repository.find(call, idOf({ browser, interaction }))
    const known = waiting && (await devices.recognise(call, waiting.value.email, device))
    return known === undefined ? `code:${client}` : `code:device:${sha256(known.name)}`
  }
  return {
    finish,
    async redeemCode(call, { typed, client, device, by, ...place }) {
      const attempt = await throttle.enter(call, [{ key: await doorOf(call, { client, device, ...place }), rule: PER_CLIENT }])
      try {
        const waiting = await tried(call, idOf(place))
        if (waiting === undefined) return 'ended'
        const { id, code, accountId } = waiting.value
        const right = equalSecrets(code, codes.hash(id, typedDigits(typed)))
        if (right && accountId !== undefined) {
          const signedIn = await finish(call, waiting)
          if (signedIn === undefined) return 'ended'
          await attempt.succeed([])
          return signedIn
        }
        // For an address without an account too: the clock would tell of a write.
        const whose = accountId === undefined ? {} : { accountId }
        await accounts.tell(call, [securityEventOf({ type: 'sign_in.failed', ...whose, client, ...by })])
        return waiting.value.tries >= MAX_TRIES ? 'ended' : 'wrong'
      } catch (error) {
        await attempt.cancel()
        throw error
      }
    },
  }
}

/** Whoever has not confirmed the address does so by this. */
function isOpen(account: Account | undefined): account is Account {
  return account !== undefined && account.suspendedAt === undefined
}

function mailFor(
  { methods, origin, admission }: EmailSignInDependencies,
  account: Account | undefined,
  { email, code, link }: { readonly email: string; readonly code: string; readonly link: string },
): MailRequest {
  if (account === undefined) return strangerMail(admission, { email, origin })
  if (account.suspendedAt !== undefined) return { to: email, template: 'account-blocked', data: { name: account.name } }
  const data = { name: account.name, minutes: String(TOKEN_MINUTES) }
  const shown = inGroups(code)
  if (!methods.magicLink) return { to: email, template: 'sign-in-code', data: { ...data, code: shown } }
  if (!methods.emailCode) return { to: email, template: 'sign-in-link', data: { ...data, link } }
  return { to: email, template: 'sign-in-code-or-link', data: { ...data, code: shown, link } }
}
