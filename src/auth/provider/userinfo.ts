// The userinfo endpoint (OpenID Connect Core section 5.3). Ours, since the engine's takes no access token that has an audience, and all of ours
// have one. It tells what the token itself was granted. The grant is looked up (structured-tokens.ts), so that a revoked token is refused at once.
import type { ServerResponse } from 'node:http'
import type { Call } from '#kernel/call.ts'
import { PROOF_CHALLENGE, type ProofChecker } from '#kernel/http/proof.ts'
import type { Exchange } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import type { Collection } from '../../database/contract.ts'
import type { AccountDirectory } from '../engine.ts'
import { claimsFor } from './account-claims.ts'
import type { ClientRegistry } from './clients.ts'
import { type GrantRecord, grantsCollection } from './collections.ts'
import type { StructuredTokens } from './structured-tokens.ts'
import { OPENID_SCOPE_CLAIM } from './token-claims.ts'
import type { Vault } from './vault.ts'

export interface UserinfoDependencies {
  /** Of this request, as clients know it. */
  originOf(this: void, exchange: Exchange): string
  readonly audience: string
  readonly proofs: ProofChecker
  readonly tokens: StructuredTokens
  readonly clients: ClientRegistry
  readonly grants: Collection<GrantRecord>
  readonly vault: Vault
  readonly accounts: AccountDirectory
  isKnownOrigin(this: void, call: Call, origin: string): Promise<boolean>
}

const tokenClaims = z.looseObject({
  sub: z.string(),
  aud: z.string(),
  sid: z.string(),
  client_id: z.string(),
  [OPENID_SCOPE_CLAIM]: z.string().optional(),
  act: z.unknown().optional(),
  cnf: z.union([z.strictObject({ jkt: z.string() }), z.strictObject({ 'x5t#S256': z.string() })]).optional(),
})
const grantScopes = z.looseObject({ openid: z.looseObject({ scope: z.string() }) })

type TokenClaims = z.infer<typeof tokenClaims>
type Binding = TokenClaims['cnf']

interface Verdict {
  readonly clientId: string
  readonly binding: Binding
  /** Absent when the token was not asked for with `openid`. */
  readonly claims: object | undefined
}

interface Shown {
  readonly scheme: string
  readonly token: string
  readonly binding: Binding
}

const isPath = (path: string): boolean => path === '/userinfo'

export function createUserinfo(dependencies: UserinfoDependencies): (call: Call, exchange: Exchange) => Promise<void> {
  const { originOf, proofs, clients } = dependencies
  const judge = createJudge(dependencies)

  const mayRead = async (call: Call, origin: string | undefined, clientId: string): Promise<boolean> =>
    origin === undefined || (await clients.find(call, clientId))?.origins.includes(origin) === true

  /** A token that is bound to a key or a certificate is nothing without it (RFC 9449 section 7.2). Throws for a proof that is not right. */
  const isHeld = async (call: Call, exchange: Exchange, { scheme, token, binding }: Shown): Promise<boolean> => {
    const { request, response, method, clientCertificate } = exchange
    if (binding !== undefined && 'jkt' in binding) {
      if (scheme !== 'dpop') return false
      const asked = { proof: proofOf(request), method, origin: originOf(exchange), token, jkt: binding.jkt, isPath }
      const nonce = await proofs.check(call, asked)
      if (nonce !== undefined) response.setHeader('dpop-nonce', nonce)
      return true
    }
    return scheme === 'bearer' && (binding === undefined || binding['x5t#S256'] === clientCertificate?.thumbprint)
  }

  const answer = async (call: Call, exchange: Exchange): Promise<void> => {
    const { request, response } = exchange
    const { origin, authorization = '' } = request.headers
    const [, scheme = '', token] = /^(Bearer|DPoP) ([A-Za-z0-9._~+/-]+=*)$/i.exec(authorization) ?? []
    if (token === undefined) {
      await shareRefusal(dependencies, call, exchange)
      refuse(response, `Bearer, ${PROOF_CHALLENGE}`)
      return
    }
    const shown = scheme.toLowerCase()
    const verdict = await judge(call, token)
    if (verdict === undefined) {
      await shareRefusal(dependencies, call, exchange)
      refuse(response, challengeOf(shown, 'error="invalid_token"'))
      return
    }
    if (!(await mayRead(call, origin, verdict.clientId))) {
      refuse(response, challengeOf(shown, 'error="invalid_token"'))
      return
    }
    share(response, origin)
    if (!(await isHeld(call, exchange, { scheme: shown, token, binding: verdict.binding }))) {
      refuse(response, challengeOf(shown, 'error="invalid_token"'))
      return
    }
    if (verdict.claims === undefined) {
      refuse(response, challengeOf(shown, 'error="insufficient_scope", scope="openid"'), 'insufficient_scope')
      return
    }
    response.setHeader('cache-control', 'no-store')
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(verdict.claims))
  }

  return async (call, exchange) => {
    const { request, response } = exchange
    const { origin } = request.headers
    response.setHeader('vary', 'origin')
    // A preflight knows no client (RFC 10017 section 6.3.3.4); the request itself does.
    if (request.method !== 'OPTIONS') await answer(call, exchange)
    else preflight(response, origin !== undefined && (await dependencies.isKnownOrigin(call, origin)) ? origin : undefined)
  }
}

