// Who may ask for tokens: the app's own frontends, third parties from the app definition, the account pages themselves, and what is stored (see
// ../clients). Definitions are checked when the server is made, every problem at once.
import type { ClientMetadata } from 'oidc-provider'
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { sha256 } from '#kernel/keyring.ts'
import { foundPlace, isPlace } from '../client-documents/place.ts'
import type { ClientsRepository } from '../clients/repository.ts'
import type { StoredClient } from '../clients/schemas.ts'
import type { FrontendClient } from '../contract.ts'
import type { ClientDefinition, ClientSource } from '../clients/contract.ts'
import { en } from '../texts/en.ts'
import { authenticationMetadata, grantTypesOf, unprovenProblems } from './client-authentication.ts'
import { FACTS } from './client-facts.ts'
import { type ClientSettings, clientProblems, frontendProblems, isNative, isOpenidScope, OPENID_SCOPES } from './client-rules.ts'

export const ACCOUNTS_CLIENT = 'accounts'
export const ACCOUNTS_CALLBACK = '/signed-in'

export interface RegisteredClient {
  readonly clientId: string
  readonly name: string
  /** People are not asked for consent. */
  readonly firstParty: boolean
  readonly origins: readonly string[]
  readonly apiScopes: readonly string[]
  readonly source: ClientSource
  /** The definition of a third party. */
  readonly definition?: ClientDefinition
  /** Epoch milliseconds; absent for what is in the app definition. */
  readonly createdAt?: number
  /** Tokens that were issued before are those of an earlier client of this id, or of before it was blocked. */
  readonly goodFrom?: number
  readonly metadata: ClientMetadata
  /** Of one that proves itself in another way since: as the engine knew it before, while that is still taken. */
  readonly earlierMetadata?: ClientMetadata
}

export interface ClientRegistry {
  find(this: void, call: Call, clientId: string): Promise<RegisteredClient | undefined>
  /** One of the app's own: a frontend or the account pages. */
  isFirstParty(clientId: string): boolean
  /** All that are in the app definition. */
  fixed(): readonly RegisteredClient[]
  /** What a scope lets a client do, in words that finish the sentence "This app will be able to ...". */
  words(scope: string): string
  /** Everything but a third party's `offline_access` ends when the person signs out. */
  endsWithSession(clientId: string, scopes: ReadonlySet<string>): boolean
}

export function createClientRegistry(
  settings: ClientSettings,
  { stored, clock }: { readonly stored: Pick<ClientsRepository, 'find'>; readonly clock: Pick<Clock, 'now'> },
): ClientRegistry {
  const problems = [
    ...frontendProblems(settings),
    ...settings.clients.flatMap((client) => [...clientProblems(client, settings), ...unprovenProblems(client)]),
  ]
  const registered = [
    accountsClient(settings),
    ...settings.frontends.map(frontendClient),
    ...settings.clients.map((client) => thirdParty({ verified: true, ...client }, { source: 'app' })),
  ]
  const resourceWords = new Map((settings.definition?.resources ?? []).flatMap(({ scopes }) => Object.entries(scopes)))
  const byId = new Map(registered.map((client) => [client.clientId, client]))
  if (byId.size !== registered.length) problems.push('Two OAuth clients have the same id; ids are unique, and "accounts" is taken.')
  if (problems.length > 0) throw new Error(`The OAuth clients cannot be used:\n${problems.map((problem) => `- ${problem}`).join('\n')}`)
  return {
    async find(call, clientId) {
      const fixed = byId.get(clientId)
      if (fixed !== undefined) return fixed
      const found = (await stored.find(call, clientId))?.value
      if (found === undefined || found.blockedAt !== undefined || isPlace(found)) return undefined
      const place = found.source === 'document' ? await foundPlace(stored, call, clientId) : undefined
      if (place?.blockedAt !== undefined) return undefined
      const { goodFrom = found.createdAt } = found
      return storedParty({ ...found, goodFrom: Math.max(goodFrom, place?.goodFrom ?? 0) }, clock.now())
    },
    isFirstParty: (clientId) => byId.get(clientId)?.firstParty === true,
    fixed: () => registered,
    words: (scope) => en.scopes[scope] ?? settings.scopes[scope] ?? resourceWords.get(scope) ?? scope,
    endsWithSession: (clientId, scopes) => byId.get(clientId)?.firstParty === true || !scopes.has('offline_access'),
  }
}

function storedParty(found: StoredClient, now: number): RegisteredClient {
  const client = thirdParty(withEarlierKey(found, now), found)
  const earlierMetadata = earlierWay(found, now)
  return earlierMetadata === undefined ? client : { ...client, earlierMetadata }
}

/** While the key before is taken: the engine knows keys, and no end of them. */
function withEarlierKey({ definition, earlierKey }: StoredClient, now: number): ClientDefinition {
  const { authentication } = definition
  if (authentication?.method !== 'private_key_jwt' || earlierKey === undefined || earlierKey.until <= now) return definition
  return { ...definition, authentication: { ...authentication, keys: [...authentication.keys, earlierKey.key] } }
}

