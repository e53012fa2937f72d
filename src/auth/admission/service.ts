// Who may have an account at all: everybody, the invited, or nobody new; and from which domains.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import type { Operation } from '#kernel/collection.ts'
import type { Database } from '../../database/contract.ts'
import { normaliseEmail } from '../accounts/email.ts'
import { mail } from '../accounts/mail.ts'
import type { AuthDefinition, SignUpInvitation, SignUpInvitations } from '../contract.ts'
import { authErrors } from '../errors.ts'
import { actorOf, securityEventOf } from '../security-events/security-event.ts'
import { fieldProblem } from '../texts/problem.ts'
import { isWithin } from './domains.ts'
import { createInvitationsRepository, invitationId, invitationUsed, type InvitationsRepository } from './repository.ts'
import { requireOperator } from '../operators-only.ts'

const DAY_MS = 24 * 3_600_000
const INVITED_DAYS = 14

export type NotAdmitted = 'email_domain' | 'email_not_invited' | 'email_no_sign_up'

export interface Admission extends Inviting {
  /** Nobody new: there is nothing to sign up with. */
  readonly isOff: boolean
  /** A rule that is the same for everybody, so that it may be said at once. */
  problem(email: string): 'email_domain' | undefined
  /** Whether this address may have an account. What is said about it tells nobody who was invited. */
  mayJoin(call: Call, email: string): Promise<boolean>
  /** Why this address may have none. For whoever has shown that it is theirs. */
  whyNot(call: Call, email: string): Promise<NotAdmitted | undefined>
  /** Uses the invitation up, in the commit that makes the account. That fails where one is needed and was withdrawn, or used, meanwhile. */
  joining(email: string): Operation
}

/** For operators and the system. */
export interface Inviting {
  /** Tells the person by mail; again is one mail more. */
  invite(call: Call, typed: string): Promise<SignUpInvitation>
  /** Newest first. Ask again with `next`. */
  invitations(call: Call, after?: string): Promise<SignUpInvitations>
  /** False when nobody with this address is invited. */
  withdrawInvitation(call: Call, typed: string): Promise<boolean>
}

export interface AdmissionDependencies {
  readonly database: Database
  readonly clock: Clock
  readonly rules: AuthDefinition['signUp']
  /** Where mailed links lead: the accounts origin. */
  readonly origin: string
  /** The app's own: what somebody reads who has not been here is not known. */
  readonly language: string | undefined
}

/** Make it before the database starts, since it declares its collection. */
export function createAdmission(deps: AdmissionDependencies): Admission {
  const { clock, rules: { mode = 'open', domains = {} } = {} } = deps
  const invitations = createInvitationsRepository(deps.database)
  const problem = (email: string): 'email_domain' | undefined => {
    const domain = email.slice(email.lastIndexOf('@') + 1)
    const { only, block = [] } = domains
    if (isWithin(domain, block)) return 'email_domain'
    return only === undefined || isWithin(domain, only) ? undefined : 'email_domain'
  }
  const whyNot: Admission['whyNot'] = async (call, email) => {
    if (mode === 'off') return 'email_no_sign_up'
    const wrong = problem(email)
    if (wrong !== undefined || mode === 'open') return wrong
    const found = await invitations.find(call, email)
    return found !== undefined && found.expiresAt > clock.now() ? undefined : 'email_not_invited'
  }
  return {
    isOff: mode === 'off',
    problem,
    whyNot,
    mayJoin: async (call, email) => (await whyNot(call, email)) === undefined,
    joining: (email) => invitationUsed(email, { isNeeded: mode === 'invitation' }),
    ...inviting({ ...deps, invitations, problem, isOff: mode === 'off' }),
  }
}

function inviting({
  invitations,
  problem,
  isOff,
  clock,
  origin,
  language,
}: AdmissionDependencies & Pick<Admission, 'problem' | 'isOff'> & { readonly invitations: InvitationsRepository }): Inviting {
  return {
    async invite(call, typed) {
      requireOperator(call)
      if (isOff)
        throw authErrors.bad_details({ detail: 'Nobody signs up here: the app definition says "signUp.mode": "off" under "auth".' })
      const email = addressOf(typed)
      const wrong = problem(email)
      if (wrong !== undefined) throw badAddress(wrong)
      const now = clock.now()
      const expiresAt = now + INVITED_DAYS * DAY_MS
      const data = { link: `${origin}/sign-up`, days: String(INVITED_DAYS) }
      await invitations.put(call, { id: invitationId(email), email, invitedAt: now, expiresAt }, [
        mail({ to: email, template: 'invitation', data, language }),
        // Without the address: it is nobody's account yet, so nothing would take it out again.
        securityEventOf({ type: 'account.invited', ...actorOf(call) }),
      ])
      return { email, expiresAt }
    },
    async invitations(call, after) {
      requireOperator(call)
      const { items, next } = await invitations.list(call, after)
      const shown = items.map(({ value: { email, invitedAt, expiresAt } }) => ({ email, invitedAt, expiresAt }))
      return { items: shown.filter(({ expiresAt }) => expiresAt > clock.now()), ...(next === undefined ? {} : { next }) }
    },
    async withdrawInvitation(call, typed) {
      requireOperator(call)
      return invitations.delete(call, addressOf(typed), [securityEventOf({ type: 'account.invitation_withdrawn', ...actorOf(call) })])
    },
  }
}

function addressOf(typed: string): string {
  const email = normaliseEmail(typed)
  if (email === undefined) throw badAddress('email_malformed')
  return email
}

function badAddress(problem: Parameters<typeof fieldProblem>[1]): Error {
  const field = fieldProblem('email', problem)
  return authErrors.bad_details({ detail: field.message, fields: [field] })
}
