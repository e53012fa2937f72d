// Compact JWE (RFC 7516) of one kind: `dir` and A256GCM. At once and in this thread: what a cookie holds is encrypted in microseconds, while each hop to
// WebCrypto's threads and back costs more than that. `jose` opens what this seals, and the other way round (direct-jwe.test.ts).
import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto'
import { randomOctets } from '#kernel/ids.ts'

const HEADER = Buffer.from(JSON.stringify({ alg: 'dir', enc: 'A256GCM' })).toString('base64url')
const ADDITIONAL = Buffer.from(HEADER, 'ascii')
/** Our own header, byte for byte, and the empty encrypted key of `dir`: no other algorithm, compression or key is even parsed. */
const PREFIX = `${HEADER}..`
const NONCE_BYTES = 12
const TAG_BYTES = 16
const PARTS = /^([\w-]{16})\.([\w-]+)\.([\w-]{22})$/
const CIPHER = 'aes-256-gcm'
/** Beside the body: the prefix, nonce and tag in base64url, and the points between them. */
const AROUND = PREFIX.length + 16 + 1 + 1 + 22
const LENGTHS = { authTagLength: TAG_BYTES }

/** How many bytes of text have room in so many characters. */
export function roomInJwe(length: number): number {
  return Math.floor(((length - AROUND) * 3) / 4)
}

/** Under 2^32 seals with one key (NIST SP 800-38D section 8.3): keys change with the master key. */
export function sealJwe(plaintext: string, key: KeyObject): string {
  const nonce = randomOctets(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, key, nonce, LENGTHS)
  cipher.setAAD(ADDITIONAL)
  const body = cipher.update(plaintext, 'utf8', 'base64url') + cipher.final('base64url')
  return `${PREFIX}${nonce.toString('base64url')}.${body}.${cipher.getAuthTag().toString('base64url')}`
}

/** `undefined` for everything that was not sealed just so with one of these keys, or was changed. */
export function openJwe(sealed: string, keys: readonly KeyObject[]): string | undefined {
  if (!sealed.startsWith(PREFIX)) return undefined
  const [, nonce, body, tag] = PARTS.exec(sealed.slice(PREFIX.length)) ?? []
  if (nonce === undefined || body === undefined || tag === undefined) return undefined
  const parts = { nonce: Buffer.from(nonce, 'base64url'), body: Buffer.from(body, 'base64url'), tag: Buffer.from(tag, 'base64url') }
  for (const key of keys) {
    const text = opened(parts, key)
    if (text !== undefined) return text
  }
  return undefined
}

function opened({ nonce, body, tag }: Readonly<Record<'nonce' | 'body' | 'tag', Buffer>>, key: KeyObject): string | undefined {
  const decipher = createDecipheriv(CIPHER, key, nonce, LENGTHS)
  decipher.setAAD(ADDITIONAL)
  decipher.setAuthTag(tag)
  const text = decipher.update(body)
  try {
    return Buffer.concat([text, decipher.final()]).toString('utf8')
  } catch {
    // Perhaps with a former version of the key.
    return undefined
  }
}
