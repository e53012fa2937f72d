// Tokens for resources (RFC 8707): which one a request means, which of its scopes a client may have there, and what its tokens are (RFC 9068).
import type { Client, KoaContextWithOIDC, ResourceServer } from 'oidc-provider'
import { errors } from 'oidc-provider'
import { z } from '#kernel/schema.ts'
import { BEGINNINGS } from './authorization-steps.ts'
import type { ClientRegistry, RegisteredClient } from './clients.ts'
import type { KnownResource, ResourceRegistry } from './resources.ts'
import { grantedFor, narrowedTo, needScopeThere } from './narrowing.ts'
import { currentCall } from './scope.ts'
import type { ServiceDirectory } from './service-claims.ts'
import { CLIENT_CREDENTIALS } from './service-grant.ts'

const NO_SUCH_RESOURCE =
  'there is no such resource here: name the API, one of its routes with protectedResource, or one of auth.resources, exactly as it is written there'

export interface ResourceDependencies {
  readonly clients: ClientRegistry
  readonly registry: ResourceRegistry
  readonly services: Pick<ServiceDirectory, 'scopesOf'>
  readonly accessTokenKid: string
}

export interface ResourcePolicy {
  defaultResource(context: KoaContextWithOIDC, client: Client, oneOf?: readonly string[]): Promise<string>
  useGrantedResource(): boolean
  getResourceServerInfo(context: KoaContextWithOIDC, resource: string, client: Client): Promise<ResourceServer>
}

export function resourcePolicy({ clients, registry, services, accessTokenKid }: ResourceDependencies): ResourcePolicy {
  const registeredFor = async (client: RegisteredClient | undefined): Promise<readonly string[]> => {
    if (client === undefined) return []
    const counting = await services.scopesOf(currentCall(), client.clientId)
    return counting === undefined ? client.apiScopes : client.apiScopes.filter((scope) => counting.includes(scope))
  }
  /**
   * RFC 8707 section 2 leaves it to us what a request means that names no resource: the API, or the one that all its scopes belong to, which would be left
   * out otherwise. With `openid` the token is for the userinfo endpoint as well, which takes those of the API. Without a scope an authorization asks for all
   * that the client is registered for, and so does a client that acts for itself.
   */
  const meant = async ({ params, route }: KoaContextWithOIDC['oidc'], clientId: string): Promise<KnownResource> => {
    const asked = scopesOf(params?.['scope'])
    const asksForAll = begins(route) || params?.['grant_type'] === CLIENT_CREDENTIALS
    if (asked.includes('openid') || (asked.length === 0 && !asksForAll)) return registry.api
    const registered = await registeredFor(await clients.find(currentCall(), clientId))
    const scopes = asked.length === 0 ? registered : asked.filter((scope) => registered.includes(scope))
    return registry.placeOf(scopes)
  }
  return {
    async defaultResource(context, { clientId }, oneOf) {
      const { oidc } = context
      const { api } = registry
      if (oneOf === undefined) return (await meant(oidc, clientId)).audience
      // RFC 8707 section 2.2: a request for a token may name several, and gets one for the target that it asks for. We give no token for two.
      if (oidc.route === 'token' && Array.isArray(oidc.params?.['resource'])) {
        const [wanted, ...more] = oneOf
        if (wanted === undefined || more.length > 0) throw new errors.InvalidTarget('name one resource: a token is for one of them')
        return grantedFor(context, wanted, registry)
      }
      // Who names none of several that were granted means the API, if that is among them.
      return oneOf.includes(api.audience) ? api.audience : (oneOf[0] ?? api.audience)
    },
    // Without it a token for the userinfo endpoint would be issued whenever `openid` was asked for.
    useGrantedResource: () => true,
    async getResourceServerInfo(context, resource, client) {
      const found = registry.find(narrowedTo(context) ?? resource)
      if (found === undefined) throw new errors.InvalidTarget(NO_SUCH_RESOURCE)
      keepOfflineAccess(context)
      const registered = await clients.find(currentCall(), client.clientId)
      const scopes = (await registeredFor(registered)).filter((scope) => found.scopes.has(scope))
      if (found !== registry.api && !mayGo(found, scopes, registered))
        throw new errors.InvalidTarget('this client is registered for no scope of that resource')
      needScopeThere(context, resource, scopes)
      const shared = {
        // Scopes that the client is not registered for are not there for it.
        scope: scopes.join(' '),
        audience: found.audience,
        accessTokenTTL: found.lifetimeSeconds,
      }
      if (found.format === 'opaque') return { ...shared, accessTokenFormat: 'opaque' }
      const sign = { alg: 'ES256', kid: accessTokenKid } as const
      const jwt = found.encryption === undefined ? { sign } : { sign, encrypt: found.encryption }
      return { ...shared, accessTokenFormat: 'jwt', jwt }
    },
  }
}

/**
 * A token without a scope is one as well: a resource server that looks at who asks, and not at what for, would take it from clients that it has never
 * heard of. To one that has no scopes go those that somebody here has registered. The API looks at each scope itself.
 */
function mayGo(resource: KnownResource, scopes: readonly string[], client: RegisteredClient | undefined): boolean {
  const { audience, ownScopes: all, partOf } = resource
  // What somebody is may be told at many resources: being registered for that lets nobody in at one of them.
  if (scopes.some((scope) => partOf !== undefined || all.has(scope))) return true
  if (client === undefined) return false
  const isStranger = client.source === 'registration' || client.source === 'document'
  return client.definition?.exchange?.audiences.includes(audience) === true || (all.size === 0 && !isStranger)
}

const unsignedClaims = z.looseObject({ scope: z.string().optional() })

function begins(route: string): boolean {
  return BEGINNINGS.some((beginning) => beginning === route)
}

/**
 * The engine drops `offline_access` unless `prompt=consent` came with it. OpenID Connect Core section 11 allows other conditions, and ours is
 * stricter: consent to exactly this scope is stored. So it is put back, and the consent check sees it.
 */
function keepOfflineAccess(context: KoaContextWithOIDC): void {
  const { oidc } = context
  const { params, route } = oidc
  if (params === undefined || !begins(route)) return
  if (oidc.client?.grantTypeAllowed('refresh_token') !== true) return
  if (!askedScope(context).includes('offline_access')) return
  const scope = typeof params['scope'] === 'string' ? params['scope'] : ''
  if (!scope.split(' ').includes('offline_access')) params['scope'] = `${scope} offline_access`.trim()
}

const scopesOf = (scope: unknown): readonly string[] => (typeof scope === 'string' ? scope.split(' ') : [])

/** Of what was pushed or signed nothing beside it counts (RFC 9101 section 6.3): anybody can write into the address of a browser. */
function askedScope({ oidc, query, method }: KoaContextWithOIDC): readonly string[] {
  const sent = method === 'POST' ? oidc.body : query
  const request = oidc.entities.PushedAuthorizationRequest?.request ?? (sent?.['request'] || undefined)
  const scope = request === undefined ? sent?.['scope'] : scopeInside(request)
  return scopesOf(scope)
}

/** Of a request that is a JWT, which the engine looks at: a signed one (RFC 9101), or a pushed one, kept as a JWT of its own making. */
function scopeInside(request: unknown): string | undefined {
  const body = typeof request === 'string' ? request.split('.')[1] : undefined
  if (body === undefined) return undefined
  try {
    return unsignedClaims.safeParse(JSON.parse(Buffer.from(body, 'base64url').toString('utf8'))).data?.scope
  } catch {
    // The engine says what is wrong with it.
    return undefined
  }
}
