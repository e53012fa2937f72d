// Ties the engine to the issuer's address (RFC 9700 section 4.13): what it says of itself never follows a header of the request.
import type { IncomingMessage } from 'node:http'
import type Provider from 'oidc-provider'

const FORWARDING = ['forwarded', 'x-forwarded-host', 'x-forwarded-proto', 'x-forwarded-for', 'x-forwarded-port'] as const

export function pinAddress(provider: Provider, issuer: string): void {
  const { host, hostname, protocol } = new URL(issuer)
  const scheme = protocol.slice(0, -1)
  Object.defineProperties(provider.request, {
    host: { get: () => host },
    hostname: { get: () => hostname },
    protocol: { get: () => scheme },
    // Cookies are `Secure` always: browsers accept them on loopback over plain HTTP, and nowhere else is plain HTTP allowed.
    secure: { get: () => true },
  })
}

/** The same for code of the engine that looks at the message itself. */
export function pinRequest(request: IncomingMessage, issuer: string): void {
  for (const name of FORWARDING) delete request.headers[name]
  request.headers.host = new URL(issuer).host
}
