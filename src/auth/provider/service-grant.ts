// The client credentials grant (RFC 6749 section 4.4): what a client gets that acts for itself, and for which scopes.
import type Provider from 'oidc-provider'
import { errors, type KoaContextWithOIDC } from 'oidc-provider'
import { offeredScopes } from './asked-scopes.ts'
import { grantHelpers, serviceGrant } from './engine-internals.ts'

const { grantType, handler, parameters } = serviceGrant

export const CLIENT_CREDENTIALS = grantType

export function offerServiceGrant(provider: Provider): void {
  const helpers = Object.fromEntries(Object.entries(grantHelpers).map(([name, helper]) => [name, helper.bind(undefined, provider)]))
  if (!('validateClientScope' in helpers)) throw new Error('The OpenID engine looks at scopes in another way than this release knows.')
  const ours = { ...helpers, validateClientScope: settleServiceScope }
  provider.registerGrantType(grantType, (context) => handler(provider, ours, context), [...parameters, 'resource'], ['resource'])
}

/**
 * RFC 6749 section 3.3, as for authorizations (see authorization-steps.ts): without a scope it is all that the client is registered for at the resource,
 * and a request that comes to nothing is refused. The engine would give a token without any, in an answer that reads as if all had been granted.
 */
function settleServiceScope({ oidc: { params, requestParamScopes, resourceServers } }: KoaContextWithOIDC): ReadonlySet<string> {
  const offered = offeredScopes(resourceServers)
  const asked = params?.['scope']
  if (typeof asked !== 'string') return new Set(offered)
  const granted = offered.filter((scope) => requestParamScopes.has(scope))
  if (granted.length === 0) throw new errors.InvalidScope('this client is registered for none of these scopes', asked)
  return new Set(granted)
}
