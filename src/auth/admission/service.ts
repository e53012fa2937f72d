// Who may have an account at all: everybody, the invited, or nobody new; and from which domains.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { defineCollection } from '#kernel/collection.ts'
import { hasCode } from '#kernel/errors.ts'
import { sha256 } from '#kernel/keyring.ts'
import type { Database } from '../../database/contract.ts'
import { normaliseEmail } from '../accounts/email.ts'
import { mail } from '../accounts/mail.ts'
import type { AuthDefinition, SignUpInvitation } from '../contract.ts'
import { authErrors } from '../errors.ts'
import { actorOf, securityEventOf } from '../security-events/security-event.ts'
import { fieldProblem } from '../texts/problem.ts'
import { isWithin } from './domains.ts'
import { type Invitation, invitation } from './schemas.ts'

const DAY_MS = 24 * 3_600_000
const INVITED_DAYS = 14

export const invitationsCollection = defineCollection<Invitation>({
  name: 'auth_invitations',
  schema: invitation,
  indexes: {},
  expiry: 'expiresAt',
})

export const invitationId = (email: string): string => sha256(email)

export interface Admission {
  /** Nobody new: there is nothing to sign up with. */
  readonly isOff: boolean
  /** A rule that is the same for everybody, so that it may be said at once. */
  problem(email: string): 'email_domain' | undefined
  /** Whether this address may have an account. What is said about it tells nobody who was invited. */
  mayJoin(call: Call, email: string): Promise<boolean>
  /** For operators and the system. Tells the person by mail; again is one mail more. */
  invite(call: Call, typed: string): Promise<SignUpInvitation>
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
export function createAdmission({ database, clock, rules = {}, origin, language }: AdmissionDependencies): Admission {
  const invitations = database.collection(invitationsCollection)
  const { mode = 'open', domains = {} } = rules
  const problem = (email: string): 'email_domain' | undefined => {
    const domain = email.slice(email.lastIndexOf('@') + 1)
    const { only, block = [] } = domains
    if (isWithin(domain, block)) return 'email_domain'
    return only === undefined || isWithin(domain, only) ? undefined : 'email_domain'
  }
  const put = async (call: Call, value: Invitation): Promise<void> => {
    const { id, ...set } = value
    const data = { link: `${origin}/sign-up`, days: String(INVITED_DAYS) }
    const events = [
      mail({ to: value.email, template: 'invitation', data, language }),
      // Without the address: it is nobody's account yet, so nothing would take it out again.
      securityEventOf({ type: 'account.invited', ...actorOf(call) }),
    ]
    if ((await invitations.update(call, id, { set }, { events })) !== undefined) return
    try {
      await invitations.insert(call, value, { events })
    } catch (error) {
      // Somebody else has just invited the same person.
      if (!hasCode(error, 'database.duplicate')) throw error
    }
  }
  return {
    isOff: mode === 'off',
    problem,
    async mayJoin(call, email) {
      if (mode === 'off' || problem(email) !== undefined) return false
      if (mode === 'open') return true
      const found = await invitations.get(call, invitationId(email))
      return found !== undefined && found.value.expiresAt > clock.now()
    },
    async invite(call, typed) {
      if (call.principal.kind !== 'operator' && call.principal.kind !== 'system') throw authErrors.operators_only()
      const email = normaliseEmail(typed)
      const wrong = email === undefined ? 'email_malformed' : problem(email)
      if (email === undefined || wrong !== undefined) {
        const field = fieldProblem('email', wrong ?? 'email_malformed')
        throw authErrors.bad_details({ detail: field.message, fields: [field] })
      }
      const now = clock.now()
      const expiresAt = now + INVITED_DAYS * DAY_MS
      await put(call, { id: invitationId(email), email, invitedAt: now, expiresAt })
      return { email, expiresAt }
    },
  }
}
