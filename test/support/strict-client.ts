// `oauth4webapi`, a strict client that we did not write, with a way to a server on this machine whatever its host is called.
import * as oauth from 'oauth4webapi'
import { type OauthWorld, send } from './oauth.ts'

type World = Pick<OauthWorld, 'port' | 'sites'>

export interface StrictOptions {
  readonly [oauth.customFetch]: (url: string, options: StrictRequest) => Promise<Response>
  readonly [oauth.allowInsecureRequests]: true
}

interface StrictRequest {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: unknown
}

/** The library's fetch. */
export async function localFetch(world: World, url: string, options: StrictRequest): Promise<Response> {
  const { host, pathname, search } = new URL(url)
  const body = options.body instanceof URLSearchParams ? Object.fromEntries(options.body) : undefined
  const reply = await send(world, {
    method: options.method ?? 'GET',
    path: pathname + search,
    headers: { host, accept: 'application/json', ...options.headers },
    ...(body === undefined ? {} : { form: body }),
    ...(typeof options.body === 'string' ? { text: options.body } : {}),
  })
  const headers = Object.entries(reply.headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  )
  return new Response(reply.body === '' ? null : reply.body, { status: reply.status, headers })
}

export async function discoverIssuer(world: World): Promise<{ server: oauth.AuthorizationServer; insecure: StrictOptions }> {
  const insecure: StrictOptions = {
    [oauth.customFetch]: (url, options) => localFetch(world, url, options),
    [oauth.allowInsecureRequests]: true,
  }
  const issuer = new URL(world.sites.accounts)
  return { server: await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure)), insecure }
}
