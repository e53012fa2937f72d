// Proofs of possession (RFC 9449): whoever brings a token that is bound to a key signs the request with it, anew each time. A proof counts once,
// for one method and address, for one token, and for a minute, or as long as the nonce of ours that it carries.
import { createSecretKey } from 'node:crypto'
import { calculateJwkThumbprint, EmbeddedJWK, errors, type JWTVerifyResult, jwtVerify } from 'jose'
import type { Call } from '../call.ts'
import type { Clock } from '../clock.ts'
import { equalSecrets, hmacSha256, sha256 } from '../keyring.ts'
import { z } from '../schema.ts'
import { httpErrors } from './problem.ts'

/** The last two are names of one (RFC 9864 section 2.2): older libraries know `EdDSA` alone, which is Ed25519 here and never another curve. */
export const PROOF_ALGORITHMS = ['ES256', 'Ed25519', 'EdDSA'] as const
/** What a challenge says of them (RFC 9449 section 7.1). */
export const PROOF_CHALLENGE = `DPoP algs="${PROOF_ALGORITHMS.join(' ')}"`

const MAX_PROOF_LENGTH = 4096
const WINDOW_SECONDS = 60
const NONCE_MS = 60_000
/** Longer than any proof counts, with or without a nonce. */
const REMEMBERED_MS = 5 * 60_000

const claims = z.looseObject({
  jti: z.string().min(1).max(512),
  htm: z.string(),
  htu: z.string().max(8192),
  iat: z.number(),
  ath: z.string(),
  nonce: z.string().max(256).optional(),
})

export interface ShownProof {
  readonly proof: string | undefined
  readonly method: string
  /** The public origin that was asked. */
  readonly origin: string
  /** Whether a path means the one that was asked. */
  isPath(path: string): boolean
  readonly token: string
  /** The thumbprint of the key that the token is bound to. */
  readonly jkt: string
}

export interface ProofChecker {
  /** Throws unless the proof is right and new. The result is a nonce for the next one, when the client should take another. */
  check(call: Call, shown: ShownProof): Promise<string | undefined>
}

export interface ProofCheckerParts {
  /** True for the one caller that is the first to show it, of all processes. Throws when that cannot be told. */
  remember(call: Call, key: string, ttlMs: number): Promise<boolean>
  readonly clock: Clock
  /** Those of all that is behind one origin: clients keep one for each (RFC 9449 section 8.2). */
  readonly nonces: ProofNonces
  readonly requireNonce: boolean
}

export interface ProofNonces {
  /** The one that a client is given. */
  current(): string
  isGood(nonce: string): boolean
}

export function createProofChecker(parts: ProofCheckerParts): ProofChecker {
  const { clock, requireNonce, nonces } = parts

  const remember = async (call: Call, key: string): Promise<boolean> => {
    try {
      return await parts.remember(call, key, REMEMBERED_MS)
    } catch (cause) {
      // Not knowing whether it was shown before is no reason to take it.
      throw httpErrors.unavailable({ detail: 'Proofs cannot be checked just now.', cause, headers: { 'retry-after': '2' } })
    }
  }
  return {
    async check(call, shown) {
      const { proof } = shown
      if (proof === undefined || proof.length > MAX_PROOF_LENGTH) throw invalidProof('The request has no proof, or one that is too long.')
      const { payload, thumbprint } = await verified(proof)
      checkClaims(payload, shown)
      if (thumbprint !== shown.jkt) throw invalidProof('The proof is signed with another key than the token is bound to.')
      checkTime(payload, { now: clock.now(), requireNonce, nonces })
      if (!(await remember(call, sha256(`${thumbprint} ${payload.jti}`)))) throw invalidProof('The proof was used before.')
      return payload.nonce === nonces.current() ? undefined : nonces.current()
    },
  }
}

type ProofClaims = z.infer<typeof claims>

async function verified(proof: string): Promise<{ payload: ProofClaims; thumbprint: string }> {
  let result: JWTVerifyResult
  try {
    // No time is checked here: that of a proof is `iat` alone.
    result = await jwtVerify(proof, EmbeddedJWK, { algorithms: [...PROOF_ALGORITHMS], typ: 'dpop+jwt' })
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) throw invalidProof('The proof is not valid.', error)
    throw error
  }
  const parsed = claims.safeParse(result.payload)
  const { jwk } = result.protectedHeader
  if (!parsed.success || jwk === undefined) throw invalidProof('The proof lacks what it must say.', parsed.error)
  return { payload: parsed.data, thumbprint: await calculateJwkThumbprint(jwk) }
}

function checkClaims({ htm, htu, ath }: ProofClaims, shown: ShownProof): void {
  if (htm !== shown.method) throw invalidProof('The proof is for another method.')
  if (!isAddress(htu, shown)) throw invalidProof('The proof is for another address.')
  if (!equalSecrets(ath, sha256(shown.token))) throw invalidProof('The proof is for another token.')
}

/** RFC 9449 section 4.3: without query and fragment, in the same form. */
function isAddress(htu: string, shown: ShownProof): boolean {
  const url = URL.parse(htu)
  return url?.origin === shown.origin && shown.isPath(url.pathname)
}

interface Timing {
  readonly now: number
  readonly requireNonce: boolean
  readonly nonces: ProofNonces
}

function checkTime({ iat, nonce }: ProofClaims, { now, requireNonce, nonces }: Timing): void {
  if (nonce === undefined ? requireNonce : !nonces.isGood(nonce)) throw useNonce(nonces.current())
  // A client whose clock is wrong is helped by a nonce, which says when it was made by our clock.
  if (nonce === undefined && Math.abs(now / 1000 - iat) > WINDOW_SECONDS) throw useNonce(nonces.current())
}

/**
 * Nothing is stored: a nonce is its minute, signed. Every process of the platform takes those of the others.
 * @param secret 32 bytes that every process of the server has.
 */
export function createProofNonces(secret: Buffer, clock: Clock): ProofNonces {
  const key = createSecretKey(secret)
  const made = new Map<number, string>()
  const nonceOf = (minute: number): string => {
    let nonce = made.get(minute)
    if (nonce === undefined) {
      nonce = hmacSha256(key, String(minute)).toString('base64url')
      made.clear()
      made.set(minute, nonce)
    }
    return nonce
  }
  const minute = (): number => Math.floor(clock.now() / NONCE_MS)
  return {
    current: () => nonceOf(minute()),
    isGood: (nonce) => equalSecrets(nonce, nonceOf(minute())) || equalSecrets(nonce, nonceOf(minute() - 1)),
  }
}

function invalidProof(detail: string, cause?: unknown): Error {
  return httpErrors.invalid_proof({ detail, cause, headers: { 'www-authenticate': `${PROOF_CHALLENGE}, error="invalid_dpop_proof"` } })
}

function useNonce(nonce: string): Error {
  const headers = { 'www-authenticate': `${PROOF_CHALLENGE}, error="use_dpop_nonce"`, 'dpop-nonce': nonce }
  return httpErrors.invalid_proof({ detail: 'Sign the proof again, with the nonce of the header DPoP-Nonce.', headers })
}
