// `oauth4webapi` and `openid-client`, each with its own way to say the same: what one client of ours does with them, so that every feature is tried by both.
import assert from 'node:assert/strict'
import type { X509Certificate } from 'node:crypto'
import type { CryptoKey } from 'jose'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import type { Proof } from '../../src/auth/levels.ts'
import type { Browser, OauthWorld } from './oauth.ts'
import { localFetch } from './strict-client.ts'

export interface Dress {
  readonly clientId: string
  /** How it proves itself; by nothing unless told. */
  readonly secret?: string
  /** The secret stands in the form, not in the header. */
  readonly posts?: true
  readonly key?: CryptoKey
  readonly certificate?: { readonly shown: X509Certificate; readonly isVerified: boolean }
  /** That of its ID tokens. */
  readonly algorithm?: string
  /** By how much its clock is ahead of ours. */
  readonly aheadSeconds?: number
  /** Its tokens are bound to it (RFC 9449). */
  readonly proofKey?: oauth.CryptoKeyPair
  /** What it knows of our keys, which it may have kept for a while. */
  readonly keySet?: oauth.ExportedJWKSCache
  /** It calls where certificates are shown (RFC 8705 section 5). */
  readonly usesAliases?: true
  /** Hears of each of its requests. */
  readonly noted?: (path: string, origin: string) => void
}

export interface Wish {
  readonly browser: Browser
  readonly account: string
  readonly by?: readonly Proof[]
  readonly redirectUri: string
  readonly parameters?: Readonly<Record<string, string>>
  readonly resources?: readonly string[]
  /** Of its check, which is its own affair. */
  readonly maxAge?: number
  /** The request is signed with it (RFC 9101). */
  readonly signedWith?: CryptoKey
  /** The request is pushed (RFC 9126). */
  readonly isPushed?: true
  /** The request names the thumbprint of its proof key (RFC 9449 section 10). */
  readonly namesProofKey?: true
  /** On the way back. */
  readonly answered?: (location: URL) => URL
}

export interface SignedIn {
  readonly accessToken: string
  readonly refreshToken: string
  readonly idToken: string
  readonly claims: Readonly<Record<string, unknown>>
}

/** An ID token comes only where its client gets one at a refresh. */
export type Refreshed = Omit<SignedIn, 'claims'> & { readonly claims: SignedIn['claims'] | undefined }

/** What a client knows of its registration (RFC 7592). */
export interface Registration {
  readonly place: string
  readonly token: string
  readonly clientId: string
}

export interface StrictClient {
  /** The code flow, with every check that the library has; the signature of the ID token is one. */
  signIn(wish: Wish): Promise<SignedIn>
  refresh(token: string, parameters?: Readonly<Record<string, string>>): Promise<Refreshed>
  credentials(parameters: Readonly<Record<string, string>>): Promise<string>
  /** Claims of the person who has decided. */
  waitForDevice(scope: string, decide: (userCode: string) => Promise<unknown>): Promise<Readonly<Record<string, unknown>>>
  grant(type: string, parameters: Readonly<Record<string, string>>): Promise<string>
  ask(token: string, request: { readonly method: string; readonly url: string; readonly json?: unknown }): Promise<Response>
  /** Of the person, who must be the one that it thinks. */
  userinfo(token: string, subject: string): Promise<Readonly<Record<string, unknown>>>
  introspect(token: string): Promise<Readonly<Record<string, unknown>>>
  revoke(token: string): Promise<void>
  /** Where people are sent to sign out. */
  signOutUrl(parameters: Readonly<Record<string, string>>): URL
  register(metadata: Readonly<Record<string, string | string[]>>): Promise<Registration>
}

export interface Library {
  readonly name: string
  /** Finds the server by its document. */
  open(world: OauthWorld, dress: Dress): Promise<StrictClient>
  readonly refusals: {
    /** What the server has said. */
    isAnswer(error: unknown, code: string): boolean
    /** What the library itself does not take. */
    isOwn(error: unknown): boolean
    isChallenge(error: unknown): boolean
  }
}

const STATE = 'a state with / & = signs'
const NONCE = 'the nonce'

type Fetched = Parameters<typeof localFetch>[2]

