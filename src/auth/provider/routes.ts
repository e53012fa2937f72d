// The engine's endpoints on the accounts origin. The engine answers them itself; here is who may call them and why that is safe.
import type { Call } from '#kernel/call.ts'
import { httpErrors } from '#kernel/http/problem.ts'
import { type Exchange, MAX_TARGET_LENGTH, type Method, type RateClass, type Route, rawRoute, route, seeOther } from '#kernel/http/route.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import { z } from '#kernel/schema.ts'
import { ACCOUNTS_CALLBACK } from './clients.ts'
import { type DeviceRoutesParts, deviceRoutes } from './device-routes.ts'
import type { BuiltProvider } from './provider.ts'
import { inScope } from './scope.ts'
import { returnPath } from './sign-in-address.ts'

const MAX_BODY_BYTES = 65_536

export interface ProviderRoutesDependencies {
  dispatch(): BuiltProvider['dispatch']
  userinfo(this: void, call: Call, exchange: Exchange): Promise<void>
  readonly keyRing: KeyRing
  readonly device: Omit<DeviceRoutesParts, 'handle'>
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
    path: '/end-session',
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
    csrfExempt: 'The form is sealed for the session that it was shown to; without it the person is only asked.',
  },
  { method: 'GET', path: '/end-session/success', rate: 'page', summary: 'Signed out', reason: 'Tells nothing.' },
]

export function providerRoutes({ dispatch, userinfo, keyRing, device }: ProviderRoutesDependencies): readonly Route[] {
  const handle = async (call: Call, exchange: Exchange, url?: string): Promise<void> => {
    const { request, response } = exchange
    // The gateway has normalised the address; the engine must not see the raw one (an absolute form would move its links).
    request.url = url ?? (exchange.search === '' ? exchange.path : `${exchange.path}?${exchange.search}`)
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
  return [
    ...engineRoutes,
    ...deviceRoutes({ handle, ...device }),
    forwarded('/authorize', 'The authorization endpoint by POST (OpenID Connect Core section 3.1.2.1)'),
    forwarded('/end-session', 'Sign-out asked for by a client, by POST'),
    ...(['GET', 'POST'] as const).map((method) =>
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
        handle: userinfo,
      }),
    ),
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

/** A cross-site POST comes without the Lax cookies; the same request as a GET has them. */
function forwarded(path: string, summary: string): Route {
  return rawRoute({
    method: 'POST',
    path,
    site: 'accounts',
    allow: { who: 'handler', reason: 'Only turns the request into a GET of the same page.' },
    rate: 'page',
    summary,
    csrfExempt: 'Changes nothing: the request is sent back as a GET, which has its own checks.',
    // What is longer is longer as an address, too.
    maxBodyBytes: MAX_TARGET_LENGTH,
    async handle(_call, { method, request, response }) {
      if (method === 'OPTIONS') {
        response.writeHead(204, { allow: 'GET, HEAD, POST' }).end()
        return
      }
      if (!/^application\/x-www-form-urlencoded(?:;|$)/i.test(request.headers['content-type'] ?? '')) {
        throw httpErrors.unsupported_media_type({ detail: 'Send a form (application/x-www-form-urlencoded).' })
      }
      const form = await readWhole(request)
      // Encoded anew it may be three times as long.
      const location = `${path}?${new URLSearchParams(form).toString()}`
      if (form.length > MAX_TARGET_LENGTH || location.length > MAX_TARGET_LENGTH)
        throw httpErrors.too_large({ detail: 'The request is too long for a redirect; push it to /par first.' })
      response.writeHead(303, { location, 'cache-control': 'no-store', 'content-length': '0' })
      response.end()
    },
  })
}

/** Not much more than can be sent on. Whoever has sent more can still be told. */
async function readWhole(request: Exchange['request']): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    const part = Buffer.from(chunk)
    bytes += part.length
    chunks.push(part)
    if (bytes > MAX_TARGET_LENGTH) break
  }
  return Buffer.concat(chunks).toString('utf8')
}
