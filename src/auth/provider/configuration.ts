// How the OpenID engine is set up: every default that is for trying out, or that the security guides advise against, is replaced here.
import type { AdapterFactory, Configuration } from 'oidc-provider'
import type { Clock } from '#kernel/clock.ts'
import { PROOF_ALGORITHMS } from '#kernel/http/proof.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import type { Logger } from '#kernel/log.ts'
import type { SignInRules } from '../engine.ts'
import type { CodeGuard } from '../guard/codes.ts'
import type { LoadedKeys } from '../keys/signing-keys.ts'
import { FACTS, factsOf } from './client-facts.ts'
import { keepUiLocales } from '../texts/language.ts'
import { ACR_VALUES } from '../levels.ts'
import { OPENID_SCOPES } from './client-rules.ts'
import { assertAssertion } from './client-assertion.ts'
import { nonceSecret } from './proof-nonces.ts'
import { signingKeyOf } from './signing-key.ts'
import { ASSERTION_ALGORITHMS, AUTHENTICATION_METHODS } from './client-authentication.ts'
import { mutualTls } from './client-certificate.ts'
import type { ClientRegistry } from './clients.ts'
import type { MembershipClaims } from './account-claims.ts'
import type { WritesOfGrants } from './all-or-nothing.ts'
import { createCookieSigner } from './cookie-signer.ts'
import { APP_CLAIM, type ClaimsReader } from './app-claims.ts'
import { DEVICE_PATH, deviceFlow } from './device-flow.ts'
import { promptPolicy } from './prompts.ts'
import type { ProviderPages } from './provider-pages.ts'
import type { ResourcePolicy } from './resource.ts'
import { lifetimes } from './lifetimes.ts'
import type { ResourceRegistry } from './resources.ts'
import { currentExchange } from './scope.ts'
import type { ServiceClaimsParts } from './service-claims.ts'
import type { SessionLimits } from './session-limits.ts'
import { tokenClaims, tokenFormats } from './token-claims.ts'
import { introspection } from './token-endpoints.ts'

const PATHS = {
  authorization: '/authorize',
  token: '/token',
  jwks: '/jwks',
  userinfo: '/userinfo',
  revocation: '/revoke',
  end_session: '/end-session',
  pushed_authorization_request: '/par',
  device_authorization: '/device-authorization',
  code_verification: DEVICE_PATH,
  introspection: '/introspect',
} as const

export interface ConfigurationParts extends ServiceClaimsParts {
  readonly issuer: string
  /** Of proofs of possession. */
  readonly requireNonce: boolean
  readonly adapter: AdapterFactory
  readonly keys: LoadedKeys
  readonly keyRing: KeyRing
  readonly clients: ClientRegistry
  readonly resources: ResourcePolicy
  readonly registry: ResourceRegistry
  readonly codeGuard: CodeGuard
  readonly pages: ProviderPages
  readonly clock: Clock
  readonly callbacks: Pick<Configuration, 'findAccount' | 'loadExistingGrant'>
  readonly memberOf: MembershipClaims
  readonly rules: SignInRules
  readonly sessionLimits: SessionLimits
  readonly appClaims: ClaimsReader
  readonly grants: Pick<WritesOfGrants, 'store'>
  readonly logger: Logger
}