function proofOf({ headers: { dpop } }: Exchange['request']): string | undefined {
  return typeof dpop === 'string' ? dpop : undefined
}

/** `undefined` for one that is no good here. */
type Judge = (call: Call, token: string) => Promise<Verdict | undefined>

function createJudge({ tokens, audience, clients, grants, vault, accounts }: UserinfoDependencies): Judge {
  /** An exchanged token was not asked for from the person. Other tokens that do not say are of a former release, and have what was granted altogether. */
  const scopeOf = async (call: Call, { [OPENID_SCOPE_CLAIM]: own, act, sid }: TokenClaims): Promise<string> => {
    if (own !== undefined || act !== undefined) return own ?? ''
    const grant = (await grants.get(call, sid))?.value
    const opened = grant && vault.open({ collection: grantsCollection.name, id: sid }, grant.payload)
    return grantScopes.safeParse(opened).data?.openid.scope ?? ''
  }
  return async (call, token) => {
    const parsed = tokenClaims.safeParse(tokens.isOne(token) ? await tokens.read(call, token) : undefined)
    if (!parsed.success || parsed.data.aud !== audience) return undefined
    const { sub, client_id: clientId, cnf: binding } = parsed.data
    const registered = (await clients.find(call, clientId))?.metadata.scope?.split(' ')
    const scopes = new Set((await scopeOf(call, parsed.data)).split(' ').filter((scope) => registered?.includes(scope)))
    const person = await accounts.find(call, sub)
    if (person === undefined || person.suspended) return undefined
    return { clientId, binding, claims: scopes.has('openid') ? claimsFor(person, scopes) : undefined }
  }
}

/** Of a token that is no good nobody knows the client. A refusal tells nothing of anybody, so those read it whose preflight has passed. */
async function shareRefusal({ isKnownOrigin }: UserinfoDependencies, call: Call, { request, response }: Exchange): Promise<void> {
  const { origin } = request.headers
  if (origin !== undefined && (await isKnownOrigin(call, origin))) share(response, origin)
}

function share(response: ServerResponse, origin: string | undefined): void {
  if (origin === undefined) return
  response.setHeader('access-control-allow-origin', origin)
  response.setHeader('access-control-expose-headers', 'dpop-nonce, www-authenticate')
}

function preflight(response: ServerResponse, origin: string | undefined): void {
  if (origin === undefined) {
    response.writeHead(403).end()
    return
  }
  response.setHeader('access-control-allow-origin', origin)
  response.setHeader('access-control-allow-methods', 'GET, POST')
  response.setHeader('access-control-allow-headers', 'authorization, dpop')
  response.setHeader('access-control-max-age', '600')
  response.writeHead(204).end()
}

/** In the scheme that was used (RFC 9449 section 7.1); to a bearer it is said that there is the other one, which a bound token wants (section 7.2). */
function challengeOf(scheme: string, problem: string): string {
  return scheme === 'dpop' ? `${PROOF_CHALLENGE}, ${problem}` : `Bearer ${problem}, ${PROOF_CHALLENGE}`
}

/** RFC 6750 section 3.1. */
const STATUS = { invalid_token: 401, insufficient_scope: 403 } as const

function refuse(response: ServerResponse, challenge: string, error: keyof typeof STATUS = 'invalid_token'): void {
  response.setHeader('www-authenticate', challenge)
  response.setHeader('cache-control', 'no-store')
  response.writeHead(STATUS[error], { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify({ error }))
}
