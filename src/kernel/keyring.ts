// Keys for every purpose, derived from one master key, and sealing of values at rest.
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  hkdfSync,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'
import type { Secret } from './secret.ts'

const NONCE_BYTES = 12
const TAG_BYTES = 16
const FORMAT = 1

export interface KeyRing {
  /** 32 bytes that only this purpose has (HKDF-SHA-256, RFC 5869). */
  derive(purpose: string): Buffer
  /**
   * Encrypts with AES-256-GCM. `binding` names the place where the value is stored (`table/row/column`) and is authenticated,
   * so that a sealed value copied to another row does not open.
   */
  seal(purpose: string, binding: string, plaintext: string): string
  /** The plaintext, or `undefined` when the value was not sealed for this purpose and place or was changed. */
  open(purpose: string, binding: string, sealed: string): string | undefined
}

export function createKeyRing(master: Secret): KeyRing {
  const cache = new Map<string, Buffer>()
  const root = Buffer.from(master.reveal(), 'base64url')
  const derive = (purpose: string): Buffer => {
    let key = cache.get(purpose)
    if (key === undefined) {
      key = Buffer.from(hkdfSync('sha256', root, 'ninefold', purpose, 32))
      cache.set(purpose, key)
    }
    return key
  }
  return {
    derive,
    seal(purpose, binding, plaintext) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', derive(`seal:${purpose}`), nonce, { authTagLength: TAG_BYTES })
      cipher.setAAD(Buffer.from(binding))
      const body = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()])
      return Buffer.concat([Buffer.of(FORMAT), nonce, cipher.getAuthTag(), body]).toString('base64url')
    },
    open(purpose, binding, sealed) {
      const bytes = Buffer.from(sealed, 'base64url')
      const start = 1 + NONCE_BYTES + TAG_BYTES
      if (bytes.length < start || bytes[0] !== FORMAT) return undefined
      const nonce = bytes.subarray(1, 1 + NONCE_BYTES)
      const decipher = createDecipheriv('aes-256-gcm', derive(`seal:${purpose}`), nonce, { authTagLength: TAG_BYTES })
      decipher.setAAD(Buffer.from(binding))
      decipher.setAuthTag(bytes.subarray(1 + NONCE_BYTES, start))
      try {
        return Buffer.concat([decipher.update(bytes.subarray(start)), decipher.final()]).toString('utf8')
      } catch {
        return undefined
      }
    },
  }
}

/** SHA-256 in base64url: how opaque tokens are kept, since they have 256 random bits and need no slow hash. */
export function sha256(value: string | Buffer): string {
  return createHash('sha256').update(value).digest('base64url')
}

/** A key that is used again and again: importing the bytes each time costs three times the HMAC. */
export type HmacKey = Buffer | KeyObject

export function hmacSha256(key: HmacKey, value: string): Buffer {
  return createHmac('sha256', key).update(value).digest()
}

/** Compares in constant time for equal lengths; different lengths differ at once, which tells nothing of the value. */
export function equalSecrets(left: string, right: string): boolean {
  const a = Buffer.from(left)
  const b = Buffer.from(right)
  return a.length === b.length && timingSafeEqual(a, b)
}
