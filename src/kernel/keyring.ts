// Keys for every purpose, derived from the master key, and sealing of values at rest. The master key may have several versions: the newest one seals and
// derives, the former ones still open what they have sealed, until everything is sealed anew.
import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hash, hkdfSync, type KeyObject, timingSafeEqual } from 'node:crypto'
import { randomOctets } from './ids.ts'
import type { Secret } from './secret.ts'

const NONCE_BYTES = 12
const TAG_BYTES = 16
const ID_BYTES = 4
/** Before there were versions: format, nonce, tag, text. Since: format, id of the version, nonce, tag, text. */
const WITHOUT_ID = 1
const WITH_ID = 2

export interface KeyRing {
  /** 32 bytes that only this purpose has (HKDF-SHA-256, RFC 5869), from the newest version. */
  derive(purpose: string): Buffer
  /** The same for every version, newest first: for what people hold that was made before the newest. */
  deriveAll(purpose: string): readonly Buffer[]
  /**
   * Encrypts with AES-256-GCM. `binding` names the place where the value is stored (`table/row/column`) and is authenticated,
   * so that a sealed value copied to another row does not open.
   */
  seal(purpose: string, binding: string, plaintext: string): string
  /** The plaintext, or `undefined` when the value was not sealed for this purpose and place or was changed. */
  open(purpose: string, binding: string, sealed: string): string | undefined
  /** True for what a former version has sealed, and would be lost without it. */
  isOutdated(sealed: string): boolean
  /** How many versions there are. */
  readonly versions: number
}

interface Version {
  readonly id: Buffer
  derive(purpose: string): Buffer
  /** Importing the bytes each time costs more than the encryption. */
  sealKey(purpose: string): KeyObject
}

/** The versions of a master key as they are written: one after the other, newest first. */
export function masterKeyVersions(text: string): string[] {
  return text.split(/[\s,]+/).filter((part) => part !== '')
}

export function createKeyRing(master: Secret): KeyRing {
  const versions = masterKeyVersions(master.reveal()).map(createVersion)
  const [newest] = versions
  if (newest === undefined) throw new Error('There is no master key.')
  return {
    versions: versions.length,
    derive: (purpose) => newest.derive(purpose),
    deriveAll: (purpose) => versions.map((version) => version.derive(purpose)),
    seal(purpose, binding, plaintext) {
      const nonce = randomOctets(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', newest.sealKey(purpose), nonce, { authTagLength: TAG_BYTES })
      cipher.setAAD(Buffer.from(binding))
      const body = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()])
      return Buffer.concat([Buffer.of(WITH_ID), newest.id, nonce, cipher.getAuthTag(), body]).toString('base64url')
    },
    open(purpose, binding, sealed) {
      const bytes = Buffer.from(sealed, 'base64url')
      const hasId = bytes[0] === WITH_ID
      if (!hasId && bytes[0] !== WITHOUT_ID) return undefined
      const id = bytes.subarray(1, 1 + ID_BYTES)
      const rest = bytes.subarray(hasId ? 1 + ID_BYTES : 1)
      for (const version of versions) {
        if (hasId && !version.id.equals(id)) continue
        const text = decrypted(version.sealKey(purpose), binding, rest)
        if (text !== undefined) return text
      }
      return undefined
    },
    isOutdated(sealed) {
      const head = Buffer.from(sealed.slice(0, 8), 'base64url')
      return head[0] !== WITH_ID || !head.subarray(1, 1 + ID_BYTES).equals(newest.id)
    },
  }
}

function createVersion(key: string): Version {
  const root = Buffer.from(key, 'base64url')
  const cache = new Map<string, Buffer>()
  const sealKeys = new Map<string, KeyObject>()
  const derive = (purpose: string): Buffer => {
    let derived = cache.get(purpose)
    if (derived === undefined) {
      derived = Buffer.from(hkdfSync('sha256', root, 'ninefold', purpose, 32))
      cache.set(purpose, derived)
    }
    return derived
  }
  return {
    id: derive('version').subarray(0, ID_BYTES),
    derive,
    sealKey(purpose) {
      let sealKey = sealKeys.get(purpose)
      if (sealKey === undefined) {
        sealKey = createSecretKey(derive(`seal:${purpose}`))
        sealKeys.set(purpose, sealKey)
      }
      return sealKey
    },
  }
}

function decrypted(key: KeyObject, binding: string, bytes: Buffer): string | undefined {
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.from(binding))
  decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
  try {
    return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]).toString('utf8')
  } catch {
    return undefined
  }
}

/** SHA-256 in base64url: how opaque tokens are kept, since they have 256 random bits and need no slow hash. */
export function sha256(value: string | Buffer): string {
  return hash('sha256', value, 'base64url')
}

/** A key that is used again and again: importing the bytes each time costs three times the HMAC. */
export type HmacKey = Buffer | KeyObject

export function hmacSha256(key: HmacKey, value: string): Buffer {
  return createHmac('sha256', key).update(value).digest()
}

/** A code over a text that only we can make. */
export interface Mac {
  make(text: string): string
  isOf(text: string, code: string): boolean
}

/** `keys` newest first (`KeyRing.deriveAll`): the newest makes codes, and those of the former ones are as good. `length` cuts the code to so many characters. */
export function createMac(keys: readonly Buffer[], length?: number): Mac {
  const imported = keys.map((key) => createSecretKey(key))
  const [newest] = imported
  if (newest === undefined) throw new Error('There is no key to make codes with.')
  const codeOf = (key: KeyObject, text: string): string => hmacSha256(key, text).toString('base64url').slice(0, length)
  return {
    make: (text) => codeOf(newest, text),
    isOf: (text, code) => imported.some((key) => equalSecrets(code, codeOf(key, text))),
  }
}

/** Compares in constant time for equal lengths; different lengths differ at once, which tells nothing of the value. */
export function equalSecrets(left: string, right: string): boolean {
  const a = Buffer.from(left)
  const b = Buffer.from(right)
  return a.length === b.length && timingSafeEqual(a, b)
}
