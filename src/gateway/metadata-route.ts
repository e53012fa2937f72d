// What the API says of itself to clients that know its address alone (RFC 9728): who gives tokens for it, and how they are shown. Each address of it that is
// a resource by itself says the same of itself.
import { PROOF_ALGORITHMS } from '#kernel/http/proof.ts'
import { ok, type Route, route } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { metadataPath } from '#kernel/protected-endpoint.ts'
import type { Sites } from '#kernel/sites.ts'

const metadata = z.strictObject({
  resource: z.string(),
  resource_name: z.string().optional(),
  authorization_servers: z.array(z.string()),
  scopes_supported: z.array(z.string()).optional(),
  bearer_methods_supported: z.array(z.string()),
  dpop_signing_alg_values_supported: z.array(z.string()),
  tls_client_certificate_bound_access_tokens: z.boolean(),
})

export interface ResourceMetadata {
  readonly sites: Sites
  /** The API, or an address of it that is a resource by itself. */
  readonly path: string
  readonly name: string | undefined
  readonly scopes: readonly string[]
  readonly takesCertificates: boolean
}

export function metadataRoute({ sites, path, name, scopes, takesCertificates }: ResourceMetadata): Route {
  const document = {
    // Section 3.3: exactly what clients compare with the address that they have asked.
    resource: `${sites.app}${path}`,
    ...(name === undefined ? {} : { resource_name: name }),
    authorization_servers: [sites.accounts],
    // Section 3.2: what has no elements is left out. Clients that find an empty list ask for nothing.
    ...(scopes.length === 0 ? {} : { scopes_supported: [...scopes] }),
    bearer_methods_supported: ['header'],
    dpop_signing_alg_values_supported: [...PROOF_ALGORITHMS],
    tls_client_certificate_bound_access_tokens: takesCertificates,
  }
  return route({
    method: 'GET',
    path: metadataPath(path),
    site: 'app',
    allow: { who: 'anyone' },
    rate: 'page',
    summary: `Metadata of ${path === '/api' ? 'the API' : path} as a protected resource (RFC 9728)`,
    answers: { 200: metadata },
    // Public, and read by scripts of clients that are not known yet.
    handle: async () => ok(document, { 'cache-control': 'public, max-age=300', 'access-control-allow-origin': '*' }),
  })
}
