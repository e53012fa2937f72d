// What the issuer offers, and the test by which each of the two strict libraries tries it, or why it cannot. test/strict-features.test.ts holds this against
// the discovery document: what is offered anew needs a row, and what is not offered any more has none.
import type { ProtectedResourceDefinition } from '../../src/auth/clients/contract.ts'

/** A file, and what the title of a test in it contains. */
export type Proof = readonly [file: string, title: string]
export type Trial = Proof | { readonly cannot: string }
export interface Tried {
  readonly 'openid-client': Trial
  readonly oauth4webapi: Trial
}

const FEATURES = 'test/http/oauth-strict-features.test.ts'
const TOKENS = 'test/http/oauth-strict-tokens.test.ts'
const METHODS = 'test/http/oauth-strict-methods.test.ts'
const CLIENTS = 'test/http/oauth-strict-clients.test.ts'

const both = (file: string, title: string): Tried => ({ 'openid-client': [file, title], oauth4webapi: [file, title] })
const discovered = both(CLIENTS, 'both libraries read both discovery documents')
const everywhere = both(METHODS, 'wherever it is asked to')
const bySignature = both(METHODS, 'proves itself by private_key_jwt wherever it is asked to')
const idToken = both(METHODS, 'checks an ID token that is signed with')
const proofKey = both(METHODS, 'binds its tokens to a key of')
const refreshed = both(TOKENS, 'refreshes for the resource that it names')
const ended = both(TOKENS, 'ends a refresh token')
const whoAnswers = both(TOKENS, 'takes no answer that does not say who answers')
const pushed = both(TOKENS, 'pushes its request (RFC 9126)')
const device = both(FEATURES, 'waits for a device whose person says yes')
const strength = both(FEATURES, 'asks for a fresh sign-in with two factors')
const signedRequest = both(FEATURES, 'signs its request (RFC 9101)')
const managed = both(FEATURES, 'reads, changes and removes its registration')
const keyChange = both(TOKENS, 'both libraries check what the next key has signed')
const certificate = both(TOKENS, 'which all tokens are bound to')
const byResource = both(TOKENS, 'parts to its resource (RFC 8707)')
const NO_LOGOUT_TOKENS = 'It reads no logout token. What one must be is checked with `jose` in test/http/oauth-logout.test.ts.'
const noLogoutTokens: Tried = { 'openid-client': { cannot: NO_LOGOUT_TOKENS }, oauth4webapi: { cannot: NO_LOGOUT_TOKENS } }
const NO_MEANING =
  'It makes nothing of the list, as a client is told in words what it may ask for; the values come in the tests of sign-in.'
const noMeaning: Tried = { 'openid-client': { cannot: NO_MEANING }, oauth4webapi: { cannot: NO_MEANING } }
const NO_COMPARING =
  'It reads metadata of resources or leaves that to its caller, and compares them with nothing: test/e2e/mcp-endpoint.test.ts does.'
const noComparing: Tried = { 'openid-client': { cannot: NO_COMPARING }, oauth4webapi: { cannot: NO_COMPARING } }

/** Members of the discovery document whose values are features of their own. */
export const EACH: ReadonlySet<string> = new Set([
  'grant_types_supported',
  'response_modes_supported',
  'token_endpoint_auth_methods_supported',
])

/** By the member, and by the value where its values are features. What is said to be `false` is not offered. */
export const OFFERED: Readonly<Record<string, Tried>> = {
  issuer: discovered,
  'grant_types_supported authorization_code': everywhere,
  'grant_types_supported refresh_token': refreshed,
  'grant_types_supported client_credentials': byResource,
  'grant_types_supported urn:ietf:params:oauth:grant-type:device_code': device,
  'grant_types_supported urn:ietf:params:oauth:grant-type:token-exchange': both(FEATURES, 'exchanges a token for one of another resource'),
  'response_modes_supported query': everywhere,
  'response_modes_supported fragment': whoAnswers,
  'token_endpoint_auth_methods_supported client_secret_basic': everywhere,
  'token_endpoint_auth_methods_supported client_secret_post': everywhere,
  'token_endpoint_auth_methods_supported private_key_jwt': bySignature,
  'token_endpoint_auth_methods_supported tls_client_auth': everywhere,
  'token_endpoint_auth_methods_supported self_signed_tls_client_auth': everywhere,
  'token_endpoint_auth_methods_supported none': ended,
  token_endpoint_auth_signing_alg_values_supported: bySignature,
  introspection_endpoint_auth_methods_supported: everywhere,
  introspection_endpoint_auth_signing_alg_values_supported: bySignature,
  revocation_endpoint_auth_methods_supported: everywhere,
  revocation_endpoint_auth_signing_alg_values_supported: bySignature,
  request_object_signing_alg_values_supported: bySignature,
  id_token_signing_alg_values_supported: idToken,
  dpop_signing_alg_values_supported: proofKey,
  authorization_endpoint: everywhere,
  token_endpoint: everywhere,
  pushed_authorization_request_endpoint: pushed,
  introspection_endpoint: everywhere,
  revocation_endpoint: everywhere,
  ui_locales_supported: noMeaning,
  userinfo_endpoint: refreshed,
  jwks_uri: keyChange,
  device_authorization_endpoint: device,
  end_session_endpoint: both(FEATURES, 'signs its person out'),
  registration_endpoint: managed,
  response_types_supported: everywhere,
  code_challenge_methods_supported: everywhere,
  subject_types_supported: refreshed,
  acr_values_supported: strength,
  request_parameter_supported: signedRequest,
  authorization_response_iss_parameter_supported: whoAnswers,
  tls_client_certificate_bound_access_tokens: certificate,
  mtls_endpoint_aliases: both('test/http/oauth-certificate-host.test.ts', 'calls where certificates are shown'),
  protected_resources: noComparing,
  client_id_metadata_document_supported: both(FEATURES, 'by the address of its document'),
  backchannel_logout_supported: noLogoutTokens,
  backchannel_logout_session_supported: noLogoutTokens,
  scopes_supported: noMeaning,
  claims_supported: noMeaning,
  claim_types_supported: noMeaning,
}

export const FORMATS: Readonly<Record<NonNullable<ProtectedResourceDefinition['format']>, Tried>> = {
  jwt: byResource,
  opaque: byResource,
  jwe: byResource,
}

/** What no member of the document stands for. */
export const BEYOND: Readonly<Record<string, Tried>> = {
  'a refresh for another resource (RFC 8707)': refreshed,
  'an ID token at a refresh': refreshed,
  'a code that is bound to a key by the request (RFC 9449 section 10)': both(TOKENS, 'names its proof key at the authorization request'),
  'nonces for proofs (RFC 9449 section 8)': {
    'openid-client': [CLIENTS, 'with the nonces that it is given'],
    oauth4webapi: ['test/http/gateway-proofs.test.ts', 'where nonces are required, a client is given one and takes it'],
  },
  'a request that must be pushed (RFC 9126), signed as well': pushed,
  'the registration of a client, in its own hands (RFC 7592)': managed,
  'a service account': both(TOKENS, 'is a service account'),
  'a change of the signing keys': keyChange,
  'a description of the API (RFC 9728)': {
    'openid-client': { cannot: 'It reads no such document; that it learns of one from a refusal is in test/http/gateway-proofs.test.ts.' },
    oauth4webapi: ['test/http/gateway-proofs.test.ts', 'the API describes itself, to a strict client too'],
  },
}
