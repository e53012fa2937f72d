// Keys that sign in this thread. A signature on a curve takes 80 us there; the engine's own way goes through WebCrypto to another thread and back, which
// costs as much again. RSA takes five times as long, so it stays where it holds nobody up.
import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import { ExternalSigningKey, type JWK } from 'oidc-provider'
import type { PrivateJwk, SigningAlgorithm } from '../keys/jwk.ts'

/** The digest that a signature is made of; Ed25519 has its own (RFC 8037 section 3.1). */
const DIGESTS: Partial<Record<SigningAlgorithm, 'sha256' | null>> = { ES256: 'sha256', EdDSA: null }

export function signingKeyOf(jwk: PrivateJwk): JWK | ExternalSigningKey {
  const digest = DIGESTS[jwk.alg]
  return digest === undefined ? { ...jwk } : new OwnSigningKey(jwk, digest)
}

class OwnSigningKey extends ExternalSigningKey {
  readonly #private: KeyObject
  readonly #public: KeyObject
  readonly #digest: 'sha256' | null

  constructor(jwk: PrivateJwk, digest: 'sha256' | null) {
    super()
    this.#private = createPrivateKey({ key: jwk, format: 'jwk' })
    this.#public = createPublicKey(this.#private)
    this.#digest = digest
    // The types have them for reading alone.
    Object.assign(this, { kid: jwk.kid, alg: jwk.alg })
  }

  override keyObject(): KeyObject {
    return this.#public
  }

  override sign(data: Uint8Array): Uint8Array {
    // RFC 7518 section 3.4: the two numbers side by side.
    return sign(this.#digest, data, { key: this.#private, dsaEncoding: 'ieee-p1363' })
  }
}
