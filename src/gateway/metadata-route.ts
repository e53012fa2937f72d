// What the API says of itself to clients that know its address alone (RFC 9728): who gives tokens for it, and how they are shown.
import { PROOF_ALGORITHMS } from '#kernel/http/proof.ts'
import { ok, type Route, route } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { apiAudience, type Sites } from '#kernel/sites.ts'
import { METADATA_PATH } from './tokens/challenges.ts'

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
  readonly name: string | undefined
  readonly scopes: readonly string[]
  readonly takesCertificates: boolean
}

export function metadataRoute({ sites, name, scopes, takesCertificates }: ResourceMetadata): Route {
  const document = {
    resource: apiAudience(sites),
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
    path: METADATA_PATH,
    site: 'app',
    allow: { who: 'anyone' },
    rate: 'page',
    summary: 'Metadata of the API as a protected resource (RFC 9728)',
    answers: { 200: metadata },
    // Public, and read by scripts of clients that are not known yet.
    handle: async () => ok(document, { 'cache-control': 'public, max-age=300', 'access-control-allow-origin': '*' }),
  })
}
