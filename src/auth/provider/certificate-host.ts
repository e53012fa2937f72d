// The host of its own at which clients show certificates (RFC 8705 section 5), so that the proxy asks no browser of a person for one: the endpoints that clients
// call themselves answer there as well. The issuer stays what it is, and so does every address that people are sent to.
import type Provider from 'oidc-provider'
import { currentExchange } from './scope.ts'

/** Members of the metadata, and of what there is named like them there. */
const ENDPOINTS = {
  token_endpoint: '/token',
  revocation_endpoint: '/revoke',
  introspection_endpoint: '/introspect',
  pushed_authorization_request_endpoint: '/par',
  device_authorization_endpoint: '/device-authorization',
  userinfo_endpoint: '/userinfo',
} as const

const PATHS: ReadonlySet<string> = new Set(Object.values(ENDPOINTS))

export const isAliased = (path: string): boolean => PATHS.has(path)

export function endpointAliases(origin: string): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(ENDPOINTS).map(([member, path]) => [member, origin + path]))
}

/** For the engine, which holds proofs of keys (RFC 9449 section 4.3) against the address of the endpoint that it believes to be at: that of the request. */
export function nameEndpointAsAsked(provider: Provider, origin: string | undefined): void {
  if (origin === undefined) return
  const { prototype } = provider.OIDCContext
  const { urlFor } = prototype
  prototype.urlFor = function urlAsAsked(this: typeof prototype, name, options) {
    const url = urlFor.call(this, name, options)
    return name === this.route && currentExchange()?.origin === origin ? origin + new URL(url).pathname : url
  }
}
