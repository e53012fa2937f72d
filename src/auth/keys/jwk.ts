// Signing keys as JSON Web Keys (RFC 7517), one for each algorithm: made here, and the only shapes in which they are stored and published.
import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import { calculateJwkThumbprint } from 'jose'
import { z } from '#kernel/schema.ts'

const generate = promisify(generateKeyPair)

/** ES256 for our own servers; RS256 since OpenID Connect Core section 15.1 has every client know it; EdDSA where the app asks for it. */
export const SIGNING_ALGORITHMS = ['ES256', 'RS256', 'EdDSA'] as const

export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number]

export const publicJwk = z.strictObject({
  kty: z.enum(['EC', 'RSA', 'OKP']),
  kid: z.string(),
  alg: z.enum(SIGNING_ALGORITHMS),
  use: z.literal('sig'),
  crv: z.string().exactOptional(),
  x: z.string().exactOptional(),
  y: z.string().exactOptional(),
  n: z.string().exactOptional(),
  e: z.string().exactOptional(),
})

const privateJwk = publicJwk.extend({
  d: z.string(),
  p: z.string().exactOptional(),
  q: z.string().exactOptional(),
  dp: z.string().exactOptional(),
  dq: z.string().exactOptional(),
  qi: z.string().exactOptional(),
})

export type PublicJwk = z.infer<typeof publicJwk>
export type PrivateJwk = z.infer<typeof privateJwk>

/** The key id is the thumbprint of RFC 7638. */
export async function makeKey(alg: SigningAlgorithm): Promise<PrivateJwk> {
  const { privateKey } = await pairOf(alg)
  const jwk = privateKey.export({ format: 'jwk' })
  const kid = await calculateJwkThumbprint(jwk, 'sha256')
  // Operators type it on a command line, where it must not look like an option.
  if (kid.startsWith('-')) return makeKey(alg)
  return privateJwk.parse({ ...jwk, kid, alg, use: 'sig' })
}

function pairOf(alg: SigningAlgorithm) {
  if (alg === 'RS256') return generate('rsa', { modulusLength: 2048 })
  return alg === 'EdDSA' ? generate('ed25519') : generate('ec', { namedCurve: 'P-256' })
}

export function publicPart(jwk: PrivateJwk): PublicJwk {
  const { d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...rest } = jwk
  return rest
}

export function readPrivateJwk(text: string): PrivateJwk {
  return privateJwk.parse(JSON.parse(text))
}
