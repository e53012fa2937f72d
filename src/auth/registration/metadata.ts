// What a client says of itself (RFC 7591 section 2, also in the document at its address) becomes a definition of ours, and back. Members that we do not
// know are ignored, as the RFC wants; what could mislead people or weaken a defence is refused.
import { fieldProblems, z } from '#kernel/schema.ts'
import { unstorable } from '#kernel/storable.ts'
import { clientDefinition, publicKeyDefinition } from '../clients/schemas.ts'
import type { ClientDefinition, PublicKeyDefinition } from '../clients/contract.ts'
import { isForOther, keyProblems } from '../provider/client-authentication.ts'
import {
  type ClientSettings,
  definitionProblems,
  isLoopbackOverTls,
  isOpenidScope,
  NO_SCHEME_OF_AN_APP,
  redirectProblem,
} from '../provider/client-rules.ts'
import { strangersName } from './client-names.ts'
import { RegistrationError } from './errors.ts'

const MAX_URIS = 20
export const MAX_KEYS = 10
const MAX_CHARACTERS = 2000
const MAX_SCOPE = 10_000
const text = z.string().max(MAX_CHARACTERS)
const uris = z.array(text).max(MAX_URIS)

/** What clients may write; `null` is as good as absent (RFC 7592 section 2.2). */
const metadata = z.looseObject({
  redirect_uris: uris.nullish(),
  token_endpoint_auth_method: text.nullish(),
  grant_types: z.array(text).max(MAX_URIS).nullish(),
  response_types: z.array(text).max(MAX_URIS).nullish(),
  client_name: text.nullish(),
  client_uri: text.nullish(),
  policy_uri: text.nullish(),
  tos_uri: text.nullish(),
  scope: z.string().max(MAX_SCOPE).nullish(),
  post_logout_redirect_uris: uris.nullish(),
  backchannel_logout_uri: text.nullish(),
  require_pushed_authorization_requests: z.boolean().nullish(),
  application_type: text.nullish(),
  id_token_signed_response_alg: text.nullish(),
  subject_type: text.nullish(),
  dpop_bound_access_tokens: z.boolean().nullish(),
  tls_client_certificate_bound_access_tokens: z.boolean().nullish(),
  require_signed_request_object: z.boolean().nullish(),
  jwks_uri: text.nullish(),
  jwks: z.looseObject({ keys: z.array(publicKeyDefinition).min(1).max(MAX_KEYS) }).nullish(),
})

const A_TEXT = `a text of at most ${MAX_CHARACTERS} characters`
const A_URI = `a URI of at most ${MAX_CHARACTERS} characters`
const LIST_OF_URIS = `a list of at most ${MAX_URIS} URIs`
const LIST_OF_TEXTS = `a list of at most ${MAX_URIS} texts`
const YES_OR_NO = 'true or false'

/** What each must be, for whoever got it wrong. */
const WANTED: Readonly<Record<string, string>> = {
  redirect_uris: LIST_OF_URIS,
  token_endpoint_auth_method: A_TEXT,
  grant_types: LIST_OF_TEXTS,
  response_types: LIST_OF_TEXTS,
  client_name: A_TEXT,
  client_uri: A_URI,
  policy_uri: A_URI,
  tos_uri: A_URI,
  scope: `a text of at most ${MAX_SCOPE} characters, with a space between scopes`,
  post_logout_redirect_uris: LIST_OF_URIS,
  backchannel_logout_uri: A_URI,
  require_pushed_authorization_requests: YES_OR_NO,
  application_type: A_TEXT,
  id_token_signed_response_alg: A_TEXT,
  subject_type: A_TEXT,
  dpop_bound_access_tokens: YES_OR_NO,
  tls_client_certificate_bound_access_tokens: YES_OR_NO,
  require_signed_request_object: YES_OR_NO,
  jwks_uri: A_URI,
  jwks: `an object whose "keys" is a list of 1 to ${MAX_KEYS} public keys, each an object with a "kty"`,
} satisfies Record<keyof typeof metadata.shape, string>

export type ClientMetadataDocument = z.infer<typeof metadata>

