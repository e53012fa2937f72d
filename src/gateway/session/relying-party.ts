// The gateway as a confidential OAuth client of auth, one per frontend (RFC 10017 section 6.1): openid-client does the protocol, and its
// requests go through auth's contract instead of the network.
import * as openid from 'openid-client'
import type { Call } from '#kernel/call.ts'
import { callAs, systemCall } from '#kernel/call.ts'
import { sha256 } from '#kernel/keyring.ts'
import { apiAudience, type Sites } from '#kernel/sites.ts'
import type { Auth } from '../../auth/contract.ts'
import type { GatewayFrontend } from '../contract.ts'

export interface Tokens {
  readonly accessToken: string
  readonly refreshToken: string | undefined
}

export interface SignInRequest {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
}

/** How the person must sign in (RFC 9470). */
export interface StepUpRequest {
  readonly acrValues?: string | undefined
  readonly maxAge?: string | undefined
}

/** Why auth gave no tokens: `ended` when it said so for good, `declined` by the person, `failed` when it could not say. */
export type Refusal = 'ended' | 'declined' | 'failed'

export interface RelyingParty {
  authorizationUrl(call: Call, frontend: GatewayFrontend, request: SignInRequest & StepUpRequest): Promise<string>
  redeem(call: Call, frontend: GatewayFrontend, answer: { readonly search: string; readonly request: SignInRequest }): Promise<Tokens>
  refresh(call: Call, frontend: GatewayFrontend, refreshToken: string): Promise<Tokens>
}

const GATEWAY = { kind: 'system', name: 'gateway.session' } as const
const lasting = systemCall(GATEWAY.name).signal
const NULL_BODY = new Set([101, 204, 205, 304])

/** A `fetch` that reaches the issuer, and only it, through the contract. */
function backChannel(auth: Auth, call: Call, issuer: string): openid.CustomFetch {
  return async (url, { method, headers, body, signal }) => {
    if (!url.startsWith(`${issuer}/`) || (method !== 'GET' && method !== 'POST'))
      throw new TypeError('The back channel reaches the issuer only')
    // Several requests may wait for one refresh: that the client of the first has gone must not end it for all.
    const own = { ...callAs(call, GATEWAY), signal: signal ?? lasting }
    const text = typeof body === 'string' ? body : body instanceof URLSearchParams ? body.toString() : undefined
    const request = { method, path: url.slice(issuer.length), headers } as const
    const answer = await auth.exchange(own, text === undefined ? request : { ...request, body: text })
    return new Response(NULL_BODY.has(answer.status) ? null : answer.body, { status: answer.status, headers: answer.headers })
  }
}

export function refusalOf(error: unknown): Refusal {
  if (error instanceof openid.AuthorizationResponseError) return error.error === 'access_denied' ? 'declined' : 'ended'
  // Nothing but a clear `invalid_grant` ends a session: a fault of auth must never sign people out.
  if (error instanceof openid.ResponseBodyError && error.error === 'invalid_grant' && error.status < 500) return 'ended'
  return 'failed'
}

export function createRelyingParty({ auth, sites }: { readonly auth: Auth; readonly sites: Sites }): RelyingParty {
  const issuer = sites.accounts
  const resource = apiAudience(sites)
  const insecure = issuer.startsWith('http:')
  let discovered: Promise<openid.ServerMetadata> | undefined
  const metadata = (call: Call): Promise<openid.ServerMetadata> => {
    discovered ??= openid
      .discovery(new URL(issuer), 'gateway', undefined, openid.None(), {
        [openid.customFetch]: backChannel(auth, call, issuer),
        ...(insecure ? { execute: [openid.allowInsecureRequests] } : {}),
      })
      .then((configuration) => configuration.serverMetadata())
      .catch((error: unknown) => {
        discovered = undefined
        throw error
      })
    return discovered
  }
  // One configuration per use, so that the back channel knows the request that it serves.
  const configure = async (call: Call, frontend: GatewayFrontend): Promise<openid.Configuration> => {
    const client = { redirect_uris: [redirectUri(frontend)] }
    const configuration = new openid.Configuration(
      await metadata(call),
      frontend.clientId,
      client,
      openid.ClientSecretBasic(frontend.secret),
    )
    configuration[openid.customFetch] = backChannel(auth, call, issuer)
    // Nothing goes over a network: a signal and a timer of half a minute for each request would be for nothing.
    configuration.timeout = 0
    if (insecure) openid.allowInsecureRequests(configuration)
    return configuration
  }
  return {
    async authorizationUrl(call, frontend, request) {
      // S256 (RFC 7636 section 4.2).
      const parameters = { ...authorizationParameters(frontend, request), resource, code_challenge: sha256(request.verifier) }
      return openid.buildAuthorizationUrl(await configure(call, frontend), parameters).href
    },
    async redeem(call, frontend, { search, request }) {
      const checks = {
        pkceCodeVerifier: request.verifier,
        expectedState: request.state,
        expectedNonce: request.nonce,
        idTokenExpected: true,
      }
      const url = new URL(`${redirectUri(frontend)}?${search}`)
      const tokens = await openid.authorizationCodeGrant(await configure(call, frontend), url, checks, { resource })
      return { accessToken: tokens.access_token, refreshToken: tokens.refresh_token }
    },
    async refresh(call, frontend, refreshToken) {
      const tokens = await openid.refreshTokenGrant(await configure(call, frontend), refreshToken, { resource })
      return { accessToken: tokens.access_token, refreshToken: tokens.refresh_token }
    },
  }
}

function authorizationParameters(
  frontend: GatewayFrontend,
  { state, nonce, acrValues, maxAge }: SignInRequest & StepUpRequest,
): Record<string, string> {
  return {
    redirect_uri: redirectUri(frontend),
    scope: [...new Set(['openid', 'offline_access', ...frontend.scopes])].join(' '),
    state,
    nonce,
    code_challenge_method: 'S256',
    ...(acrValues === undefined ? {} : { acr_values: acrValues }),
    ...(maxAge === undefined ? {} : { max_age: maxAge }),
  }
}

function redirectUri(frontend: GatewayFrontend): string {
  return `${frontend.origin}/session/callback`
}
