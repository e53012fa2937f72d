// What an authorization asks for and its client may have there. It is one list: the page names it, a yes is kept for what the page has named, and grants
// are made of it.
import type { KoaContextWithOIDC } from 'oidc-provider'

export interface AskedScopes {
  readonly openid: readonly string[]
  readonly api: readonly string[]
}

/** Of the resources of this request alone: no token of it can have a scope of another one, and nobody is asked about it. */
export function askedScopes({ requestParamOIDCScopes, requestParamScopes, resourceServers }: KoaContextWithOIDC['oidc']): AskedScopes {
  return {
    openid: [...requestParamOIDCScopes],
    api: offeredScopes(resourceServers).filter((scope) => requestParamScopes.has(scope)),
  }
}

/** What the client is registered for there, each once: an address of the API has scopes of it. */
export function offeredScopes(resourceServers: KoaContextWithOIDC['oidc']['resourceServers']): string[] {
  // The engine reads no scope at all as one without a name.
  const offered = Object.values(resourceServers ?? {}).flatMap(({ scopes }) => [...scopes])
  return [...new Set(offered)].filter((scope) => scope !== '')
}
