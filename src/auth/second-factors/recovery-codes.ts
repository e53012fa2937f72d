// Recovery codes: random enough that their plain hash may be kept (ASVS 5.0, 6.5.2), short enough to be written down.
import { hkdfSync, randomBytes } from 'node:crypto'
import { sha256 } from '#kernel/keyring.ts'

export const CODES_AT_ONCE = 10

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const CHARACTERS = 24
const CODE = /^[0-9a-hjkmnp-tv-z]{24}$/

export const newSeed = (): string => randomBytes(32).toString('base64url')

/** The codes of a moment: whoever keeps the seed can show them once more, and at another moment it makes others. */
export function codesOf(seed: string, madeAt: number): string[] {
  const bytes = Buffer.from(hkdfSync('sha256', seed, String(madeAt), 'recovery codes', CODES_AT_ONCE * CHARACTERS))
  const codeAt = (start: number): string =>
    Array.from(bytes.subarray(start, start + CHARACTERS), (byte) => ALPHABET.charAt(byte & 31)).join('')
  return Array.from({ length: CODES_AT_ONCE }, (_, index) => codeAt(index * CHARACTERS))
}

/** In groups of four, for the eye. */
export const inGroups = (code: string): string => code.replace(/.{4}(?=.)/g, '$&-')

/** What was typed, as it was made: letters that look like digits are read as those (Crockford's base 32). */
export function tidyRecoveryCode(typed: string): string | undefined {
  const code = typed
    .toLowerCase()
    .replace(/[\s-]+/g, '')
    .replace(/o/g, '0')
    .replace(/[il]/g, '1')
  return CODE.test(code) ? code : undefined
}

export const hashOfCode = (accountId: string, code: string): string => sha256(`${accountId}!${code}`)
