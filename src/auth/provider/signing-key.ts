// Keys that sign in this thread. A signature on a curve takes 40 us there; the engine's own way goes through WebCrypto to another thread and back, which
// costs four times that. RSA takes five times as long, so it stays where it holds nobody up.
import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import { ExternalSigningKey, type JWK } from 'oidc-provider'
import { signEs256 } from '#kernel/ecdsa.ts'
import type { PrivateJwk, SigningAlgorithm } from '../keys/jwk.ts'

type Sign = (key: KeyObject, data: Uint8Array) => Uint8Array

/** Ed25519 has its own digest (RFC 8037 section 3.1). */
const SIGNS: Partial<Record<SigningAlgorithm, Sign>> = { ES256: signEs256, EdDSA: (key, data) => sign(null, data, key) }

export function signingKeyOf(jwk: PrivateJwk): JWK | ExternalSigningKey {
  const own = SIGNS[jwk.alg]
  return own === undefined ? { ...jwk } : new OwnSigningKey(jwk, own)
}

class OwnSigningKey extends ExternalSigningKey {
  readonly #private: KeyObject
  readonly #public: KeyObject
  readonly #sign: Sign

  constructor(jwk: PrivateJwk, own: Sign) {
    super()
    this.#private = createPrivateKey({ key: jwk, format: 'jwk' })
    this.#public = createPublicKey(this.#private)
    this.#sign = own
    // The types have them for reading alone.
    Object.assign(this, { kid: jwk.kid, alg: jwk.alg })
  }

  override keyObject(): KeyObject {
    return this.#public
  }

  override sign(data: Uint8Array): Uint8Array {
    return this.#sign(this.#private, data)
  }
}
