// Identifiers and random values.
import { randomFillSync } from 'node:crypto'

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const POOL_BYTES = 8192
/** More at a time would come out shorter than asked. */
const MOST_BYTES = 1024
const pool = Buffer.allocUnsafe(POOL_BYTES)
let used = POOL_BYTES

// One call of the generator per 8 KiB: asking for 16 bytes at a time costs 2.5 us each. What is to stay a secret is overwritten once it is taken.
function takeRandom(bytes: number): Buffer {
  if (bytes > MOST_BYTES) throw new RangeError(`At most ${MOST_BYTES} random bytes at a time.`)
  if (used + bytes > POOL_BYTES) {
    randomFillSync(pool)
    used = 0
  }
  used += bytes
  return pool.subarray(used - bytes, used)
}

/** So many bytes, 1024 at most, that nobody has had before: for a nonce, or for a secret. */
export function randomOctets(bytes: number): Buffer {
  const taken = takeRandom(bytes)
  const own = Buffer.from(taken)
  taken.fill(0)
  return own
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
  const taken = takeRandom(bytes)
  const token = taken.toString('base64url')
  // Nothing of a secret stays in the pool.
  taken.fill(0)
  return token
}

export const DOCUMENT_ID = /^[0-9a-z]{26}$/
