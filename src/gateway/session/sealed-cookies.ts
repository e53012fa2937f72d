// Cookies that carry tokens are encrypted JWTs (JWE), one key per use. What was sealed or opened here is remembered by the cookie's own text, so that a
// signed-in request costs no cryptography.
import { createSecretKey } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { KeyRing } from '#kernel/keyring.ts'
import type { Schema } from '#kernel/schema.ts'
import type { AccessCookie } from './schemas.ts'
import { openJwe, roomInJwe, sealJwe } from './direct-jwe.ts'

export interface Sealer<T> {
  seal(value: T): string
  /** `undefined` for anything that this sealer did not make. */
  open(cookie: string): T | undefined
}

const MAX_COOKIE_LENGTH = 4096
/** Browsers count the name and, by RFC 6265 section 6.1, the attributes as well: ours have less than this. */
const NAME_AND_ATTRIBUTES = 96
const MAX_SEALED_LENGTH = MAX_COOKIE_LENGTH - NAME_AND_ATTRIBUTES
const MAX_REMEMBERED = 20_000

/** Ids are 26 and 43 characters (ULID, SHA-256), times 10. */
const ID = 'x'.repeat(43)
const TIME = 9_999_999_999

/** How long an access token can be that has room in the cookie of a frontend. It is written in ASCII, and nothing of it is escaped. */
export function accessTokenRoom(origin: string): number {
  const rest: AccessCookie = { origin, sub: ID, sid: ID, iat: TIME, exp: TIME, token: '' }
  return roomInJwe(MAX_SEALED_LENGTH) - Buffer.byteLength(JSON.stringify(rest))
}

export function createSealer<T extends object>(keyRing: KeyRing, use: string, schema: Schema<T>): Sealer<T> {
  const keys = keyRing.deriveAll(`gateway.cookie.${use}`).map((key) => createSecretKey(key))
  const [newest] = keys
  if (newest === undefined) throw new Error('There is no key to seal cookies with.')
  const remembered = new LRUCache<string, T>({ max: MAX_REMEMBERED })
  return {
    seal(value) {
      const cookie = sealJwe(JSON.stringify(value), newest)
      if (cookie.length > MAX_SEALED_LENGTH)
        throw new Error(`The ${use} cookie would have ${cookie.length} characters; browsers keep ${MAX_SEALED_LENGTH} beside its name`)
      remembered.set(cookie, value)
      return cookie
    },
    open(cookie) {
      const known = remembered.get(cookie)
      if (known !== undefined) return known
      if (cookie.length > MAX_COOKIE_LENGTH) return undefined
      const text = openJwe(cookie, keys)
      if (text === undefined) return undefined
      const parsed = schema.safeParse(JSON.parse(text))
      if (!parsed.success) return undefined
      remembered.set(cookie, parsed.data)
      return parsed.data
    },
  }
}
