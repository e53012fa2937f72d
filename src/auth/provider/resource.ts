// The one resource server: the app's API (RFC 8707). Its access tokens are JWTs for its audience (RFC 9068).
import type { Client, KoaContextWithOIDC, ResourceServer } from 'oidc-provider'
import { errors } from 'oidc-provider'
import { z } from '#kernel/schema.ts'
import type { ClientRegistry } from './clients.ts'
import { currentCall } from './scope.ts'

export const ACCESS_TOKEN_SECONDS = 300

export interface ResourceDependencies {
  readonly clients: ClientRegistry
  readonly audience: string
  readonly accessTokenKid: string
}

export interface ResourcePolicy {
  defaultResource(): string
  useGrantedResource(): boolean
  getResourceServerInfo(context: KoaContextWithOIDC, resource: string, client: Client): Promise<ResourceServer>
}

export function resourcePolicy({ clients, audience, accessTokenKid }: ResourceDependencies): ResourcePolicy {
  return {
    defaultResource: () => audience,
    // Without it a token for the userinfo endpoint would be issued whenever `openid` was asked for.
    useGrantedResource: () => true,
    async getResourceServerInfo(context, resource, client) {
      if (resource !== audience) throw new errors.InvalidTarget('there is no such resource here')
      keepOfflineAccess(context)
      return {
        // Scopes that the client is not registered for are not there for it.
        scope: ((await clients.find(currentCall(), client.clientId))?.apiScopes ?? []).join(' '),
        audience,
        accessTokenTTL: ACCESS_TOKEN_SECONDS,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'ES256', kid: accessTokenKid } },
      }
    },
  }
}

const unsignedClaims = z.looseObject({ scope: z.string().optional() })

/**
 * The engine drops `offline_access` unless `prompt=consent` came with it. OpenID Connect Core section 11 allows other conditions, and ours is
 * stricter: consent to exactly this scope is stored. So it is put back, and the consent check sees it.
 */
function keepOfflineAccess({ oidc, query }: KoaContextWithOIDC): void {
  const { params, route } = oidc
  if (params === undefined || (route !== 'authorization' && route !== 'pushed_authorization_request')) return
  if (oidc.client?.grantTypeAllowed('refresh_token') !== true) return
  const signed = [query['request'], oidc.body?.['request']].map(pushedScope)
  const asked = [query['scope'], oidc.body?.['scope'], ...signed, pushedScope(oidc.entities.PushedAuthorizationRequest?.request)]
  if (!asked.some((scope) => typeof scope === 'string' && scope.split(' ').includes('offline_access'))) return
  const scope = typeof params['scope'] === 'string' ? params['scope'] : ''
  if (!scope.split(' ').includes('offline_access')) params['scope'] = `${scope} offline_access`.trim()
}

/** The scope inside a request that is a JWT, which the engine has looked at: a signed one (RFC 9101), or a pushed one, kept as a JWT of its own making. */
function pushedScope(request: unknown): string | undefined {
  const body = typeof request === 'string' ? request.split('.')[1] : undefined
  return body === undefined ? undefined : unsignedClaims.parse(JSON.parse(Buffer.from(body, 'base64url').toString('utf8'))).scope
}
