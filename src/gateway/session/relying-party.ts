// The gateway as a confidential OAuth client of auth, one per frontend (RFC 10017 section 6.1). It talks to one issuer only, through auth's contract
// instead of the network: what a library for any provider brings along for that cost more than the engine's own work (decision 32).
import type { Call } from '#kernel/call.ts'
import { callAs, systemCall } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { sha256 } from '#kernel/keyring.ts'
import { apiAudience, type Sites } from '#kernel/sites.ts'
import type { Auth } from '../../auth/contract.ts'
import type { GatewayFrontend } from '../contract.ts'
import { type AuthMetadata, authMetadata, idTokenClaims, tokenAnswer, tokenRefusal } from './schemas.ts'

export interface Tokens {
  readonly accessToken: string
  readonly refreshToken: string | undefined
  /** The `sub` of the ID token. A refresh may bring none. */
  readonly accountId: string | undefined
}

export interface SignInRequest {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
}

/** How the person must sign in (RFC 9470), and in which languages (OpenID Connect Core section 3.1.2.1). */
export interface SignInWishes {
  readonly acrValues?: string | undefined
  readonly maxAge?: string | undefined
  readonly uiLocales?: readonly string[] | undefined
}

/** Why auth gave no tokens: `ended` when it said so for good, `declined` by the person, `failed` when it could not say. */
export type Refusal = 'ended' | 'declined' | 'failed'

export interface RelyingParty {
  authorizationUrl(call: Call, frontend: GatewayFrontend, request: SignInRequest & SignInWishes): Promise<string>
  redeem(call: Call, frontend: GatewayFrontend, answer: { readonly search: string; readonly request: SignInRequest }): Promise<Tokens>
  refresh(call: Call, frontend: GatewayFrontend, refreshToken: string): Promise<Tokens>
}

export interface RelyingPartyParts {
  readonly auth: Pick<Auth, 'exchange'>
  readonly sites: Sites
  readonly clock: Clock
}

const GATEWAY = { kind: 'system', name: 'gateway.session' } as const
const lasting = systemCall(GATEWAY.name).signal
/** Auth may run on another machine. */
const CLOCK_TOLERANCE_SECONDS = 30

/** Auth, the person or the browser has said no: nothing that we should look into. The message has nothing of what was said. */
export class Refused extends Error {
  readonly refusal: Exclude<Refusal, 'failed'>

  constructor(refusal: Exclude<Refusal, 'failed'>, reason: string) {
    super(reason)
    this.refusal = refusal
  }
}

export function refusalOf(error: unknown): Refusal {
  // Nothing but a clear refusal ends a session: a fault of auth must never sign people out.
  return error instanceof Refused ? error.refusal : 'failed'
}

export function createRelyingParty({ auth, sites, clock }: RelyingPartyParts): RelyingParty {
  const issuer = sites.accounts
  const resource = apiAudience(sites)
  const ask = async (call: Call, request: Parameters<Auth['exchange']>[1]): Promise<Spoken> => {
    // Several requests may wait for one refresh: that the client of the first has gone must not end it for all.
    const { status, headers, body } = await auth.exchange({ ...callAs(call, GATEWAY), signal: lasting }, request)
    const isJson = /^application\/json(?:;|$)/i.test(headers['content-type'] ?? '')
    return { status, said: isJson ? parsed(body) : undefined }
  }
  let discovered: Promise<AuthMetadata> | undefined
  const metadata = (call: Call): Promise<AuthMetadata> => {
    discovered ??= ask(call, { method: 'GET', path: '/.well-known/openid-configuration', headers: {} })
      .then(({ status, said }) => (status === 200 ? metadataOf(said, issuer) : fail(`auth answered ${status} to discovery`)))
      .catch((error: unknown) => {
        discovered = undefined
        throw error
      })
    return discovered
  }
  const isTimely = ({ exp, iat }: { readonly exp: number; readonly iat: number }): boolean => {
    const now = Math.floor(clock.now() / 1000)
    return exp > now - CLOCK_TOLERANCE_SECONDS && iat <= now + CLOCK_TOLERANCE_SECONDS
  }
  /** OpenID Connect Core section 3.1.3.7. It has come from the token endpoint itself, which is as good as its signature (item 6). */
  const subjectOf = (idToken: string, { clientId }: GatewayFrontend, nonce?: string): string => {
    const { iss, aud, azp, sub, nonce: told, ...times } = idTokenClaims.parse(parsed(Buffer.from(idToken.split('.')[1] ?? '', 'base64url')))
    if (iss !== issuer) fail('the ID token is of another issuer')
    // Ours are for one client; nobody else is trusted with this one (items 3 to 5).
    if ([aud, azp ?? clientId].flat().some((one) => one !== clientId)) fail('the ID token is for another client')
    if (!isTimely(times)) fail('the ID token is not of this time')
    if (nonce !== undefined && told !== nonce) fail('the ID token is of another sign-in')
    return sub
  }
  const tokens = async (call: Call, frontend: GatewayFrontend, { nonce, ...form }: TokenRequest): Promise<Tokens> => {
    const { token_endpoint: endpoint } = await metadata(call)
    const headers = { authorization: basic(frontend), 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' }
    const body = new URLSearchParams({ ...form, resource }).toString()
    const { status, said } = await ask(call, { method: 'POST', path: endpoint.slice(issuer.length), headers, body })
    if (status !== 200) throw refusalTo(status, said)
    const { access_token: accessToken, refresh_token: refreshToken, id_token: idToken } = tokenAnswer.parse(said)
    if (idToken === undefined && nonce !== undefined) fail('auth issued no ID token')
    return { accessToken, refreshToken, accountId: idToken === undefined ? undefined : subjectOf(idToken, frontend, nonce) }
  }
  return {
    async authorizationUrl(call, frontend, request) {
      const parameters = { client_id: frontend.clientId, response_type: 'code', ...authorizationParameters(frontend, request), resource }
      return `${(await metadata(call)).authorization_endpoint}?${new URLSearchParams(parameters).toString()}`
    },
    async redeem(call, frontend, { search, request: { state, nonce, verifier } }) {
      const code = codeIn(new URLSearchParams(search), { state, issuer })
      const form = { grant_type: 'authorization_code', code, redirect_uri: redirectUri(frontend), code_verifier: verifier }
      return await tokens(call, frontend, { ...form, nonce })
    },
    refresh: async (call, frontend, refreshToken) =>
      await tokens(call, frontend, { grant_type: 'refresh_token', refresh_token: refreshToken }),
  }
}

/** What goes into the form, and the nonce that the ID token must have. */
type TokenRequest = Readonly<Record<string, string>> & { readonly nonce?: string }

interface Spoken {
  readonly status: number
  /** Parsed; absent when it is no JSON. */
  readonly said: unknown
}

function fail(reason: string): never {
  throw new Error(reason)
}

function parsed(body: string | Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    return undefined
  }
}

