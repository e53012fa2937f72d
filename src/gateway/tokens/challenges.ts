// What a refusal of the API tells a client: how to come with a token, and where that is described (RFC 6750 section 3, RFC 9728 section 5.1).
import { PROOF_CHALLENGE } from '#kernel/http/proof.ts'
import type { GatewayExchange } from '../exchange.ts'

export const METADATA_PATH = '/.well-known/oauth-protected-resource/api'

type Headers = Readonly<Record<string, string>>

/** Adds to a challenge where the resource is described, and that a proof of possession is welcome too. */
export function withMetadata({ host, path, request }: GatewayExchange, headers: Headers): Headers {
  const given = headers['www-authenticate']
  if (given === undefined) return headers
  const challenge = isProven(request.headers.authorization) ? asProven(given) : given
  if (host?.hasApi !== true || !(path === '/api' || path.startsWith('/api/'))) return { ...headers, 'www-authenticate': challenge }
  const metadata = `resource_metadata="${host.origin}${METADATA_PATH}"`
  const told = `${challenge}${challenge.includes('=') ? ',' : ''} ${metadata}`
  return { ...headers, 'www-authenticate': challenge.startsWith('DPoP') ? told : `${told}, ${PROOF_CHALLENGE}` }
}

function isProven(authorization: string | undefined): boolean {
  return authorization !== undefined && /^dpop /i.test(authorization)
}

/** RFC 9449 section 7.1: whoever has come with a proof is refused in that scheme, whatever is wrong. */
function asProven(challenge: string): string {
  return challenge.startsWith('Bearer ') ? `${PROOF_CHALLENGE}, ${challenge.slice('Bearer '.length)}` : challenge
}