/** The library's way out, past a proxy that tells of the certificate. */
function fetchFor(world: OauthWorld, { certificate, noted }: Dress): (url: string, options: Fetched) => Promise<Response> {
  const shown =
    certificate === undefined
      ? {}
      : { 'x-test-certificate': certificate.shown.raw.toString('base64'), 'x-test-verified': certificate.isVerified ? 'yes' : 'no' }
  return (url, options) => {
    const { pathname, origin } = new URL(url)
    noted?.(pathname, origin)
    return localFetch(world, url, { ...options, headers: { ...options.headers, ...shown } })
  }
}

function asked(wish: Wish, known: Readonly<Record<string, string>>): URLSearchParams {
  const parameters = new URLSearchParams({
    redirect_uri: wish.redirectUri,
    scope: 'openid profile photos:read',
    code_challenge_method: 'S256',
    state: STATE,
    nonce: NONCE,
    ...known,
    ...wish.parameters,
  })
  for (const resource of wish.resources ?? []) parameters.append('resource', resource)
  return parameters
}

async function sentTo({ browser, account, by, redirectUri, answered = (location) => location }: Wish, url: URL): Promise<URL> {
  const { location, last } = await browser.authorize(url.pathname + url.search, { account, ...(by === undefined ? {} : { by }) })
  assert.equal(`${location.origin}${location.pathname}`, redirectUri, `${location.href} ${last.body}`)
  return answered(location)
}

const refreshedTo = (tokens: oauth.TokenEndpointResponse, claims: oauth.IDToken | undefined): Refreshed => ({
  accessToken: tokens.access_token,
  refreshToken: tokens.refresh_token ?? '',
  idToken: tokens.id_token ?? '',
  claims,
})
const withClaims = ({ claims, ...tokens }: Refreshed): SignedIn => ({ ...tokens, claims: claims ?? assert.fail('no ID token') })

const json = { 'content-type': 'application/json' }
const ofAge = (maxAge: number | undefined): { maxAge?: number } => (maxAge === undefined ? {} : { maxAge })
const registrationOf = (metadata: object): Registration => {
  const known = Object.fromEntries(Object.entries(metadata))
  return {
    place: String(known['registration_client_uri']),
    token: String(known['registration_access_token']),
    clientId: String(known['client_id']),
  }
}

