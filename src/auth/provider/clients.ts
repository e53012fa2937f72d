// Who may ask for tokens: the app's own frontends, third parties from the app definition, and the account pages themselves. Definitions are
// checked when the server is made, every problem at once.
import type { ClientMetadata } from 'oidc-provider'
import { sha256 } from '#kernel/keyring.ts'
import { ROLES_SCOPE } from '../roles/membership.ts'
import type { ClientDefinition, FrontendClient } from '../contract.ts'
import { type ClientSettings, clientProblems, frontendProblems, isLoopbackUri, isOpenidScope, OPENID_SCOPES } from './client-rules.ts'

export const ACCOUNTS_CLIENT = 'accounts'
export const ACCOUNTS_CALLBACK = '/signed-in'

const OPENID_WORDS: Readonly<Record<string, string>> = {
  offline_access: 'stay connected until you end it on your account page',
  profile: 'see your name',
  email: 'see your email address',
  [ROLES_SCOPE]: 'see your roles and groups, and act with them',
}

export interface RegisteredClient {
  readonly clientId: string
  readonly name: string
  /** People are not asked for consent. */
  readonly firstParty: boolean
  readonly origins: readonly string[]
  readonly apiScopes: readonly string[]
  readonly metadata: ClientMetadata
}

export interface ClientRegistry {
  find(clientId: string): RegisteredClient | undefined
  all(): readonly RegisteredClient[]
  /** What a scope lets a client do, in words that finish the sentence "This app will be able to ...". */
  words(scope: string): string
  /** Everything but a third party's `offline_access` ends when the person signs out. */
  endsWithSession(clientId: string, scopes: ReadonlySet<string>): boolean
}

export function createClientRegistry(settings: ClientSettings): ClientRegistry {
  const problems = [...frontendProblems(settings), ...settings.clients.flatMap((client) => clientProblems(client, settings))]
  const registered = [
    accountsClient(settings),
    ...settings.frontends.map(frontendClient),
    ...settings.clients.map((client) => thirdParty(client)),
  ]
  const byId = new Map(registered.map((client) => [client.clientId, client]))
  if (byId.size !== registered.length) problems.push('Two OAuth clients have the same id; ids are unique, and "accounts" is taken.')
  if (problems.length > 0) throw new Error(`The OAuth clients cannot be used:\n${problems.map((problem) => `- ${problem}`).join('\n')}`)
  return {
    find: (clientId) => byId.get(clientId),
    all: () => registered,
    words: (scope) => OPENID_WORDS[scope] ?? settings.scopes[scope] ?? scope,
    endsWithSession: (clientId, scopes) => byId.get(clientId)?.firstParty === true || !scopes.has('offline_access'),
  }
}

function accountsClient({ sites, productName }: ClientSettings): RegisteredClient {
  return {
    clientId: ACCOUNTS_CLIENT,
    name: productName,
    firstParty: true,
    origins: [],
    apiScopes: [],
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
    metadata: {
      client_id: frontend.clientId,
      client_name: frontend.name,
      token_endpoint_auth_method: 'client_secret_basic',
      // The engine compares with what is here, so it only ever holds the hash (see `hashClientSecrets`).
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

function thirdParty(client: ClientDefinition): RegisteredClient {
  const openid = OPENID_SCOPES.filter((scope) => scope === 'openid' || scope === 'offline_access' || client.scopes.includes(scope))
  // RFC 8252 section 7.3: only an app on the person's own machine listens on a port of its choice.
  const native = client.redirectUris.every(isLoopbackUri)
  return {
    clientId: client.clientId,
    name: client.name,
    firstParty: false,
    origins: client.origins,
    apiScopes: client.scopes.filter((scope) => !isOpenidScope(scope)),
    metadata: {
      client_id: client.clientId,
      client_name: client.name,
      application_type: native ? 'native' : 'web',
      token_endpoint_auth_method: 'none',
      redirect_uris: [...client.redirectUris],
      post_logout_redirect_uris: [...(client.postLogoutRedirectUris ?? [])],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      response_modes: ['query', 'fragment'],
      id_token_signed_response_alg: 'RS256',
      scope: openid.join(' '),
    },
  }
}
