// The code that stands beside a mailed link: computed from its token, so that the page behind the link can show it, and compared under a key of ours.
import { hmacSha256, type KeyRing } from '#kernel/keyring.ts'

/** With five tries for each of a few mails, eight digits leave a guesser one chance in some millions. */
const DIGITS = 8
const BYTES = 6

export interface Codes {
  /** The digits that belong to the token of a link. */
  of(token: string): string
  /** What is stored of a code, for one place alone. */
  hash(place: string, code: string): string
}

export function createCodes(keyRing: KeyRing): Codes {
  const codeKey = keyRing.derive('auth:mailed-code')
  const hashKey = keyRing.derive('auth:mailed-code-hash')
  return {
    of: (token) => String(hmacSha256(codeKey, token).readUIntBE(0, BYTES) % 10 ** DIGITS).padStart(DIGITS, '0'),
    hash: (place, code) => hmacSha256(hashKey, `${place.length}!${place}!${code}`).toString('base64url'),
  }
}

/** As people type it: in groups, with spaces or hyphens. */
export function typedDigits(typed: string): string {
  return typed.replace(/[\s-]+/g, '')
}

/** As people read it: in two groups. */
export function inGroups(code: string): string {
  return `${code.slice(0, DIGITS / 2)} ${code.slice(DIGITS / 2)}`
}