const AUTH_METHODS = ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'] as const
export type AuthMethod = (typeof AUTH_METHODS)[number]

const KEPT_OF_KEYS: ReadonlySet<string> = new Set(['crv', 'x', 'y', 'n', 'e', 'kid', 'alg', 'use'])

const ID_TOKEN_ALGORITHMS = ['RS256', 'ES256', 'EdDSA'] as const

export interface Described {
  readonly definition: ClientDefinition
  readonly authMethod: AuthMethod
}

export interface DescribingParts {
  readonly settings: ClientSettings
  /** The scopes that clients of this kind may have. */
  readonly scopes: readonly string[]
  /** When the client does not say how it proves itself. */
  readonly usualMethod: AuthMethod
}

export function parseMetadata(given: unknown): ClientMetadataDocument {
  const parsed = metadata.safeParse(given)
  if (parsed.success) return storableOnly(parsed.data)
  const [problem] = fieldProblems(parsed.error)
  const field = problem?.field ?? ''
  const [member = ''] = field.split('.')
  const wanted = WANTED[member]
  if (wanted === undefined) throw new RegistrationError('invalid_client_metadata', 'the metadata must be a JSON object')
  throw refusalOf(member, `${member}: must be ${wanted}${field === member ? '' : `; ${field} is not as expected`}`)
}

/** What we do not know is kept nowhere, so it may be anything. */
function storableOnly(given: ClientMetadataDocument): ClientMetadataDocument {
  for (const member of metadata.keyof().options) {
    if (unstorable(given[member]) === undefined) continue
    throw refusalOf(member, `${member}: has text that no database can store (U+0000, or half of a surrogate pair)`)
  }
  return given
}

function refusalOf(member: string, what: string): RegistrationError {
  return new RegistrationError(member === 'redirect_uris' ? 'invalid_redirect_uri' : 'invalid_client_metadata', what)
}

/** Throws a `RegistrationError` when it cannot be a client here. */
export function definitionOf(clientId: string, given: ClientMetadataDocument, parts: DescribingParts): Described {
  const redirectUris = checkedRedirects(given.redirect_uris ?? [], parts.settings)
  const authMethod = checkedMethod(given.token_endpoint_auth_method ?? parts.usualMethod)
  refuseOtherFlows(given)
  refuseCertificates(given)
  const definition: ClientDefinition = {
    clientId,
    name: checkedName(given.client_name ?? homeOf([given.client_uri, redirectUris[0], clientId]), parts.settings),
    redirectUris,
    // Scripts of the pages that get the code anyway may redeem it.
    origins: [...new Set(redirectUris.flatMap(webOrigin))],
    scopes: grantedScopes(given.scope, parts.scopes),
    verified: false,
    ...keysOf(authMethod, given),
    ...algorithmOf(given),
    ...optionalMembers(given),
  }
  const problems = [...definitionProblems(definition, parts.settings), ...keyProblems(definition)]
  if (problems.length > 0) throw new RegistrationError('invalid_client_metadata', problems.join(' '))
  const kept = { ...definition, ...slimKeys(definition) }
  refuseShape(kept)
  return { definition: kept, authMethod }
}

/** Below the rules: what could not be stored is the client's mistake, and no failure of ours. */
function refuseShape(definition: ClientDefinition): void {
  const { error } = clientDefinition.safeParse(definition)
  if (error === undefined) return
  const [member] = error.issues[0]?.path ?? []
  throw new RegistrationError('invalid_client_metadata', `${String(member)}: not as expected`)
}

/** Without certificates and what else somebody may put beside a key: this is kept for whoever comes. */
function slimKeys({ authentication, requestObjectKeys }: ClientDefinition): Partial<ClientDefinition> {
  return {
    ...(authentication?.method === 'private_key_jwt'
      ? { authentication: { method: authentication.method, keys: authentication.keys.map(slim) } }
      : {}),
    ...(requestObjectKeys === undefined ? {} : { requestObjectKeys: requestObjectKeys.map(slim) }),
  }
}

