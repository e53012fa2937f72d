// Requests that bring an access token: as its bearer (RFC 6750), or with a proof of the key that it is bound to (RFC 9449).
import { httpErrors } from '#kernel/http/problem.ts'
import type { GatewayExchange } from '../exchange.ts'
import { normalisePath } from '../strict-http.ts'
import { revocableOf } from '../tokens/revocations.ts'
import { invalidToken, type VerifiedToken } from '../tokens/verifier.ts'
import type { PipelineParts } from './step.ts'

export function resolveToken(parts: PipelineParts, exchange: GatewayExchange, header: string): void | Promise<void> {
  exchange.hasBearer = true
  // What the cookies say is no part of a request that brings a token.
  exchange.cookies = new Map()
  const space = header.indexOf(' ')
  const scheme = header.slice(0, Math.max(space, 0)).toLowerCase()
  const token = header.slice(space + 1)
  if (scheme === 'dpop') return acceptProven(parts, exchange, token)
  if (scheme !== 'bearer') {
    throw httpErrors.unauthenticated({ detail: 'Bring an access token, or nothing.', headers: { 'www-authenticate': 'Bearer' } })
  }
  const endpoint = endpointOf(exchange)
  const known = parts.verifier.known(token, endpoint)
  if (known !== undefined) {
    acceptBearer(parts, exchange, known)
    return undefined
  }
  return parts.verifier.verify(exchange.earlyCall, token, endpoint).then((verified) => acceptBearer(parts, exchange, verified))
}

/** The audience of the address that was asked, when it is a protected resource by itself. The path has one form by now, however it was written. */
function endpointOf({ host, path }: GatewayExchange): string | undefined {
  return host?.endpoints.get(path)?.audience
}

export function requireFresh({ revocations }: PipelineParts): void {
  // Not knowing who has been signed out is no reason to let anybody in.
  if (!revocations.isFresh())
    throw httpErrors.unavailable({ detail: 'Sessions cannot be checked just now.', headers: { 'retry-after': '2' } })
}

export function isRevoked({ revocations }: PipelineParts, token: VerifiedToken): boolean {
  return revocations.isRevoked(revocableOf(token))
}

function requireGood(parts: PipelineParts, token: VerifiedToken): void {
  requireFresh(parts)
  if (isRevoked(parts, token)) throw invalidToken('The token has been revoked.')
}

function acceptBearer(parts: PipelineParts, exchange: GatewayExchange, token: VerifiedToken): void {
  requireGood(parts, token)
  const { jkt, 'x5t#S256': thumbprint } = token.binding ?? {}
  // RFC 9449 section 7.2: taken without the key, it would be as good as any to a thief.
  if (jkt !== undefined) throw invalidToken('The token is bound to a key: send it as "DPoP", with a proof.')
  if (thumbprint !== undefined && thumbprint !== exchange.clientCertificate?.thumbprint) {
    throw invalidToken('The token is bound to another certificate than this connection has.')
  }
  accept(exchange, token)
}

async function acceptProven(parts: PipelineParts, exchange: GatewayExchange, token: string): Promise<void> {
  const call = exchange.earlyCall
  const endpoint = endpointOf(exchange)
  const verified = parts.verifier.known(token, endpoint) ?? (await parts.verifier.verify(call, token, endpoint))
  requireGood(parts, verified)
  const jkt = verified.binding?.jkt
  if (jkt === undefined) throw invalidToken('The token is not bound to a key: send it as "Bearer".')
  const { dpop } = exchange.request.headers
  const proof = typeof dpop === 'string' ? dpop : undefined
  const { method, origin, path } = exchange
  const nonce = await parts.proofs.check(call, { proof, method, origin, token, jkt, isPath: (other) => isSamePath(other, path) })
  if (nonce !== undefined) exchange.headers.push('dpop-nonce', nonce)
  accept(exchange, verified)
}

/** However it is written (RFC 9449 section 4.3). */
function isSamePath(other: string, path: string): boolean {
  try {
    return normalisePath(other) === path
  } catch {
    return false
  }
}

function accept(exchange: GatewayExchange, token: VerifiedToken): void {
  exchange.principal = token.principal
  exchange.authority = { token, byCookie: false }
}