/** A client has one way with the engine. Where that was changed on purpose, it has no secret beside a key. */
function earlierWay(
  { definition, secretHash, earlierSecret, earlierKey, ...known }: StoredClient,
  now: number,
): ClientMetadata | undefined {
  const { authentication, ...rest } = definition
  if (authentication === undefined) {
    if (secretHash === undefined || earlierKey === undefined || earlierKey.until <= now) return undefined
    return thirdParty({ ...rest, authentication: { method: 'private_key_jwt', keys: [earlierKey.key] } }, known).metadata
  }
  const isChanged = authentication.method === 'private_key_jwt' && secretHash === undefined
  if (!isChanged || earlierSecret === undefined || earlierSecret.until <= now) return undefined
  return thirdParty(rest, { ...known, secretHash: earlierSecret.hash }).metadata
}

function accountsClient({ sites, productName }: ClientSettings): RegisteredClient {
  return {
    clientId: ACCOUNTS_CLIENT,
    name: productName,
    firstParty: true,
    origins: [],
    apiScopes: [],
    source: 'app',
    metadata: {
      client_id: ACCOUNTS_CLIENT,
      client_name: productName,
      token_endpoint_auth_method: 'none',
      redirect_uris: [`${sites.accounts}${ACCOUNTS_CALLBACK}`],
      grant_types: ['authorization_code'],
      response_types: ['code'],
      response_modes: ['query', 'fragment'],
      id_token_signed_response_alg: 'ES256',
      scope: 'openid',
    },
  }
}

function frontendClient(frontend: FrontendClient): RegisteredClient {
  return {
    clientId: frontend.clientId,
    name: frontend.name,
    firstParty: true,
    origins: [frontend.origin],
    apiScopes: frontend.scopes.filter((scope) => !isOpenidScope(scope)),
    source: 'app',
    metadata: {
      [FACTS]: { origins: [frontend.origin], ...(frontend.tokenRoom === undefined ? {} : { tokenRoom: frontend.tokenRoom }) },
      client_id: frontend.clientId,
      client_name: frontend.name,
      token_endpoint_auth_method: 'client_secret_basic',
      // The engine compares with what is here, so it only ever holds the hash (see `createSecretCheck`).
      client_secret: sha256(frontend.secret),
      redirect_uris: [frontend.redirectUri],
      post_logout_redirect_uris: [`${frontend.origin}/`],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      response_modes: ['query', 'fragment'],
      id_token_signed_response_alg: 'ES256',
      scope: OPENID_SCOPES.join(' '),
    },
  }
}

/** What is known of a client beside its definition. */
type Origin =
  | { readonly source: 'app' }
  | Pick<StoredClient, 'source' | 'secretHash' | 'secretMethod' | 'earlierSecret' | 'createdAt' | 'goodFrom'>

function thirdParty(client: ClientDefinition, known: Origin): RegisteredClient {
  const openid = OPENID_SCOPES.filter((scope) => scope === 'openid' || scope === 'offline_access' || client.scopes.includes(scope))
  const { lifetimes = {}, origins, idTokenAtRefresh = false } = client
  const grantTypes = grantTypesOf(client)
  const { secretHash, secretMethod, earlierSecret } = known.source === 'app' ? {} : known
  const authentication = authenticationMetadata(client.authentication, secretHash)
  return {
    clientId: client.clientId,
    name: client.name,
    firstParty: false,
    origins,
    apiScopes: client.scopes.filter((scope) => !isOpenidScope(scope)),
    source: known.source,
    definition: client,
    ...timesOf(known),
    metadata: {
      [FACTS]: {
        origins,
        lifetimes,
        idTokenAtRefresh,
        alwaysAsks: client.consent === 'always',
        isStranger: known.source === 'registration' || known.source === 'document',
        ...(earlierSecret === undefined ? {} : { earlierSecret }),
      },
      client_id: client.clientId,
      client_name: client.name,
      // RFC 8252 section 7.3: only an app on the person's own machine listens on a port of its choice.
      application_type: isNative(client.redirectUris) ? 'native' : 'web',
      ...authentication,
      ...(secretMethod === undefined ? {} : { token_endpoint_auth_method: secretMethod }),
      redirect_uris: [...client.redirectUris],
      post_logout_redirect_uris: [...(client.postLogoutRedirectUris ?? [])],
      grant_types: grantTypes,
      response_types: grantTypes.includes('authorization_code') ? ['code'] : [],
      response_modes: ['query', 'fragment'],
      id_token_signed_response_alg: client.idTokenAlgorithm ?? 'RS256',
      scope: openid.join(' '),
      dpop_bound_access_tokens: client.boundTokens === 'dpop',
      tls_client_certificate_bound_access_tokens: client.boundTokens === 'mtls',
      ...signedRequests(client, authentication),
      require_pushed_authorization_requests: client.requirePushedAuthorizationRequests === true,
    },
  }
}

function timesOf(known: Origin): Pick<RegisteredClient, 'createdAt' | 'goodFrom'> {
  if (known.source === 'app') return {}
  const { createdAt, goodFrom = createdAt } = known
  return { createdAt, goodFrom }
}

/** RFC 9101. The keys of a client that authenticates with keys or certificates are there already. */
function signedRequests(
  { requireSignedRequestObject = false, requestObjectKeys }: ClientDefinition,
  { jwks }: Partial<ClientMetadata>,
): Partial<ClientMetadata> {
  // A certificate beside a key would count for connections as well.
  const own = requestObjectKeys?.map(({ x5c: _certificates, ...key }) => ({ ...key }))
  const keys = own === undefined ? {} : { jwks: { keys: [...(jwks?.keys ?? []), ...own] } }
  return { require_signed_request_object: requireSignedRequestObject, ...keys }
}
