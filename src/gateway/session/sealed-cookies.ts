// Cookies that carry tokens are encrypted JWTs (JWE, RFC 7516: `dir` and A256GCM), one key per use. What was opened once is remembered by
// the cookie's own text, so that a signed-in request costs no cryptography.
import { CompactEncrypt, compactDecrypt } from 'jose'
import { LRUCache } from 'lru-cache'
import type { KeyRing } from '#kernel/keyring.ts'
import type { Schema } from '#kernel/schema.ts'

export interface Sealer<T> {
  seal(value: T): Promise<string>
  /** What is remembered of a cookie that was opened before. */
  known(cookie: string): T | undefined
  /** `undefined` for anything that this sealer did not make. */
  open(cookie: string): Promise<T | undefined>
}

const HEADER = { alg: 'dir', enc: 'A256GCM' } as const
/** Our own header, byte for byte, and the empty encrypted key of `dir`: no other algorithm, compression or key is even parsed. */
const PREFIX = `${Buffer.from(JSON.stringify(HEADER)).toString('base64url')}..`
const MAX_COOKIE_LENGTH = 4096
const MAX_REMEMBERED = 20_000

export function createSealer<T extends object>(keyRing: KeyRing, use: string, schema: Schema<T>): Sealer<T> {
  const newest = new Uint8Array(keyRing.derive(`gateway.cookie.${use}`))
  const keys = keyRing.deriveAll(`gateway.cookie.${use}`).map((key) => new Uint8Array(key))
  const opened = new LRUCache<string, T>({ max: MAX_REMEMBERED })
  return {
    async seal(value) {
      const cookie = await new CompactEncrypt(Buffer.from(JSON.stringify(value))).setProtectedHeader(HEADER).encrypt(newest)
      if (cookie.length > MAX_COOKIE_LENGTH)
        throw new Error(`The ${use} cookie would have ${cookie.length} characters; browsers keep ${MAX_COOKIE_LENGTH}`)
      return cookie
    },
    known: (cookie) => opened.get(cookie),
    async open(cookie) {
      const known = opened.get(cookie)
      if (known !== undefined) return known
      if (cookie.length > MAX_COOKIE_LENGTH || !cookie.startsWith(PREFIX)) return undefined
      const plaintext = await decrypted(cookie, keys)
      if (plaintext === undefined) return undefined
      const parsed = schema.safeParse(JSON.parse(Buffer.from(plaintext).toString('utf8')))
      if (!parsed.success) return undefined
      opened.set(cookie, parsed.data)
      return parsed.data
    },
  }
}

/** `undefined` when it was made with another key, or changed: as good as absent. */
async function decrypted(cookie: string, keys: readonly Uint8Array[]): Promise<Uint8Array | undefined> {
  for (const key of keys) {
    try {
      const { plaintext } = await compactDecrypt(cookie, key, {
        keyManagementAlgorithms: ['dir'],
        contentEncryptionAlgorithms: ['A256GCM'],
      })
      return plaintext
    } catch {
      // Perhaps with a former version of the key.
    }
  }
  return undefined
}
