// The protocol with a provider above us (OAuth 2.1, OpenID Connect Core): openid-client does it, over requests that reach checked machines only.
import { createPrivateKey } from 'node:crypto'
import { SignJWT } from 'jose'
import * as openid from 'openid-client'
import type { Clock } from '#kernel/clock.ts'
import type { sendOutward } from '#kernel/http/outward.ts'
import type { Logger } from '#kernel/log.ts'
import type { Claimed, ClientProof, ReadJson, Upstream } from './provider.ts'
import { type Refusal, refusalOf, unavailable } from './refusals.ts'

export interface Asking {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  readonly redirectUri: string
}

export interface Answered extends Asking {
  /** The query that the browser has brought back. */
  readonly search: string
}

export interface RelyingParty {
  /** Where to send the browser. Throws `auth.upstream_unavailable`. */
  authorizationUrl(upstream: Upstream, asking: Asking & { readonly again: boolean }): Promise<string>
  /** Who has come back, and when they have signed in there, where that is told. Throws `auth.upstream_unavailable`. */
  redeem(upstream: Upstream, answered: Answered): Promise<{ readonly claimed: Claimed; readonly authTime?: number } | Refusal>
}

export interface RelyingPartyDependencies {
  readonly clock: Clock
  readonly logger: Logger
  readonly send: typeof sendOutward
}

const MINUTE = 60_000
/** Documents are read anew after it; while the provider is down, the last one serves on. */
const FRESH_MS = 60 * MINUTE
const STALE_MS = 24 * 60 * MINUTE
/** A provider that is down is not asked again by everybody. */
const PAUSE_MS = 5000
const TIMEOUT_MS = 5000
const APPLE = 'https://appleid.apple.com'
/** RFC 6749 appendix A.12. Anything else is no value of a header, and the error that says so quotes it. */
const ACCESS_TOKEN = /^[\x20-\x7e]+$/
const NULL_BODY = new Set([204, 205, 304])

export function createRelyingParty(deps: RelyingPartyDependencies): RelyingParty {
  const configurations = createConfigurations(deps)
  return {
    async authorizationUrl(upstream, { state, nonce, verifier, redirectUri, again }) {
      const configuration = await configurations.get(upstream)
      const isOpenid = upstream.protocol.kind === 'openid'
      const url = openid.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: upstream.scopes.join(' '),
        state,
        ...(isOpenid ? { nonce } : {}),
        code_challenge: await openid.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        ...upstream.parameters,
        ...(again ? upstream.againParameters : {}),
      })
      return url.href
    },
    async redeem(upstream, answered) {
      const configuration = await configurations.get(upstream)
      try {
        return await redeemed(upstream, configuration, answered)
      } catch (error) {
        return refusalOf(upstream, error)
      }
    },
  }
}

async function redeemed(
  { protocol }: Upstream,
  configuration: openid.Configuration,
  { search, state, nonce, verifier, redirectUri }: Answered,
): Promise<{ claimed: Claimed; authTime?: number } | Refusal> {
  const url = new URL(`${redirectUri}?${search}`)
  const checks = { pkceCodeVerifier: verifier, expectedState: state }
  const isOpenid = protocol.kind === 'openid'
  // The answer names its issuer (RFC 9207), where it names one, and it is compared: another provider's answer is not taken for this one's.
  const tokens = await openid.authorizationCodeGrant(
    configuration,
    url,
    isOpenid ? { ...checks, expectedNonce: nonce, idTokenExpected: true } : checks,
  )
  if (!ACCESS_TOKEN.test(tokens.access_token)) return { refused: 'unusable', reason: 'the access token is none' }
  if (protocol.kind === 'oauth2') {
    return outcome(await protocol.identify(readerOf(configuration, tokens.access_token)))
  }
  const claims = tokens.claims()
  if (claims === undefined) return { refused: 'unusable', reason: 'there is no ID token' }
  const asksFurther = claims['email'] === undefined && configuration.serverMetadata().userinfo_endpoint !== undefined
  const further = asksFurther ? await openid.fetchUserInfo(configuration, tokens.access_token, claims.sub) : {}
  const found = outcome(protocol.identify({ ...claims }, { ...further }))
  return 'refused' in found || claims.auth_time === undefined ? found : { ...found, authTime: claims.auth_time }
}

