// What needs a fresh or a stronger sign-in (RFC 9470): whether it was one, until when it counts, and the refusal that says what to do.
import type { UserPrincipal } from '../call.ts'
import { httpErrors } from './problem.ts'
import type { StepUp } from './route.ts'

type SignIn = UserPrincipal['signIn']

export function hasSignedInFor({ acr, maxAgeSeconds }: StepUp, signIn: SignIn, now: number): boolean {
  if (acr !== undefined && (signIn?.acr === undefined || !acr.includes(signIn.acr))) return false
  return maxAgeSeconds === undefined || (signIn?.at !== undefined && now / 1000 - signIn.at <= maxAgeSeconds)
}

/** Epoch milliseconds; `undefined` when it never becomes too old. */
export function signInCountsUntil({ maxAgeSeconds }: StepUp, signIn: SignIn): number | undefined {
  return maxAgeSeconds === undefined || signIn?.at === undefined ? undefined : (signIn.at + maxAgeSeconds) * 1000
}

/** Section 3: right person, right scope, but not signed in well enough for this. */
export function insufficientSignIn({ acr, maxAgeSeconds }: StepUp): Error {
  const parts = [
    'Bearer error="insufficient_user_authentication"',
    'error_description="sign in again, in the way that is asked for"',
    ...(acr === undefined ? [] : [`acr_values="${acr.join(' ')}"`]),
    ...(maxAgeSeconds === undefined ? [] : [`max_age="${maxAgeSeconds}"`]),
  ]
  const headers = { 'www-authenticate': parts.join(', ') }
  return httpErrors.insufficient_authentication({ detail: 'Sign in again, in the way that is asked for.', headers })
}
