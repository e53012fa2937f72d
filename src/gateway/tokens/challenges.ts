// What a refusal of the API tells a client: how to come with a token, and where that is described (RFC 6750 section 3, RFC 9728 section 5.1).
import { PROOF_CHALLENGE } from '#kernel/http/proof.ts'
import type { StepUp } from '#kernel/http/route.ts'
import type { GatewayExchange } from '../exchange.ts'
import type { VerifiedToken } from './verifier.ts'

export const METADATA_PATH = '/.well-known/oauth-protected-resource/api'

type Headers = Readonly<Record<string, string>>

/** Adds to a challenge where the resource is described, and that a proof of possession is welcome too. */
export function withMetadata({ host, path }: GatewayExchange, headers: Headers): Headers {
  const challenge = headers['www-authenticate']
  if (challenge === undefined || host?.hasApi !== true || !(path === '/api' || path.startsWith('/api/'))) return headers
  const metadata = `resource_metadata="${host.origin}${METADATA_PATH}"`
  const told = `${challenge}${challenge.includes('=') ? ',' : ''} ${metadata}`
  return { ...headers, 'www-authenticate': challenge.startsWith('DPoP') ? told : `${told}, ${PROOF_CHALLENGE}` }
}

/** Whether the person has signed in as the route needs it (RFC 9470). */
export function hasSignedInFor({ acr, maxAgeSeconds }: StepUp, { signIn }: Pick<VerifiedToken, 'signIn'>, now: number): boolean {
  if (acr !== undefined && (signIn.acr === undefined || !acr.includes(signIn.acr))) return false
  return maxAgeSeconds === undefined || (signIn.at !== undefined && now / 1000 - signIn.at <= maxAgeSeconds)
}

export function stepUpChallenge({ acr, maxAgeSeconds }: StepUp): string {
  const parts = [
    'Bearer error="insufficient_user_authentication"',
    'error_description="sign in again, in the way that is asked for"',
    ...(acr === undefined ? [] : [`acr_values="${acr.join(' ')}"`]),
    ...(maxAgeSeconds === undefined ? [] : [`max_age="${maxAgeSeconds}"`]),
  ]
  return parts.join(', ')
}
