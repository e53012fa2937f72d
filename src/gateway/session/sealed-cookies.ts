// Cookies that carry tokens are encrypted JWTs (JWE), one key per use. What was sealed or opened here is remembered by the cookie's own text, so that a
// signed-in request costs no cryptography.
import { createSecretKey } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { KeyRing } from '#kernel/keyring.ts'
import type { Schema } from '#kernel/schema.ts'
import { openJwe, sealJwe } from './direct-jwe.ts'

export interface Sealer<T> {
  seal(value: T): string
  /** `undefined` for anything that this sealer did not make. */
  open(cookie: string): T | undefined
}

const MAX_COOKIE_LENGTH = 4096
const MAX_REMEMBERED = 20_000

export function createSealer<T extends object>(keyRing: KeyRing, use: string, schema: Schema<T>): Sealer<T> {
  const keys = keyRing.deriveAll(`gateway.cookie.${use}`).map((key) => createSecretKey(key))
  const [newest] = keys
  if (newest === undefined) throw new Error('There is no key to seal cookies with.')
  const remembered = new LRUCache<string, T>({ max: MAX_REMEMBERED })
  return {
    seal(value) {
      const cookie = sealJwe(JSON.stringify(value), newest)
      if (cookie.length > MAX_COOKIE_LENGTH)
        throw new Error(`The ${use} cookie would have ${cookie.length} characters; browsers keep ${MAX_COOKIE_LENGTH}`)
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
