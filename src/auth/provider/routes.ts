// The engine's endpoints on the accounts origin. The engine answers them itself; here is who may call them and why that is safe.
import type { Call } from '#kernel/call.ts'
import { type Exchange, type Method, type RateClass, type Route, rawRoute, route, seeOther } from '#kernel/http/route.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import { z } from '#kernel/schema.ts'
import { ACCOUNTS_CALLBACK } from './clients.ts'
import { isAliased } from './certificate-host.ts'
import { type DeviceRoutesParts, deviceRoutes } from './device-routes.ts'
import { END_SESSION_PATH, forwarded, sealedSearch, sentAs } from './forwarding.ts'
import type { BuiltProvider } from './provider.ts'
import { inScope } from './scope.ts'
import { returnPath } from './sign-in-address.ts'

const MAX_BODY_BYTES = 65_536

export interface ProviderRoutesDependencies {
  dispatch(): BuiltProvider['dispatch']
  userinfo(this: void, call: Call, exchange: Exchange): Promise<void>
  readonly keyRing: KeyRing
  readonly device: Omit<DeviceRoutesParts, 'handle'>
  /** Clients have a host of their own to show certificates at. */
  readonly hasCertificateHost: boolean
}

interface Endpoint {
  readonly method: Method
  readonly path: string
  readonly rate: RateClass
  readonly summary: string
  readonly reason: string
  readonly csrfExempt?: string
  readonly errors?: 'oauth'
}

const CLIENT_AUTHENTICATES = 'The client authenticates itself in the request; cookies of a browser are not looked at.'

const ENDPOINTS: readonly Endpoint[] = [
  {
    method: 'POST',
    path: '/token',
    rate: 'token',
    summary: 'Token endpoint',
    reason: CLIENT_AUTHENTICATES,
    csrfExempt: CLIENT_AUTHENTICATES,
    errors: 'oauth',
  },
  {
    method: 'POST',
    path: '/revoke',
    rate: 'token',
    summary: 'Token revocation (RFC 7009)',
    reason: CLIENT_AUTHENTICATES,
    csrfExempt: CLIENT_AUTHENTICATES,
    errors: 'oauth',
  },
  {
    method: 'POST',
    path: '/introspect',
    rate: 'introspection',
    summary: 'Token introspection (RFC 7662)',
    reason: CLIENT_AUTHENTICATES,
    csrfExempt: CLIENT_AUTHENTICATES,
    errors: 'oauth',
  },
  {
    method: 'POST',
    path: '/par',
    rate: 'token',
    summary: 'Pushed authorization requests (RFC 9126)',
    reason: CLIENT_AUTHENTICATES,
    csrfExempt: CLIENT_AUTHENTICATES,
    errors: 'oauth',
  },
  { method: 'GET', path: '/jwks', rate: 'page', summary: 'Public signing keys (RFC 7517)', reason: 'Public.' },
  {
    method: 'GET',
    path: '/.well-known/openid-configuration',
    rate: 'page',
    summary: 'Metadata (OpenID Connect Discovery)',
    reason: 'Public.',
  },
  { method: 'GET', path: '/.well-known/oauth-authorization-server', rate: 'page', summary: 'Metadata (RFC 8414)', reason: 'Public.' },
  {
    method: 'GET',
    path: END_SESSION_PATH,
    rate: 'token',
    summary: 'Sign-out asked for by a client',
    reason: 'Only asks the person; nothing ends before the form is sent.',
  },
  {
    method: 'POST',
    path: '/end-session/confirm',
    rate: 'page',
    summary: 'Sign-out, confirmed',
    reason: 'Needs the sealed form that the page was made with, which names the session.',
    csrfExempt: 'The form is sealed for the session that it was shown to, and no other session can end by it.',
  },
  { method: 'GET', path: '/end-session/success', rate: 'page', summary: 'Leads to the page after a sign-out', reason: 'Tells nothing.' },
]

export function providerRoutes({ dispatch, userinfo, keyRing, device, hasCertificateHost }: ProviderRoutesDependencies): readonly Route[] {
  const handle = async (call: Call, exchange: Exchange, url?: string): Promise<void> => {
    const { request, response } = exchange
    // The gateway has normalised the address; the engine must not see the raw one (an absolute form would move its links).
    const search = exchange.path === END_SESSION_PATH ? sentAs(keyRing, exchange.search) : exchange.search
    request.url = url ?? (search === '' ? exchange.path : `${exchange.path}?${search}`)
    await inScope({ call, exchange, waiting: [] }, () => dispatch()(request, response))
  }
  const engineRoutes = ENDPOINTS.map(({ reason, ...endpoint }) =>
    rawRoute({
      ...endpoint,
      site: 'accounts',
      allow: { who: 'handler', reason },
      maxBodyBytes: MAX_BODY_BYTES,
      handle: (call, exchange) => handle(call, exchange),
    }),
  )
  const all = [...engineRoutes, ...deviceRoutes({ handle, ...device }), ...userinfoRoutes(userinfo)]
  return [
    ...all,
    ...(hasCertificateHost ? all.filter(({ path }) => isAliased(path)).map((one) => ({ ...one, site: 'certificates' as const })) : []),
    forwarded('/authorize', 'The authorization endpoint by POST (OpenID Connect Core section 3.1.2.1)'),
    // The hint of an ID token stays out of addresses, and so out of histories and logs: it is why this goes by POST.
    forwarded(END_SESSION_PATH, 'Sign-out asked for by a client, by POST', (form) => sealedSearch(keyRing, form)),
    route({
      method: 'GET',
      path: ACCOUNTS_CALLBACK,
      site: 'accounts',
      allow: {
        who: 'handler',
        reason: 'Sends the person back to the account page they came from; whoever is not signed in is asked there.',
      },
      rate: 'page',
      summary: 'The end of signing in for the account pages',
      input: { query: z.looseObject({ state: z.string().optional() }) },
      answers: { 303: 'empty' },
      handle: async (_call, { query }) => seeOther(returnPath(keyRing, query.state)),
    }),
  ]
}

function userinfoRoutes(handle: ProviderRoutesDependencies['userinfo']): readonly Route[] {
  return (['GET', 'POST'] as const).map((method) =>
    rawRoute({
      method,
      path: '/userinfo',
      site: 'accounts',
      allow: { who: 'handler', reason: 'Needs a bearer token, which the handler checks.' },
      rate: 'token',
      summary: 'Claims about the person (OpenID Connect Core section 5.3)',
      csrfExempt: 'Only a bearer token counts here, never a cookie.',
      // A token in a form (RFC 6750 section 2.2) is not taken, and whoever sends one is told how it is: by the header.
      maxBodyBytes: MAX_BODY_BYTES,
      handle,
    }),
  )
}
