// The endpoints of the device flow (RFC 8628). The engine answers them; short codes are counted before it sees them.
import type { Call } from '#kernel/call.ts'
import { type Exchange, type Route, rawRoute } from '#kernel/http/route.ts'
import type { Counts } from '../accounts/counts.ts'
import { DEVICE_PATH, type DevicePages, mayTryCode } from './device-flow.ts'

const MAX_BODY_BYTES = 65_536
const CLIENT_AUTHENTICATES = 'The client authenticates itself in the request; cookies of a browser are not looked at.'

export interface DeviceRoutesParts {
  /** Gives the request to the engine, under another address when told. */
  handle(this: void, call: Call, exchange: Exchange, url?: string): Promise<void>
  readonly counts: Counts
  readonly pages: DevicePages
}

export function deviceRoutes({ handle, counts, pages }: DeviceRoutesParts): readonly Route[] {
  const common = { site: 'accounts', maxBodyBytes: MAX_BODY_BYTES } as const
  return [
    rawRoute({
      ...common,
      method: 'POST',
      path: '/device-authorization',
      rate: 'token',
      summary: 'A code for signing in on another device (RFC 8628)',
      allow: { who: 'handler', reason: CLIENT_AUTHENTICATES },
      csrfExempt: CLIENT_AUTHENTICATES,
      errors: 'oauth',
      handle: (call, exchange) => handle(call, exchange),
    }),
    rawRoute({
      ...common,
      method: 'GET',
      path: DEVICE_PATH,
      // It begins a session, as an authorization does.
      rate: 'token',
      summary: 'Type the code of another device',
      allow: { who: 'handler', reason: 'Only asks; nothing is connected before the form is sent.' },
      // With a code in the address the engine would send the form by a script. Here it stands in the field, and a person sends it.
      handle: (call, exchange) => handle(call, exchange, DEVICE_PATH),
    }),
    rawRoute({
      ...common,
      method: 'POST',
      path: DEVICE_PATH,
      rate: 'sign-in',
      summary: 'Connect another device, or not',
      allow: { who: 'handler', reason: 'Needs the secret that was stored in the session when the form was made.' },
      csrfExempt: 'The form carries a secret of the session, which the engine compares.',
      async handle(call, exchange) {
        if (await mayTryCode(counts, call, exchange.client)) {
          await handle(call, exchange)
          return
        }
        const page = pages.devicePage(exchange, { action: DEVICE_PATH, xsrf: '', code: '', problem: 'often' })
        const headers = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store', 'retry-after': '600' }
        exchange.response.writeHead(429, headers).end(page.toString())
      },
    }),
  ]
}