function slim({ kty, ...members }: PublicKeyDefinition): PublicKeyDefinition {
  const kept = Object.entries(members).filter(([name, value]) => KEPT_OF_KEYS.has(name) && typeof value === 'string')
  return { kty, ...Object.fromEntries(kept) }
}

function optionalMembers(given: ClientMetadataDocument): Partial<ClientDefinition> {
  return {
    ...(given.client_uri ? { clientUri: given.client_uri } : {}),
    ...(given.policy_uri ? { policyUri: given.policy_uri } : {}),
    ...(given.tos_uri ? { tosUri: given.tos_uri } : {}),
    ...(given.post_logout_redirect_uris ? { postLogoutRedirectUris: given.post_logout_redirect_uris } : {}),
    ...(given.backchannel_logout_uri ? { backchannelLogoutUri: given.backchannel_logout_uri } : {}),
    ...(given.require_pushed_authorization_requests === true ? { requirePushedAuthorizationRequests: true } : {}),
    ...(given.require_signed_request_object === true ? { requireSignedRequestObject: true } : {}),
    ...(given.dpop_bound_access_tokens === true ? { boundTokens: 'dpop' as const } : {}),
  }
}

function keysOf(
  method: AuthMethod,
  { jwks, require_signed_request_object: signs }: ClientMetadataDocument,
): Pick<ClientDefinition, 'authentication' | 'requestObjectKeys'> {
  const keys = jwks?.keys
  if (method === 'private_key_jwt' && keys === undefined)
    throw new RegistrationError('invalid_client_metadata', 'jwks: is needed for private_key_jwt, by value')
  if (signs === true && keys === undefined)
    throw new RegistrationError('invalid_client_metadata', 'jwks: is needed for signed requests, by value')
  if (keys === undefined) return {}
  if (method === 'private_key_jwt') return { authentication: { method, keys } }
  // Whoever may sign its requests need not say that it always does. Keys for encryption alone are for what there is not here.
  return signs === true || !keys.every(isForOther) ? { requestObjectKeys: keys } : {}
}

function algorithmOf({ id_token_signed_response_alg: asked }: ClientMetadataDocument): Pick<ClientDefinition, 'idTokenAlgorithm'> {
  const algorithm = ID_TOKEN_ALGORITHMS.find((known) => known === (asked ?? 'RS256'))
  if (algorithm === undefined)
    throw new RegistrationError(
      'invalid_client_metadata',
      `id_token_signed_response_alg: one of ${ID_TOKEN_ALGORITHMS.join(', ')} is possible`,
    )
  return algorithm === 'RS256' ? {} : { idTokenAlgorithm: algorithm }
}

/** Whoever listens there is no web server that somebody vouches for (RFC 8252 section 7.3). */
const ON_THE_MACHINE = "is https on a loopback address; an app on the person's machine has http there."

function checkedRedirects(redirectUris: readonly string[], { development }: ClientSettings): readonly string[] {
  if (redirectUris.length === 0) throw new RegistrationError('invalid_redirect_uri', 'redirect_uris: at least one is needed')
  // Editors name an address of their own beside one that we take: that one is what they get, and their registration says so (RFC 7591 section 3.2.1).
  const named = redirectUris.filter((uri) => redirectProblem(uri, development) !== NO_SCHEME_OF_AN_APP)
  const usable = named.length === 0 ? redirectUris : named
  for (const uri of usable) {
    const problem = redirectProblem(uri, development) ?? (isLoopbackOverTls(uri) ? ON_THE_MACHINE : undefined)
    if (problem !== undefined) throw new RegistrationError('invalid_redirect_uri', `redirect_uris: ${JSON.stringify(uri)} ${problem}`)
  }
  return usable
}

function checkedMethod(method: string): AuthMethod {
  const known = AUTH_METHODS.find((each) => each === method)
  if (known === undefined)
    throw new RegistrationError('invalid_client_metadata', `token_endpoint_auth_method: one of ${AUTH_METHODS.join(', ')} is possible`)
  return known
}

