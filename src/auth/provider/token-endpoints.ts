// Introspection (RFC 7662) and revocation (RFC 7009): who may see a token and end it, and that signed tokens are known there.
import type { AccessToken, Client, ClientCredentials, KoaContextWithOIDC, RefreshToken } from 'oidc-provider'
import type Provider from 'oidc-provider'
import type { Revocations } from '../revocations/revocations.ts'
import { findAccessTokensBy } from './model-changes.ts'
import type { ClientRegistry } from './clients.ts'
import type { ResourceRegistry } from './resources.ts'
import { currentCall } from './scope.ts'
import { doClientsLast } from './token-clients.ts'
import { furtherClaims, type StructuredToken, type StructuredTokens } from './structured-tokens.ts'

interface Introspection {
  readonly enabled: true
  allowedPolicy(context: KoaContextWithOIDC, client: Client, token: Token): boolean
}

type Token = AccessToken | ClientCredentials | RefreshToken

/** A client sees its own tokens, and a resource server those that are for it. */
export function introspection(resources: ResourceRegistry): Introspection {
  return {
    enabled: true,
    allowedPolicy(_context, client, token) {
      if (token.clientId === client.clientId) return true
      const audience = 'aud' in token && typeof token.aud === 'string' ? token.aud : undefined
      return audience !== undefined && resources.find(audience)?.servers.has(client.clientId) === true
    },
  }
}

export interface KnownTokens {
  readonly tokens: StructuredTokens
  readonly revocations: Pick<Revocations, 'revokeToken'>
  readonly clients: Pick<ClientRegistry, 'find'>
}

/** Makes signed tokens known to the engine wherever it looks for access tokens. */
export function knowStructuredTokens(provider: Provider, { tokens, revocations, clients }: KnownTokens): void {
  findAccessTokensBy(provider, {
    isOurs: (value) => tokens.isOne(value),
    isGood: (token) => doClientsLast(clients, currentCall(), token),
    async find(value) {
      const call = currentCall()
      const found = await tokens.read(call, value)
      if (found === undefined) return undefined
      const token = tokenOf(provider, found)
      // The engine would look for a record of it.
      token.destroy = () => revocations.revokeToken(call, found.jti)
      return token
    },
  })
}

function tokenOf(provider: Provider, found: StructuredToken): AccessToken | ClientCredentials {
  const { sub, aud, client_id: clientId, jti, iat, exp, scope, sid, cnf } = found
  const shared = { jti, iat, exp, aud, clientId, scope, jkt: cnf?.jkt, 'x5t#S256': cnf?.['x5t#S256'] }
  const extra = furtherClaims(found)
  const made = sid === undefined ? { ...shared, extra: { ...extra, sub } } : { ...shared, extra, accountId: sub, sid }
  const kind = sid === undefined ? provider.ClientCredentials : provider.AccessToken
  return Reflect.construct(kind, [Object.fromEntries(Object.entries(made).filter(([, value]) => value !== undefined))])
}