/** OpenID Connect Core section 2: `sub` has at most 255 characters. */
const MAX_SUBJECT = 255

function outcome(found: Claimed | string): { claimed: Claimed } | Refusal {
  if (typeof found === 'object' && (found.subject === '' || found.subject.length > MAX_SUBJECT))
    return { refused: 'unusable', reason: 'the subject is empty or too long' }
  return typeof found === 'string' ? { refused: 'refused', reason: found } : { claimed: found }
}

function readerOf(configuration: openid.Configuration, accessToken: string): ReadJson {
  return async (url) => {
    const response = await openid.fetchProtectedResource(
      configuration,
      accessToken,
      new URL(url),
      'GET',
      null,
      new Headers({ accept: 'application/json' }),
    )
    const { host } = new URL(url)
    if (response.status !== 200) throw new openid.ClientError(`${host} answered with status ${response.status}`, { cause: response })
    try {
      return await response.json()
    } catch {
      throw new openid.ClientError(`${host} answered with what is no JSON`)
    }
  }
}

interface Kept {
  readonly configuration: openid.Configuration
  readonly readAt: number
}

function createConfigurations(deps: RelyingPartyDependencies): { get(upstream: Upstream): Promise<openid.Configuration> } {
  const { clock, logger } = deps
  const kept = new Map<string, Kept>()
  const underWay = new Map<string, Promise<Kept>>()
  const failedAt = new Map<string, number>()

  const read = async (upstream: Upstream): Promise<Kept> => {
    try {
      const made = { configuration: await discovered(deps, upstream), readAt: clock.now() }
      kept.set(upstream.id, made)
      failedAt.delete(upstream.id)
      return made
    } catch (cause) {
      failedAt.set(upstream.id, clock.now())
      logger.warn({ event: 'auth.upstream_unavailable', upstream: upstream.id, err: cause }, 'a provider cannot be reached')
      const last = kept.get(upstream.id)
      if (last !== undefined && clock.now() - last.readAt < STALE_MS) return last
      throw unavailable(upstream, cause)
    } finally {
      underWay.delete(upstream.id)
    }
  }
  const known = async (upstream: Upstream): Promise<openid.Configuration> => {
    const { id } = upstream
    const last = kept.get(id)
    if (last !== undefined && clock.now() - last.readAt < FRESH_MS) return last.configuration
    if (clock.now() - (failedAt.get(id) ?? -PAUSE_MS) < PAUSE_MS) {
      if (last !== undefined && clock.now() - last.readAt < STALE_MS) return last.configuration
      throw unavailable(upstream, undefined)
    }
    const reading = underWay.get(id) ?? read(upstream)
    underWay.set(id, reading)
    return (await reading).configuration
  }
  return {
    async get(upstream) {
      const configuration = await known(upstream)
      if (upstream.proof.kind !== 'signed_secret') return configuration
      return configured(deps, upstream, { metadata: { ...configuration.serverMetadata() }, from: configuration })
    },
  }
}

async function discovered(deps: RelyingPartyDependencies, upstream: Upstream): Promise<openid.Configuration> {
  const { protocol } = upstream
  if (protocol.kind === 'oauth2') {
    const { issuer, authorizationEndpoint, tokenEndpoint } = protocol
    return configured(deps, upstream, {
      metadata: { issuer, authorization_endpoint: authorizationEndpoint, token_endpoint: tokenEndpoint },
    })
  }
  const found = await openid.discovery(new URL(protocol.issuer), upstream.clientId, undefined, await clientAuth(deps, upstream), {
    [openid.customFetch]: fetchOf(deps, upstream),
    timeout: TIMEOUT_MS / 1000,
    execute: extensions(upstream),
  })
  // To the letter: what differs by a slash is another issuer.
  const { issuer } = found.serverMetadata()
  if (protocol.issuerIsPattern !== true && issuer !== protocol.issuer) throw new openid.ClientError('the document is of another issuer')
  // Throws where it does not say where to send people: found now, a document of before may serve on.
  openid.buildAuthorizationUrl(found, {})
  return found
}