export const WEB_API: Library = {
  name: 'oauth4webapi',
  refusals: {
    isAnswer: (error, code) =>
      (error instanceof oauth.ResponseBodyError || error instanceof oauth.AuthorizationResponseError) && error.error === code,
    isOwn: (error) => error instanceof oauth.OperationProcessingError,
    isChallenge: (error) => error instanceof oauth.WWWAuthenticateChallengeError,
  },
  async open(world, dress) {
    const { clientId, secret, posts, key, certificate, algorithm, aheadSeconds = 0, proofKey, keySet, usesAliases } = dress
    const out = { [oauth.customFetch]: fetchFor(world, dress), [oauth.allowInsecureRequests]: true } as const
    const issuer = new URL(world.sites.accounts)
    const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, out))
    const client: oauth.Client = {
      client_id: clientId,
      [oauth.clockSkew]: aheadSeconds,
      ...(algorithm === undefined ? {} : { id_token_signed_response_alg: algorithm }),
      ...(usesAliases === undefined ? {} : { use_mtls_endpoint_aliases: true }),
    }
    const proofs = [
      secret === undefined ? undefined : posts === true ? oauth.ClientSecretPost(secret) : oauth.ClientSecretBasic(secret),
      key === undefined ? undefined : oauth.PrivateKeyJwt(key),
      certificate === undefined ? undefined : oauth.TlsClientAuth(),
    ]
    const proof = proofs.find((one) => one !== undefined) ?? oauth.None()
    const DPoP = proofKey === undefined ? undefined : oauth.DPoP(client, proofKey)
    const bound = { ...out, ...(DPoP === undefined ? {} : { DPoP }) }
    const signatures = { ...out, ...(keySet === undefined ? {} : { [oauth.jwksCache]: structuredClone(keySet) }) }
    const pushed = async (query: URLSearchParams): Promise<URLSearchParams> => {
      const response = await oauth.pushedAuthorizationRequest(server, client, proof, query, bound)
      const { request_uri: place } = await oauth.processPushedAuthorizationResponse(server, client, response)
      return new URLSearchParams({ client_id: clientId, request_uri: place })
    }
    const requested = async ({ signedWith, isPushed }: Wish, plain: URLSearchParams): Promise<URL> => {
      const query =
        signedWith === undefined
          ? plain
          : new URLSearchParams({ client_id: clientId, request: await oauth.issueRequestObject(server, client, plain, signedWith) })
      return new URL(`${server.authorization_endpoint}?${(isPushed === true ? await pushed(query) : query).toString()}`)
    }
    const checked = async (tokens: oauth.TokenEndpointResponse, response: Response): Promise<Refreshed> => {
      if (tokens.id_token !== undefined) await oauth.validateApplicationLevelSignature(server, response, signatures)
      return refreshedTo(tokens, oauth.getValidatedIdTokenClaims(tokens))
    }
    return {
      async signIn(wish) {
        const verifier = oauth.generateRandomCodeVerifier()
        const plain = asked(wish, {
          client_id: clientId,
          response_type: 'code',
          code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
          ...(wish.namesProofKey === true && DPoP !== undefined ? { dpop_jkt: await DPoP.calculateThumbprint() } : {}),
        })
        const answer = oauth.validateAuthResponse(server, client, await sentTo(wish, await requested(wish, plain)), STATE)
        const response = await oauth.authorizationCodeGrantRequest(server, client, proof, answer, wish.redirectUri, verifier, bound)
        const checks = { expectedNonce: NONCE, requireIdToken: true, ...ofAge(wish.maxAge) }
        return withClaims(await checked(await oauth.processAuthorizationCodeResponse(server, client, response, checks), response))
      },
      async refresh(token, parameters = {}) {
        const more = { ...bound, additionalParameters: new URLSearchParams(parameters) }
        const response = await oauth.refreshTokenGrantRequest(server, client, proof, token, more)
        return checked(await oauth.processRefreshTokenResponse(server, client, response), response)
      },
      async credentials(parameters) {
        const response = await oauth.clientCredentialsGrantRequest(server, client, proof, new URLSearchParams(parameters), out)
        return (await oauth.processClientCredentialsResponse(server, client, response)).access_token
      },
      async waitForDevice(scope, decide) {
        const response = await oauth.deviceAuthorizationRequest(server, client, proof, new URLSearchParams({ scope }), out)
        const begun = await oauth.processDeviceAuthorizationResponse(server, client, response)
        const poll = async () =>
          oauth.processDeviceCodeResponse(server, client, await oauth.deviceCodeGrantRequest(server, client, proof, begun.device_code, out))
        await assert.rejects(poll(), (error) => WEB_API.refusals.isAnswer(error, 'authorization_pending'))
        await decide(begun.user_code)
        return oauth.getValidatedIdTokenClaims(await poll()) ?? assert.fail('no ID token')
      },
      async grant(type, parameters) {
        const response = await oauth.genericTokenEndpointRequest(server, client, proof, type, new URLSearchParams(parameters), out)
        return (await oauth.processGenericTokenEndpointResponse(server, client, response)).access_token
      },
      ask: (token, { method, url, json: body }) =>
        oauth.protectedResourceRequest(
          token,
          method,
          new URL(url),
          new Headers(json),
          body === undefined ? null : JSON.stringify(body),
          bound,
        ),
      userinfo: async (token, subject) =>
        oauth.processUserInfoResponse(server, client, subject, await oauth.userInfoRequest(server, client, token, bound)),
      introspect: async (token) =>
        oauth.processIntrospectionResponse(server, client, await oauth.introspectionRequest(server, client, proof, token, out)),
      revoke: async (token) => oauth.processRevocationResponse(await oauth.revocationRequest(server, client, proof, token, out)),
      // It has no word for this, but reads where it is.
      signOutUrl: (parameters) => new URL(`${server.end_session_endpoint}?${new URLSearchParams(parameters).toString()}`),
      async register(metadata) {
        const response = await oauth.dynamicClientRegistrationRequest(server, metadata, out)
        return registrationOf(await oauth.processDynamicClientRegistrationResponse(response))
      },
    }
  },
}