/** OpenID Connect Discovery section 4.3. */
function metadataOf(said: unknown, issuer: string): AuthMetadata {
  const metadata = authMetadata.parse(said)
  if (metadata.issuer !== issuer) fail('auth has told of another issuer')
  // Nothing else is reached by the contract, and no browser is sent elsewhere.
  for (const endpoint of [metadata.authorization_endpoint, metadata.token_endpoint])
    if (!endpoint.startsWith(`${issuer}/`)) fail('auth has told of an endpoint elsewhere')
  return metadata
}

/** The answer that the browser has brought (RFC 6749 sections 4.1.2 and 4.1.2.1, RFC 9207 section 2.4). A browser can bring anything: what is wrong in it is no fault of auth. */
function codeIn(answer: URLSearchParams, { state, issuer }: { readonly state: string; readonly issuer: string }): string {
  const one = (name: string): string | undefined => {
    const [value, ...more] = answer.getAll(name)
    if (more.length > 0) throw new Refused('ended', `the answer has more than one ${name}`)
    return value
  }
  if (one('iss') !== issuer) throw new Refused('ended', 'the answer is of another issuer')
  if (one('state') !== state) throw new Refused('ended', 'the answer is to another request')
  const error = one('error')
  if (error !== undefined) throw new Refused(error === 'access_denied' ? 'declined' : 'ended', 'the answer is a refusal')
  const code = one('code')
  if (code === undefined || code === '') throw new Refused('ended', 'the answer has no code')
  return code
}

/** RFC 6749 section 5.2. */
function refusalTo(status: number, said: unknown): Error {
  const { error = '', error_description: words } = tokenRefusal.safeParse(said).data ?? {}
  if (error === 'invalid_grant' && status < 500) return new Refused('ended', 'auth takes this code or token no longer')
  return new Error(
    `auth answered ${status} at the token endpoint${[error, words].flatMap((each) => (each === undefined || each === '' ? [] : `: ${each}`)).join('')}`,
  )
}

/** RFC 6749 section 2.3.1: both parts as in a form. */
function basic({ clientId, secret }: GatewayFrontend): string {
  const inForm = (part: string): string => new URLSearchParams({ '': part }).toString().slice(1)
  return `Basic ${Buffer.from(`${inForm(clientId)}:${inForm(secret)}`).toString('base64')}`
}

function authorizationParameters(
  frontend: GatewayFrontend,
  { state, nonce, verifier, acrValues, maxAge, uiLocales }: SignInRequest & SignInWishes,
): Record<string, string> {
  return {
    redirect_uri: redirectUri(frontend),
    scope: [...new Set(['openid', 'offline_access', ...frontend.scopes])].join(' '),
    state,
    nonce,
    // S256 (RFC 7636 section 4.2).
    code_challenge: sha256(verifier),
    code_challenge_method: 'S256',
    ...(acrValues === undefined ? {} : { acr_values: acrValues }),
    ...(maxAge === undefined ? {} : { max_age: maxAge }),
    ...(uiLocales === undefined ? {} : { ui_locales: uiLocales.join(' ') }),
  }
}

function redirectUri(frontend: GatewayFrontend): string {
  return `${frontend.origin}/session/callback`
}
