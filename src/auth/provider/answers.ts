// What we put right in answers of the engine's endpoints.
import type { KoaContextWithOIDC } from 'oidc-provider'
import { AppError, hasCode } from '#kernel/errors.ts'
import { z } from '#kernel/schema.ts'
import { DEVICE_GRANT, POLL_SECONDS } from './device-flow.ts'
import type { ProviderPages } from './provider-pages.ts'
import type { ResourceRegistry } from './resources.ts'
import { grantedOpenidScopes, OPENID_SCOPE_CLAIM, openidScope } from './token-claims.ts'

const refusal = z.looseObject({ error: z.literal('invalid_request') })
const granted = z.looseObject({ scope: z.string().optional() })
const begun = z.looseObject({ device_code: z.string() })

/** RFC 6749 section 5.2: who asks for a grant that it is not registered for is told so, and not that it asked in a wrong way. */
export function nameUnregisteredGrants(context: KoaContextWithOIDC): void {
  const { client, params } = context.oidc
  const wanted = context.path === '/device-authorization' ? DEVICE_GRANT : params?.['grant_type']
  const isAbout = context.path === '/token' || context.path === '/device-authorization'
  if (!isAbout || context.status !== 400 || client === undefined || typeof wanted !== 'string' || client.grantTypeAllowed(wanted)) return
  const found = refusal.safeParse(context.body)
  if (found.success) context.body = { error: 'unauthorized_client', error_description: 'the client is not registered for this grant type' }
}

/**
 * RFC 6749 section 5.1. The engine names what is for the resource server alone; programs that keep what they read here ask for just that when they refresh,
 * and would have lost userinfo by it, also by a token for an address of the API. Where that is nothing, it names nothing, which is no scope by the grammar:
 * then the answer says what else was granted, and leaves the member out when that is nothing either.
 */
export function nameGrantedScopes(context: KoaContextWithOIDC, resources: Pick<ResourceRegistry, 'find'>): void {
  const found = context.path === '/token' && context.status === 200 ? granted.safeParse(context.body) : undefined
  if (found?.success !== true) return
  const { scope: ofResource, ...others } = found.data
  const scope = `${scopeOfUserinfo(context, resources)} ${ofResource ?? ''}`.trim()
  if (scope !== '') context.body = { ...others, scope }
  else if (ofResource !== undefined) {
    const openidScopes = grantedOpenidScopes(context)
    context.body = openidScopes.length === 0 ? others : { ...others, scope: openidScopes.join(' ') }
  }
}

/** As the token says it. One for an address of the API opens no userinfo, so it does not say; a later one for the API may. */
function scopeOfUserinfo(context: KoaContextWithOIDC, resources: Pick<ResourceRegistry, 'find'>): string {
  const { AccessToken: token } = context.oidc.entities
  const said = token?.extra?.[OPENID_SCOPE_CLAIM]
  if (typeof said === 'string') return said
  const isOfAddress = typeof token?.aud === 'string' && resources.find(token.aud)?.partOf !== undefined
  return isOfAddress ? openidScope(context) : ''
}

/** RFC 8628 section 3.2. */
export function tellInterval(context: KoaContextWithOIDC): void {
  const found = context.path === '/device-authorization' && context.status === 200 ? begun.safeParse(context.body) : undefined
  if (found?.success === true) context.body = { ...found.data, interval: POLL_SECONDS }
}

/** By POST they are answered with a redirect to themselves (see routes.ts), and the engine does not know of it. */
const FORWARDED: ReadonlySet<string> = new Set(['/authorize', '/end-session'])

/**
 * What none of the engine's endpoints takes, which it leaves without an answer: RFC 9110 sections 9.3.7 and 15.5.6. The gateway lets through what asks for
 * the options of an endpoint, since most of them answer preflights themselves; one that is no preflight they leave, too.
 */
export function refuseMethod(context: KoaContextWithOIDC, known: readonly string[]): void {
  const methods = new Set([...known, ...(FORWARDED.has(context.path) ? ['POST'] : [])])
  if (methods.size > 0) context.set('allow', [...methods].join(', '))
  if (methods.size > 0 && context.method === 'OPTIONS') {
    context.status = 204
    return
  }
  context.status = methods.size > 0 ? 405 : 404
  context.body = { error: 'invalid_request', error_description: 'there is no such endpoint, or not by this method' }
}

/** Something that we need cannot answer just now: the database, above all. */
export function isOutage(error: unknown): error is AppError {
  return error instanceof AppError && error.status === 503
}

/** A refusal in words of ours, which is no failure of the engine though it knows nothing of it. */
export function isRefusal(error: unknown): boolean {
  return hasCode(error, 'auth.interaction_ended')
}

const OUTAGE = { error: 'temporarily_unavailable', error_description: 'the server cannot answer just now; ask again in a moment' }

/**
 * To the engine whatever is not a refusal is a failure of its own (500). An outage passes, and whoever asks may ask again: the code is that of RFC 6749
 * section 4.1.2.1, the status that of RFC 9110 section 15.6.4.
 */
export function tellOutage(context: KoaContextWithOIDC, error: AppError, pages: Pick<ProviderPages, 'error'>): void {
  context.status = 503
  const [, seconds = '2'] = Object.entries(error.headers ?? {}).find(([name]) => name.toLowerCase() === 'retry-after') ?? []
  context.set('retry-after', seconds)
  pages.error(context, OUTAGE)
}
