// What a refusal of the API tells a client: how to come with a token, and where that is described (RFC 6750 section 3, RFC 9728 section 5.1).
import { PROOF_CHALLENGE } from '#kernel/http/proof.ts'
import { metadataPath } from '#kernel/protected-endpoint.ts'
import type { GatewayExchange } from '../exchange.ts'
import { type EndpointHere, isOfApi } from '../hosts.ts'

const METADATA_PATH = metadataPath('/api')

type Headers = Readonly<Record<string, string>>

/** Adds to a challenge where the resource is described, and that a proof of possession is welcome too. */
export function withMetadata(exchange: GatewayExchange, headers: Headers): Headers {
  const { host, path, request } = exchange
  const given = headers['www-authenticate']
  if (given === undefined) return headers
  const challenge = isProven(request.headers.authorization) ? asProven(given) : given
  if (host?.api === undefined || !isOfApi(path)) return { ...headers, 'www-authenticate': challenge }
  const endpoint = host.endpoints.get(path)
  const metadata = `resource_metadata="${host.api}${endpoint === undefined ? METADATA_PATH : metadataPath(path)}"`
  const told = withParameter(endpoint === undefined ? challenge : withScope(challenge, exchange, endpoint), metadata)
  return { ...headers, 'www-authenticate': challenge.startsWith('DPoP') ? told : `${told}, ${PROOF_CHALLENGE}` }
}

function withParameter(challenge: string, parameter: string): string {
  return `${challenge}${challenge.includes('=') ? ',' : ''} ${parameter}`
}

/**
 * What to ask for at an address that is a resource by itself. Who comes with nothing is told all that its tokens may have: clients of tools register for just
 * that, and would get no more when a tool needs it. Whoever is known is told what was found lacking with what the rule wants and what it had there before, since
 * such a client takes it for all that the next token is to have.
 */
function withScope(challenge: string, { match, principal }: GatewayExchange, { scopes }: EndpointHere): string {
  if (principal.kind !== 'user') return withParameter(challenge, `scope="${scopes.join(' ')}"`)
  const rule = match?.route.allow
  const needed = rule?.who === 'user' && rule.scope !== undefined ? [rule.scope] : []
  const had = scopes.filter((scope) => principal.scopes.includes(scope))
  const [whole, lacking] = /\bscope="([^"]+)"/.exec(challenge) ?? []
  const wanted = new Set([...needed, ...had, ...(lacking?.split(' ') ?? [])])
  const parameter = `scope="${[...wanted].join(' ')}"`
  return whole === undefined ? withParameter(challenge, parameter) : challenge.replace(whole, () => parameter)
}

function isProven(authorization: string | undefined): boolean {
  return authorization !== undefined && /^dpop /i.test(authorization)
}

/** RFC 9449 section 7.1: whoever has come with a proof is refused in that scheme, whatever is wrong. */
function asProven(challenge: string): string {
  return challenge.startsWith('Bearer ') ? `${PROOF_CHALLENGE}, ${challenge.slice('Bearer '.length)}` : challenge
}
