// How a client proves who it is (RFC 6749 section 2.3, RFC 7523, RFC 8705), from its definition to what the engine knows of it.
import { createPublicKey, X509Certificate } from 'node:crypto'
import type { ClientMetadata } from 'oidc-provider'
import { isNameReadable } from './certificate-names.ts'
import type { ClientAuthentication, ClientDefinition, PublicKeyDefinition } from '../clients/contract.ts'

/** Every method that some client may use. Not `client_secret_jwt`: it needs the secret itself, and we keep hashes. */
export const AUTHENTICATION_METHODS = [
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
  'none',
] as const

/** The two names of one algorithm (RFC 9864 section 2.2): older libraries know the second alone, which means this curve and no other here. */
const ED25519 = ['Ed25519', 'EdDSA'] as const

/** Of assertions: asymmetric ones only (RFC 9700 section 2.5). */
export const ASSERTION_ALGORITHMS = ['ES256', ...ED25519, 'PS256', 'RS256'] as const

/** Of several secrets that are good at once; base64url has none of these. */
export const HASH_SEPARATOR = '.'

const HASH = /^[\w-]{43}$/
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'] as const
const SUBJECTS = {
  dn: 'tls_client_auth_subject_dn',
  dns: 'tls_client_auth_san_dns',
  uri: 'tls_client_auth_san_uri',
  ip: 'tls_client_auth_san_ip',
  email: 'tls_client_auth_san_email',
} as const

const GRANT_TYPES = {
  authorization_code: ['authorization_code', 'refresh_token'],
  device_code: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
  client_credentials: ['client_credentials'],
  token_exchange: ['urn:ietf:params:oauth:grant-type:token-exchange'],
} as const

export function grantTypesOf({ grants = ['authorization_code'] }: Pick<ClientDefinition, 'grants'>): string[] {
  return [...new Set(grants.flatMap((grant) => [...GRANT_TYPES[grant]]))]
}

/** The part of the engine's client metadata that says how it authenticates. */
export function authenticationMetadata(
  given: ClientAuthentication | undefined,
  /** Of the secret that was made for it here. */
  secretHash?: string,
): Partial<ClientMetadata> {
  const usual = secretHash === undefined ? ({ method: 'none' } as const) : ({ method: 'client_secret_basic', secretHashes: [] } as const)
  const authentication = given ?? usual
  const { method } = authentication
  switch (method) {
    case 'none':
      return { token_endpoint_auth_method: method }
    case 'client_secret_basic':
    case 'client_secret_post': {
      const hashes = [...authentication.secretHashes, ...(secretHash === undefined ? [] : [secretHash])]
      return { token_endpoint_auth_method: method, client_secret: hashes.join(HASH_SEPARATOR) }
    }
    case 'private_key_jwt':
      return { token_endpoint_auth_method: method, jwks: { keys: authentication.keys.map((key) => ({ ...key })) } }
    case 'tls_client_auth':
      return { token_endpoint_auth_method: method, [SUBJECTS[authentication.subject.kind]]: authentication.subject.value }
    case 'self_signed_tls_client_auth':
      return { token_endpoint_auth_method: method, jwks: { keys: authentication.certificates.map(certificateKey) } }
    default:
      return method
  }
}

/** A self-signed certificate is registered as the key in it, with the certificate beside (RFC 8705 section 2.2.2). */
function certificateKey(pem: string): PublicKeyDefinition {
  const certificate = new X509Certificate(pem)
  const { kty = '', ...jwk } = certificate.publicKey.export({ format: 'jwk' })
  return { ...jwk, kty, x5c: [certificate.raw.toString('base64')] }
}

/** What is wrong with how the client authenticates and what it may do by that, one line each. */
export function authenticationProblems(client: ClientDefinition): string[] {
  const { authentication = { method: 'none' }, grants = ['authorization_code'], boundTokens, exchange } = client
  const isPublic = authentication.method === 'none'
  const isMtls = authentication.method === 'tls_client_auth' || authentication.method === 'self_signed_tls_client_auth'
  const forSecret = grants.filter((grant) => grant !== 'authorization_code' && grant !== 'device_code')
  const problems = [
    ...credentialProblems(authentication),
    // RFC 6749 section 4.4: whoever knows the id of a public client is that client.
    ...(isPublic ? forSecret.map((grant) => `the grant "${grant}" needs a client that authenticates.`) : []),
    boundTokens === 'mtls' && !isMtls ? 'tokens bound to a certificate need a client that authenticates with one.' : undefined,
    grants.includes('token_exchange') === (exchange !== undefined)
      ? undefined
      : 'the grant "token_exchange" and the audiences under "exchange" need each other.',
  ]
  return problems.filter((problem) => problem !== undefined)
}

