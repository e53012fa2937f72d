// Identifiers and random values.
import { randomBytes, randomFillSync } from 'node:crypto'

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const POOL_BYTES = 8192
const pool = Buffer.allocUnsafe(POOL_BYTES)
let used = POOL_BYTES

// One call of the generator per 8 KiB: asking for 16 bytes at a time costs 2.5 us each.
function takeRandom(bytes: number): Buffer {
  if (used + bytes > POOL_BYTES) {
    randomFillSync(pool)
    used = 0
  }
  used += bytes
  return pool.subarray(used - bytes, used)
}

/**
 * A new document id: 26 characters of Crockford base 32, 48 bits of time and 80 random bits (the layout of a ULID), so that ids
 * sort by creation. Not a secret: use `randomToken` for anything that grants access.
 */
export function newId(nowMs: number): string {
  let time = ''
  let rest = nowMs
  for (let index = 0; index < 10; index += 1) {
    time = ALPHABET.charAt(rest % 32) + time
    rest = Math.floor(rest / 32)
  }
  const random = takeRandom(16)
  let tail = ''
  for (const byte of random) tail += ALPHABET.charAt(byte & 31)
  return time + tail
}

const REQUEST_ID_BYTES = 12
const REQUEST_IDS_AT_ONCE = 64
let requestIds = ''
let nextRequestId = 0

/** A short id for logs and traces: 96 random bits, not a secret. */
export function newRequestId(): string {
  if (nextRequestId === requestIds.length) {
    requestIds = takeRandom(REQUEST_ID_BYTES * REQUEST_IDS_AT_ONCE).toString('hex')
    nextRequestId = 0
  }
  nextRequestId += 2 * REQUEST_ID_BYTES
  return requestIds.slice(nextRequestId - 2 * REQUEST_ID_BYTES, nextRequestId)
}

/** The nonce of one answer's content security policy: 128 random bits. It is told to whoever gets the answer. */
export function newNonce(): string {
  return takeRandom(16).toString('base64url')
}

/** A bearer secret: 256 random bits (or as many bytes as asked) in base64url. ASVS 5.0 V11.5.1 wants at least 128 bits, and no UUID. */
export function randomToken(bytes = 32): string {
  return randomBytes(bytes).toString('base64url')
}

export const DOCUMENT_ID = /^[0-9a-z]{26}$/