// Of several flows the client gets the one that there is for it, and its registration says which (RFC 7591 section 3.2.1): programs ask for all that they
// could do, VS Code for device codes as well.
function refuseOtherFlows({ grant_types: grants, response_types: types, subject_type: subjects }: ClientMetadataDocument): void {
  const wrong: readonly (readonly [boolean, string])[] = [
    [!(grants ?? ['authorization_code']).includes('authorization_code'), 'grant_types: authorization_code is needed'],
    [!(types ?? ['code']).includes('code'), 'response_types: code is needed'],
    [(subjects ?? 'public') !== 'public', 'subject_type: only public is possible'],
  ]
  const found = wrong.find(([isWrong]) => isWrong)
  if (found !== undefined) throw new RegistrationError('invalid_client_metadata', found[1])
}

/** No method that can be registered has a certificate. Left out, the client would take its tokens for bound (RFC 8705 section 3.4). */
function refuseCertificates({ tls_client_certificate_bound_access_tokens: bound }: ClientMetadataDocument): void {
  if (bound !== true) return
  const member = 'tls_client_certificate_bound_access_tokens'
  const instead = 'leave it out, bind tokens with dpop_bound_access_tokens, or ask the operators for a client with a certificate'
  throw new RegistrationError('invalid_client_metadata', `${member}: is not possible for clients that register themselves; ${instead}`)
}

function checkedName(given: string, settings: ClientSettings): string {
  const checked = strangersName(given, settings)
  if ('problem' in checked) throw new RegistrationError('invalid_client_metadata', `client_name: ${checked.problem}`)
  return checked.name
}

/**
 * What stands for the name of a client that gives none, in every language: its host or, of an app with a scheme of its own, that scheme. The first address that
 * is one: the rules for what the client has given come later, and say what is wrong with it.
 */
function homeOf(addresses: readonly (string | null | undefined)[]): string {
  const [url] = addresses.flatMap((address) => URL.parse(address ?? '') ?? [])
  if (url === undefined) return ''
  return url.host === '' ? url.protocol.slice(0, -1) : url.host
}

function webOrigin(uri: string): string[] {
  const url = new URL(uri)
  return url.protocol === 'https:' || url.protocol === 'http:' ? [url.origin] : []
}

/** What is asked for and possible; all that is possible when nothing is asked for. */
function grantedScopes(asked: string | null | undefined, possible: readonly string[]): string[] {
  if (asked === undefined || asked === null) return [...possible]
  const words = new Set(asked.split(' '))
  return possible.filter((scope) => words.has(scope))
}

/** The scopes that such clients may have at most. */
export function possibleScopes({
  registration = {},
  scopes,
}: { registration?: { scopes?: readonly string[] } } & Pick<ClientSettings, 'scopes'>): readonly string[] {
  return registration.scopes ?? ['profile', 'email', ...Object.keys(scopes)]
}

/** As it is registered now, in the words of the RFC. Never a secret. */
export function metadataOf(definition: ClientDefinition, authMethod: AuthMethod): Record<string, unknown> {
  const { scopes, authentication, idTokenAlgorithm, boundTokens } = definition
  const own = scopes.filter((scope) => scope !== 'openid' && scope !== 'offline_access')
  const keys = authentication?.method === 'private_key_jwt' ? authentication.keys : definition.requestObjectKeys
  return present({
    client_id: definition.clientId,
    client_name: definition.name,
    redirect_uris: definition.redirectUris,
    token_endpoint_auth_method: authMethod,
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    scope: ['openid', 'offline_access', ...own.toSorted((a, b) => Number(isOpenidScope(b)) - Number(isOpenidScope(a)))].join(' '),
    client_uri: definition.clientUri,
    policy_uri: definition.policyUri,
    tos_uri: definition.tosUri,
    post_logout_redirect_uris: definition.postLogoutRedirectUris,
    backchannel_logout_uri: definition.backchannelLogoutUri,
    jwks: keys && { keys },
    id_token_signed_response_alg: idTokenAlgorithm,
    require_signed_request_object: definition.requireSignedRequestObject,
    dpop_bound_access_tokens: boundTokens === 'dpop' ? true : undefined,
    require_pushed_authorization_requests: definition.requirePushedAuthorizationRequests,
  })
}

function present(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}