/** Of a client of the app definition, which has nothing beside what stands there: a stored one may have its secret in its record. */
export function unprovenProblems({ clientId, authentication = { method: 'none' } }: ClientDefinition): string[] {
  const empty = Object.entries(authentication).filter(([, proofs]) => Array.isArray(proofs) && proofs.length === 0)
  return empty.map(
    ([member]) =>
      `Client ${JSON.stringify(clientId)}: it proves itself by ${authentication.method}, so "${member}" of its authentication cannot be empty.`,
  )
}

function credentialProblems(authentication: ClientAuthentication): string[] {
  switch (authentication.method) {
    case 'client_secret_basic':
    case 'client_secret_post':
      return authentication.secretHashes
        .filter((hash) => !HASH.test(hash))
        .map(() => 'a secret hash must be SHA-256 in base64url (43 characters), never the secret itself.')
    case 'private_key_jwt':
      return authentication.keys
        .filter((key) => !isPublicKey(key))
        .map(() => 'its keys must be public keys (RFC 7517): RSA, EC or OKP; a private key belongs to the client alone.')
    case 'self_signed_tls_client_auth':
      return authentication.certificates.filter((pem) => !isCertificate(pem)).map(() => 'a certificate is no PEM certificate.')
    case 'tls_client_auth': {
      const { kind, value } = authentication.subject
      return isNameReadable(kind, value) ? [] : [`its subject ${JSON.stringify(value)} is no ${NAMES[kind]}.`]
    }
    case 'none':
      return []
    default:
      return authentication
  }
}

const NAMES = {
  dn: 'distinguished name (RFC 4514), such as "CN=till,O=Example,C=DE"',
  dns: 'host name',
  uri: 'URI',
  ip: 'IP address',
  email: 'address of a mailbox',
} as const

/** Of a key of whatever kind. */
export function hasPrivateMember(key: object): boolean {
  return PRIVATE_MEMBERS.some((member) => member in key)
}

const KEY_TYPES = new Set(['RSA', 'EC', 'OKP'])

/** Also one that can be used: on its curve, with all of its members. */
export function isPublicKey(key: PublicKeyDefinition): boolean {
  if (!KEY_TYPES.has(key.kty) || hasPrivateMember(key)) return false
  try {
    return createPublicKey({ key: { ...key }, format: 'jwk' }).type === 'public'
  } catch {
    return false
  }
}

/** A key for which there is an algorithm here. */
export function isUsableKey(key: PublicKeyDefinition): boolean {
  return isPublicKey(key) && faultOf(key) === undefined
}

/**
 * What is wrong with keys of a newcomer that are public, and can verify nothing here. One that says itself that it is for another purpose harms nobody
 * beside one that can be used; any other would be signed with, and nobody would be told why that is refused.
 */
export function keyProblems({
  authentication,
  requestObjectKeys = [],
}: Pick<ClientDefinition, 'authentication' | 'requestObjectKeys'>): string[] {
  const keys = authentication?.method === 'private_key_jwt' ? authentication.keys : []
  return [keys, requestObjectKeys].flatMap((set) => {
    const hasUsable = set.some(isUsableKey)
    return set.flatMap((key) => {
      const fault = isPublicKey(key) && !(hasUsable && isForOther(key)) ? faultOf(key) : undefined
      return fault === undefined ? [] : [`its key ${JSON.stringify(key.kid ?? key.kty)} cannot be used: ${fault}`]
    })
  })
}

const MIN_RSA_BITS = 2048

function algorithmsOf(key: PublicKeyDefinition): readonly string[] {
  if (key.kty === 'EC') return key['crv'] === 'P-256' ? ['ES256'] : []
  if (key.kty === 'OKP') return key['crv'] === 'Ed25519' ? ED25519 : []
  const { modulusLength = 0 } = createPublicKey({ key: { ...key }, format: 'jwk' }).asymmetricKeyDetails ?? {}
  return modulusLength >= MIN_RSA_BITS ? ['PS256', 'RS256'] : []
}

/** Not for signatures, as it says itself (RFC 7517 sections 4.2 and 4.3). */
export function isForOther(key: PublicKeyDefinition): boolean {
  const { use, key_ops: operations } = key
  return (typeof use === 'string' && use !== 'sig') || (Array.isArray(operations) && !operations.includes('verify'))
}

function faultOf(key: PublicKeyDefinition): string | undefined {
  const algorithms = algorithmsOf(key)
  if (isForOther(key)) return 'it is not for signatures (its "use" or "key_ops").'
  if (algorithms.length === 0) return `it must be EC on P-256, OKP on Ed25519, or RSA of at least ${MIN_RSA_BITS} bits.`
  return key.alg === undefined || algorithms.includes(key.alg) ? undefined : `its "alg" must be ${algorithms.join(' or ')}, or left out.`
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0
  } catch {
    return false
  }
}