async function configured(
  deps: RelyingPartyDependencies,
  upstream: Upstream,
  { metadata, from }: { readonly metadata: openid.ServerMetadata; readonly from?: openid.Configuration },
): Promise<openid.Configuration> {
  const made = new openid.Configuration(metadata, upstream.clientId, undefined, await clientAuth(deps, upstream))
  made[openid.customFetch] = fetchOf(deps, upstream)
  made.timeout = TIMEOUT_MS / 1000
  for (const extend of extensions(upstream)) extend(made)
  const keys = from === undefined ? undefined : openid.getJwksCache(from)
  if (keys !== undefined) openid.setJwksCache(made, keys)
  return made
}

/** The signature of ID tokens is checked although they come over TLS; plain HTTP is for what runs on this machine. */
function extensions({ protocol, reach }: Upstream): ((configuration: openid.Configuration) => void)[] {
  return [
    ...(protocol.kind === 'openid' ? [openid.enableNonRepudiationChecks] : []),
    ...(reach.loopback === true ? [openid.allowInsecureRequests] : []),
  ]
}

function fetchOf({ send }: RelyingPartyDependencies, { reach }: Upstream): openid.CustomFetch {
  return async (url, { method, headers, body, signal }) => {
    if (method !== 'GET' && method !== 'POST') throw new TypeError('Providers are asked by GET and POST only')
    const text = typeof body === 'string' ? body : body instanceof URLSearchParams ? body.toString() : undefined
    const answer = await send({ url, method, headers, signal, reach, timeoutMs: TIMEOUT_MS, ...(text === undefined ? {} : { body: text }) })
    return new Response(NULL_BODY.has(answer.status) ? null : new Uint8Array(answer.body), {
      status: answer.status,
      headers: answer.headers,
    })
  }
}

async function clientAuth({ clock }: RelyingPartyDependencies, { clientId, proof }: Upstream): Promise<openid.ClientAuth> {
  if (proof.kind === 'client_secret_basic') return openid.ClientSecretBasic(proof.secret)
  if (proof.kind === 'client_secret_post') return openid.ClientSecretPost(proof.secret)
  if (proof.kind === 'signed_secret') return openid.ClientSecretPost(await signedSecret(proof, { clientId, now: clock.now() }))
  const key = signingKey(proof.privateKey)
  return openid.PrivateKeyJwt(proof.keyId === undefined ? key : { key, kid: proof.keyId })
}

const ALGORITHMS = {
  ec: { name: 'ECDSA', namedCurve: 'P-256' },
  rsa: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  ed25519: { name: 'Ed25519' },
} as const

/** Throws when it is no private key, or one of a kind that no provider takes. */
export function signingKey(pem: string): openid.CryptoKey {
  const key = createPrivateKey(pem)
  const { asymmetricKeyType: kind } = key
  if (kind !== 'ec' && kind !== 'rsa' && kind !== 'ed25519')
    throw new TypeError('The private key must be of the kind EC (P-256), RSA or Ed25519.')
  return key.toCryptoKey(ALGORITHMS[kind], false, ['sign'])
}

const SECRET_SECONDS = 300

/** The client secret that Apple wants: who we are, signed with the key that it knows. */
export function signedSecret(
  { privateKey, keyId, teamId }: Extract<ClientProof, { kind: 'signed_secret' }>,
  { clientId, now }: { readonly clientId: string; readonly now: number },
): Promise<string> {
  const seconds = Math.floor(now / 1000)
  return new SignJWT({})
    .setProtectedHeader({ alg: 'ES256', kid: keyId })
    .setIssuer(teamId)
    .setSubject(clientId)
    .setAudience(APPLE)
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + SECRET_SECONDS)
    .sign(createPrivateKey(privateKey))
}