export const OPENID_CLIENT: Library = {
  name: 'openid-client',
  refusals: {
    isAnswer: (error, code) =>
      (error instanceof openid.ResponseBodyError || error instanceof openid.AuthorizationResponseError) && error.error === code,
    isOwn: (error) => error instanceof openid.ClientError,
    isChallenge: (error) => error instanceof openid.WWWAuthenticateChallengeError,
  },
  async open(world, dress) {
    const { clientId, secret, posts, key, certificate, algorithm, aheadSeconds = 0, proofKey, keySet, usesAliases } = dress
    const fetched: openid.CustomFetch = fetchFor(world, dress)
    const proofs = [
      secret === undefined ? undefined : posts === true ? openid.ClientSecretPost(secret) : openid.ClientSecretBasic(secret),
      key === undefined ? undefined : openid.PrivateKeyJwt(key),
      certificate === undefined ? undefined : openid.TlsClientAuth(),
    ]
    const proof = proofs.find((one) => one !== undefined) ?? openid.None()
    const metadata = {
      [openid.clockSkew]: aheadSeconds,
      ...(algorithm === undefined ? {} : { id_token_signed_response_alg: algorithm }),
      ...(usesAliases === undefined ? {} : { use_mtls_endpoint_aliases: true }),
    }
    const way = { [openid.customFetch]: fetched, execute: [openid.allowInsecureRequests, openid.enableNonRepudiationChecks] }
    const config = await openid.discovery(new URL(world.sites.accounts), clientId, metadata, proof, way)
    config[openid.customFetch] = fetched
    if (keySet !== undefined) openid.setJwksCache(config, keySet)
    const DPoP = proofKey === undefined ? undefined : openid.getDPoPHandle(config, proofKey)
    const bound = DPoP === undefined ? {} : { DPoP }
    const requested = async ({ signedWith, isPushed }: Wish, plain: URLSearchParams): Promise<URL> => {
      const signed = signedWith === undefined ? undefined : await openid.buildAuthorizationUrlWithJAR(config, plain, signedWith)
      if (isPushed !== true) return signed ?? openid.buildAuthorizationUrl(config, plain)
      return openid.buildAuthorizationUrlWithPAR(config, signed?.searchParams ?? plain, bound)
    }
    return {
      async signIn(wish) {
        const verifier = openid.randomPKCECodeVerifier()
        const plain = asked(wish, {
          code_challenge: await openid.calculatePKCECodeChallenge(verifier),
          ...(wish.namesProofKey === true && DPoP !== undefined ? { dpop_jkt: await DPoP.calculateThumbprint() } : {}),
        })
        const checks = { pkceCodeVerifier: verifier, expectedState: STATE, expectedNonce: NONCE, idTokenExpected: true }
        const answer = await sentTo(wish, await requested(wish, plain))
        const tokens = await openid.authorizationCodeGrant(config, answer, { ...checks, ...ofAge(wish.maxAge) }, undefined, bound)
        return withClaims(refreshedTo(tokens, tokens.claims()))
      },
      async refresh(token, parameters = {}) {
        const tokens = await openid.refreshTokenGrant(config, token, { ...parameters }, bound)
        return refreshedTo(tokens, tokens.claims())
      },
      credentials: async (parameters) => (await openid.clientCredentialsGrant(config, { ...parameters })).access_token,
      async waitForDevice(scope, decide) {
        const begun = await openid.initiateDeviceAuthorization(config, { scope })
        await decide(begun.user_code)
        const tokens = await openid.pollDeviceAuthorizationGrant(config, { ...begun, interval: 0.01 })
        return tokens.claims() ?? assert.fail('no ID token')
      },
      grant: async (type, parameters) => (await openid.genericGrantRequest(config, type, { ...parameters })).access_token,
      ask: (token, { method, url, json: body }) =>
        openid.fetchProtectedResource(
          config,
          token,
          new URL(url),
          method,
          body === undefined ? null : JSON.stringify(body),
          new Headers(json),
          bound,
        ),
      userinfo: (token, subject) => openid.fetchUserInfo(config, token, subject, bound),
      introspect: async (token) => openid.tokenIntrospection(config, token),
      revoke: (token) => openid.tokenRevocation(config, token),
      signOutUrl: (parameters) => openid.buildEndSessionUrl(config, { ...parameters }),
      register: async (wanted) =>
        registrationOf(
          (await openid.dynamicClientRegistration(new URL(world.sites.accounts), { ...wanted }, openid.None(), way)).clientMetadata(),
        ),
    }
  },
}
