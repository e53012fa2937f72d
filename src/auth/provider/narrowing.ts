// A token for one address of the API out of what was granted for the whole of it (RFC 8707 section 2.2): it opens less than the grant does. A client that has
// signed in to the API goes on when the address becomes a resource by itself, and asks for that from then on.
import type { AuthorizationCode, DeviceCode, KoaContextWithOIDC, RefreshToken } from 'oidc-provider'
import type Provider from 'oidc-provider'
import { errors } from 'oidc-provider'
import { DEVICE_GRANT } from './device-flow.ts'
import { internals } from './engine-internals.ts'
import type { ResourceRegistry } from './resources.ts'

const GRANTS = ['authorization_code', 'refresh_token', DEVICE_GRANT] as const

const narrowed = new WeakMap<KoaContextWithOIDC, string>()

/** The engine refuses what was not granted in just these words, but of a list it lets us choose. So one address becomes a list of one. */
export function offerNarrowing(provider: Provider, resources: Pick<ResourceRegistry, 'find'>): void {
  const { grantTypeHandlers } = internals(provider)
  for (const name of GRANTS) {
    const handler = grantTypeHandlers.get(name)
    if (handler === undefined) throw new Error(`The OpenID engine has no grant ${name} any more.`)
    grantTypeHandlers.set(name, async (context) => {
      const { params = {} } = context.oidc
      const { resource } = params
      if (typeof resource === 'string' && resources.find(resource)?.partOf !== undefined) params['resource'] = [resource]
      await handler(context)
    })
  }
}

/** Of a list of one: itself where it was granted, else what it is a part of, when that was. The engine refuses what was not. */
export function grantedFor(context: KoaContextWithOIDC, wanted: string, resources: Pick<ResourceRegistry, 'find'>): string {
  const granted = grantedTo(context)
  const whole = resources.find(wanted)?.partOf
  if (whole === undefined || granted.includes(wanted) || !granted.includes(whole)) return wanted
  narrowed.set(context, wanted)
  return whole
}

/** What the token is for, which is less than what it is taken from. */
export function narrowedTo(context: KoaContextWithOIDC): string | undefined {
  return narrowed.get(context)
}

/**
 * RFC 6749 section 3.3: a request that comes to nothing at the address is refused. Its token would open nothing there, in an answer that reads as if it did.
 * Nothing is used up by that (see all-or-nothing.ts), so the grant goes on for the whole.
 */
export function needScopeThere(context: KoaContextWithOIDC, whole: string, offered: readonly string[]): void {
  if (!narrowed.has(context)) return
  const { params, requestParamScopes, grant } = context.oidc
  // A refresh may ask for less (section 6).
  const asked = params?.['scope'] === undefined ? (sourceOf(context)?.scopes ?? new Set<string>()) : requestParamScopes
  const granted = grant?.getResourceScopeFiltered(whole, asked).split(' ') ?? []
  if (!granted.some((scope) => offered.includes(scope)))
    throw new errors.InvalidScope('nothing that was granted and asked for is a scope of this resource', [...asked].join(' '))
}

function sourceOf({ oidc: { entities } }: KoaContextWithOIDC): AuthorizationCode | RefreshToken | DeviceCode | undefined {
  return entities.RefreshToken ?? entities.AuthorizationCode ?? entities.DeviceCode
}

function grantedTo(context: KoaContextWithOIDC): readonly string[] {
  return [sourceOf(context)?.resource ?? []].flat()
}