export function providerConfiguration(parts: ConfigurationParts): Configuration {
  const { issuer, adapter, keys, clients, callbacks, clock, pages, appClaims } = parts
  return {
    ...callbacks,
    adapter,
    jwks: { keys: keys.signing.map(signingKeyOf) },
    clients: clients.fixed().map(({ metadata }) => metadata),
    extraClientMetadata: { properties: [FACTS] },
    features: features(parts),
    cookies: cookies(parts.keyRing),
    routes: { ...PATHS },
    responseTypes: ['code'],
    pkce: { required: () => true },
    clientAuthMethods: [...AUTHENTICATION_METHODS],
    assertJwtClientAuthClaimsAndHeader: async (_context, claims, header) =>
      assertAssertion({ claims, header }, { issuer, now: clock.now() }),
    // Never a scope of the API: one that is in both places makes the consent loop for ever.
    scopes: [...OPENID_SCOPES],
    acrValues: [...ACR_VALUES],
    claims: {
      // How and when somebody signed in is in every ID token.
      openid: ['sub', 'auth_time', 'acr', 'amr', ...(appClaims.isUsed ? [APP_CLAIM] : [])],
      profile: ['name', 'locale'],
      email: ['email', 'email_verified'],
      sid: null,
      iss: null,
    },
    interactions: {
      policy: promptPolicy(parts.rules),
      url(_context, { uid, params }) {
        const exchange = currentExchange()
        if (exchange !== undefined) keepUiLocales(exchange, uid, params['ui_locales'])
        return `/interaction/${uid}`
      },
    },
    enabledJWA: {
      clientAuthSigningAlgValues: [...ASSERTION_ALGORITHMS],
      requestObjectSigningAlgValues: [...ASSERTION_ALGORITHMS],
      idTokenSigningAlgValues: [...new Set(keys.signing.map(({ alg }) => alg))],
      dPoPSigningAlgValues: [...PROOF_ALGORITHMS],
    },
    clientBasedCORS: (_context, origin, client) => factsOf(client).origins.includes(origin),
    extraTokenClaims: tokenClaims(parts),
    formats: tokenFormats(parts),
    issueRefreshToken: (_context, client, source) =>
      client.grantTypeAllowed('refresh_token') && (clients.isFirstParty(client.clientId) || source.scopes.has('offline_access')),
    rotateRefreshToken: () => true,
    expiresWithSession: (_context, source) => source.clientId === undefined || clients.endsWithSession(source.clientId, source.scopes),
    revokeGrantPolicy: () => true,
    renderError: (context, out) => pages.error(context, out),
    ttl: lifetimes(parts),
    acceptQueryParamAccessTokens: false,
    allowOmittingSingleRegisteredRedirectUri: false,
    clockTolerance: 5,
    fetch: () => Promise.reject(new Error('The authorization server fetches nothing.')),
    fetchResponseBodyLimits: { jwks_uri: 65_536, sector_identifier_uri: 65_536 },
  }
}

function features({
  keyRing,
  resources,
  registry,
  pages,
  codeGuard,
  requireNonce,
}: ConfigurationParts): NonNullable<Configuration['features']> {
  return {
    devInteractions: { enabled: false },
    externalSigningSupport: { enabled: true, ack: 'experimental-01' },
    clientCredentials: { enabled: true },
    deviceFlow: deviceFlow(pages.looks, codeGuard),
    dPoP: { enabled: true, nonceSecret: nonceSecret(keyRing), requireNonce: () => requireNonce, allowReplay: false },
    mTLS: mutualTls(),
    pushedAuthorizationRequests: { enabled: true },
    requestObjects: { enabled: true },
    resourceIndicators: { enabled: true, ...resources },
    introspection: introspection(registry),
    revocation: { enabled: true, allowedPolicy: (_context, client, token) => token.clientId === client.clientId },
    rpInitiatedLogout: {
      enabled: true,
      postLogoutSuccessSource: (context) => pages.signedOut(context),
    },
    userinfo: { enabled: true },
  }
}

function cookies(keyRing: KeyRing): NonNullable<Configuration['cookies']> {
  const shared = { httpOnly: true, secure: true, signed: true, overwrite: true, sameSite: 'lax' } as const
  return {
    keys: createCookieSigner(keyRing),
    // That of an interaction lives under its path, which the `__Host-` prefix does not allow. The last one is never set (see answering.ts).
    names: { session: '__Host-session', interaction: '__Secure-interaction', resume: '__Secure-resume' },
    long: { ...shared, path: '/' },
    short: shared,
  }
}
