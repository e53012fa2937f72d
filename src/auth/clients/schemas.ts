// The shape of a client, as an app definition gives it and as it is stored. What it must fulfil beyond its shape is in provider/client-rules.ts.
import { z } from '#kernel/schema.ts'
import type { ClientChange, ClientDefinition, ClientLifetimes } from './contract.ts'

const text = z.string().min(1).max(2000)
const texts = z.array(text).max(100)
const seconds = z.int().positive()
const MAX_LOGO_CHARACTERS = 45_000

export const clientLifetimes = z.strictObject({
  accessToken: seconds.exactOptional(),
  idToken: seconds.exactOptional(),
  refreshToken: seconds.exactOptional(),
  refreshGrace: z.int().min(0).max(60).exactOptional(),
} satisfies Record<keyof ClientLifetimes, unknown>)

export const publicKeyDefinition = z.looseObject({ kty: text, kid: text.exactOptional(), alg: text.exactOptional() })

const clientAuthentication = z.discriminatedUnion('method', [
  z.strictObject({ method: z.literal('none') }),
  z.strictObject({ method: z.enum(['client_secret_basic', 'client_secret_post']), secretHashes: texts }),
  z.strictObject({ method: z.literal('private_key_jwt'), keys: z.array(publicKeyDefinition).min(1).max(20) }),
  z.strictObject({
    method: z.literal('tls_client_auth'),
    subject: z.strictObject({ kind: z.enum(['dn', 'dns', 'uri', 'ip', 'email']), value: text }),
  }),
  z.strictObject({ method: z.literal('self_signed_tls_client_auth'), certificates: z.array(z.string().max(20_000)).min(1).max(20) }),
])

export const clientDefinition = z.strictObject({
  clientId: text,
  name: z.string().min(1).max(200),
  redirectUris: texts,
  origins: texts,
  scopes: texts,
  postLogoutRedirectUris: texts.exactOptional(),
  clientUri: text.exactOptional(),
  policyUri: text.exactOptional(),
  tosUri: text.exactOptional(),
  logo: z.string().max(MAX_LOGO_CHARACTERS, 'must be a picture of at most 32 KiB').exactOptional(),
  verified: z.boolean().exactOptional(),
  consent: z.enum(['once', 'always', 'never']).exactOptional(),
  lifetimes: clientLifetimes.exactOptional(),
  backchannelLogoutUri: text.exactOptional(),
  requirePushedAuthorizationRequests: z.boolean().exactOptional(),
  requireSignedRequestObject: z.boolean().exactOptional(),
  requestObjectKeys: z.array(publicKeyDefinition).min(1).max(20).exactOptional(),
  authentication: clientAuthentication.exactOptional(),
  grants: z
    .array(z.enum(['authorization_code', 'device_code', 'client_credentials', 'token_exchange']))
    .min(1)
    .exactOptional(),
  exchange: z.strictObject({ audiences: texts.min(1) }).exactOptional(),
  boundTokens: z.enum(['dpop', 'mtls']).exactOptional(),
  idTokenAlgorithm: z.enum(['RS256', 'ES256', 'EdDSA']).exactOptional(),
  idTokenAtRefresh: z.boolean().exactOptional(),
} satisfies Record<keyof ClientDefinition, unknown>)

/** What may be changed of a stored client: everything but its id. */
const { clientId: _clientId, name, redirectUris, origins, scopes, ...optional } = clientDefinition.shape
export const clientChange: z.ZodType<ClientChange> = z.strictObject({
  ...optional,
  name: name.exactOptional(),
  redirectUris: redirectUris.exactOptional(),
  origins: origins.exactOptional(),
  scopes: scopes.exactOptional(),
})

/** Epoch milliseconds. */
const time = z.int().nonnegative()

/** What operators had vouched for, and when the client changed it. */
const lapsedTrust = z.strictObject({
  at: time,
  name: z.string(),
  redirectUris: z.array(z.string()),
  scopes: z.array(z.string()).exactOptional(),
})

export const storedClient = z.strictObject({
  /** The client id. */
  id: z.string(),
  source: z.enum(['operator', 'registration', 'document']),
  definition: clientDefinition,
  /** Of a client that looks after itself: what operators have changed, which stays whatever it says of itself. */
  overrides: clientChange.exactOptional(),
  lapsed: lapsedTrust.exactOptional(),
  /** SHA-256 of the client secret: it has 256 random bits, and is shown once. */
  secretHash: z.string().exactOptional(),
  /** The secret before, while it is still taken. */
  earlierSecret: z.strictObject({ hash: z.string(), until: time }).exactOptional(),
  /** Of one that signs for itself: the key before, while it is still taken. */
  earlierKey: z.strictObject({ key: publicKeyDefinition, until: time }).exactOptional(),
  /** When the present secret or key took the place of another, and where it was a person, by whom (see credential.ts). */
  renewed: z.strictObject({ at: time, by: z.string().exactOptional() }).exactOptional(),
  /** How it sends the secret; in the header unless told. */
  secretMethod: z.enum(['client_secret_basic', 'client_secret_post']).exactOptional(),
  /** SHA-256 of the token with which a client looks after its own registration (RFC 7592). */
  managementHash: z.string().exactOptional(),
  createdAt: time,
  /** Of a document: where it is. */
  place: z.string().exactOptional(),
  /** Of a document: when it is to be fetched again. */
  freshUntil: time.exactOptional(),
  /** Of clients that came by themselves: when they are forgotten unless they are used before. */
  expiresAt: time.exactOptional(),
  /** Since when operators refuse it, however it comes. Such a record stays until that is undone. */
  blockedAt: time.exactOptional(),
  /** Tokens of before are good no more: it was blocked in between. */
  goodFrom: time.exactOptional(),
})

export type StoredClient = z.infer<typeof storedClient>

export const clientView = z.strictObject({
  source: z.enum(['app', 'operator', 'registration', 'document']),
  definition: clientDefinition,
  hasSecret: z.boolean(),
  credential: z.string().exactOptional(),
  createdAt: time.exactOptional(),
  earlierSecretUntil: time.exactOptional(),
  blockedAt: time.exactOptional(),
  lapsed: lapsedTrust.exactOptional(),
})
