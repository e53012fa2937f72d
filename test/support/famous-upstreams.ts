// Google, Microsoft and Apple as they speak to their clients: their discovery documents, keys, claims and proofs, at their own addresses.
import assert from 'node:assert/strict'
import type { KeyObject } from 'node:crypto'
import { jwtVerify } from 'jose'
import { type OutwardRequest, sendOutward } from '#kernel/http/outward.ts'
import { CLIENT_ID, type Manner, type Upstream } from './upstream.ts'

const shared = { response_types_supported: ['code'], id_token_signing_alg_values_supported: ['RS256'] }

export const GOOGLE: Manner = {
  document: () => ({
    ...shared,
    issuer: 'https://accounts.google.com',
    authorization_endpoint: 'https://accounts.google.com/o/oauth2/v2/auth',
    token_endpoint: 'https://oauth2.googleapis.com/token',
    userinfo_endpoint: 'https://openidconnect.googleapis.com/v1/userinfo',
    jwks_uri: 'https://www.googleapis.com/oauth2/v3/certs',
    subject_types_supported: ['public'],
    token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
    code_challenge_methods_supported: ['plain', 'S256'],
  }),
  keyMembers: { alg: 'RS256' },
}

const LOGIN = 'https://login.microsoftonline.com'

/** Several tenants have one document, whose issuer is a pattern; their keys do not say their algorithm. */
export const MICROSOFT: Manner = {
  document(path) {
    const tenant = path.split('/')[1] ?? ''
    const issuer = tenant === 'common' || tenant === 'organizations' ? '{tenantid}' : tenant
    return {
      ...shared,
      issuer: `${LOGIN}/${issuer}/v2.0`,
      authorization_endpoint: `${LOGIN}/${tenant}/oauth2/v2.0/authorize`,
      token_endpoint: `${LOGIN}/${tenant}/oauth2/v2.0/token`,
      userinfo_endpoint: 'https://graph.microsoft.com/oidc/userinfo',
      jwks_uri: `${LOGIN}/${tenant}/discovery/v2.0/keys`,
      subject_types_supported: ['pairwise'],
      token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
      response_modes_supported: ['query', 'fragment', 'form_post'],
      request_uri_parameter_supported: false,
      tenant_region_scope: null,
    }
  },
  keyMembers: { x5t: 'k1', issuer: `${LOGIN}/{tenantid}/v2.0` },
}

export const APPLE_ISSUER = 'https://appleid.apple.com'

export interface AppleClient {
  readonly teamId: string
  readonly keyId: string
  readonly key: KeyObject
  /** What time it is there. */
  now(): Date
}

/** Its client secret is signed by its client, for minutes or months, and it has no userinfo endpoint. */
export const appleFor = ({ teamId, keyId, key, now }: AppleClient): Manner => ({
  document: () => ({
    ...shared,
    issuer: APPLE_ISSUER,
    authorization_endpoint: `${APPLE_ISSUER}/auth/authorize`,
    token_endpoint: `${APPLE_ISSUER}/auth/token`,
    jwks_uri: `${APPLE_ISSUER}/auth/keys`,
    subject_types_supported: ['pairwise'],
    response_modes_supported: ['query', 'fragment', 'form_post'],
    token_endpoint_auth_methods_supported: ['client_secret_post'],
  }),
  keyMembers: { alg: 'RS256' },
  async isClient(secret) {
    const expected = { issuer: teamId, subject: CLIENT_ID, audience: APPLE_ISSUER, algorithms: ['ES256'], currentDate: now() }
    const proved = await jwtVerify(secret, key, { ...expected, requiredClaims: ['exp', 'iat'] }).catch(() => undefined)
    return proved?.protectedHeader.kid === keyId
  },
})

/** Leads requests for these hosts to the provider that stands for them, and no other request anywhere. */
export function leadingTo(hosts: () => Readonly<Record<string, Upstream>>): typeof sendOutward {
  return async (request: OutwardRequest) => {
    const { protocol, host, pathname, search } = new URL(request.url)
    assert.equal(protocol, 'https:')
    assert.deepEqual(request.reach, { loopback: false, everywhere: false, byOperator: true }, 'as in production')
    const upstream = hosts()[host] ?? assert.fail(`asked ${host}`)
    return sendOutward({ ...request, url: `${upstream.issuer}${pathname}${search}`, reach: { loopback: true } })
  }
}
