// What everybody may read: the two metadata documents (OpenID Connect Discovery, RFC 8414), completed and kept to what is so here, and the key set.
import type { KoaContextWithOIDC } from 'oidc-provider'
import { sha256 } from '#kernel/keyring.ts'
import { z } from '#kernel/schema.ts'
import type { RegistrationDefinition } from '../clients/contract.ts'
import { KEY_SET_SECONDS } from '../keys/generations.ts'
import { endpointAliases } from './certificate-host.ts'
import { REGISTRATION_PATH } from '../registration/path.ts'

const METADATA_PATHS: ReadonlySet<string> = new Set(['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'])

const metadata = z.looseObject({
  scopes_supported: z.array(z.string()),
  token_endpoint_auth_methods_supported: z.array(z.string()),
  token_endpoint_auth_signing_alg_values_supported: z.array(z.string()),
})

/** RFC 8705: by a certificate. */
const CERTIFICATE_METHODS: ReadonlySet<string> = new Set(['tls_client_auth', 'self_signed_tls_client_auth'])

type Context = Pick<KoaContextWithOIDC, 'path' | 'status' | 'body' | 'set' | 'remove' | 'fresh'>

export interface PublishingParts {
  readonly issuer: string
  readonly apiScopes: readonly string[]
  /** The API, and the addresses of it that are resources by themselves; what an app defines beside it may be nobody's business. */
  readonly ownResources: readonly string[]
  readonly registration: RegistrationDefinition
  readonly takesCertificates: boolean
  /** Where clients show them, if that has a host of its own. */
  readonly certificates: string | undefined
  /** What people can read the pages in, as `ui_locales` may ask for it. */
  readonly languages: readonly string[]
}

export function publish(context: Context, parts: PublishingParts): void {
  if (context.status !== 200) return
  if (METADATA_PATHS.has(context.path)) context.body = completed(context.body, parts)
  else if (context.path !== '/jwks') return
  context.set('cache-control', `public, max-age=${KEY_SET_SECONDS}`)
  // Whoever asks again and again is told in a few bytes that nothing has changed (RFC 9110 section 13.1.2).
  context.set('etag', `"${sha256(JSON.stringify(context.body))}"`)
  if (context.fresh) context.status = 304
}

function completed(
  body: unknown,
  { issuer, apiScopes, ownResources, registration, takesCertificates, certificates, languages }: PublishingParts,
): Record<string, unknown> {
  const document = metadata.parse(body)
  const methods = document.token_endpoint_auth_methods_supported.filter((method) => takesCertificates || !CERTIFICATE_METHODS.has(method))
  const algorithms = document.token_endpoint_auth_signing_alg_values_supported
  return {
    ...document,
    scopes_supported: [...new Set([...document.scopes_supported, ...apiScopes])],
    // RFC 9728 section 4: what names us as its server is named by us.
    protected_resources: ownResources,
    response_modes_supported: ['query', 'fragment'],
    ui_locales_supported: languages,
    token_endpoint_auth_methods_supported: methods,
    // Left out, they would be client_secret_basic alone (RFC 8414 section 2).
    revocation_endpoint_auth_methods_supported: methods,
    revocation_endpoint_auth_signing_alg_values_supported: algorithms,
    introspection_endpoint_auth_methods_supported: methods.filter((method) => method !== 'none'),
    introspection_endpoint_auth_signing_alg_values_supported: algorithms,
    tls_client_certificate_bound_access_tokens: takesCertificates,
    ...(certificates === undefined ? {} : { mtls_endpoint_aliases: endpointAliases(certificates) }),
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
    ...(registration.dynamic === undefined ? {} : { registration_endpoint: `${issuer}${REGISTRATION_PATH}` }),
    ...(registration.documents === true ? { client_id_metadata_document_supported: true } : {}),
  }
}
