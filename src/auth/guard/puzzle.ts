// Work that a browser does before a form is taken: cheap for one person, dear for ten thousand tries. Nothing is kept until one is solved: the puzzle
// carries its own code, bound to the form and the browser that it was made for.
import { createHash } from 'node:crypto'
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { randomToken } from '#kernel/ids.ts'
import { equalSecrets, hmacSha256, type KeyRing } from '#kernel/keyring.ts'
import type { Counts } from '../accounts/counts.ts'

/** Where a puzzle is good: one form in one browser. */
export interface PuzzlePlace {
  readonly form: string
  readonly browser: string
}

export interface Puzzle {
  readonly text: string
  /** Leading zero bits of SHA-256 over `text:answer`. */
  readonly bits: number
  /** After so long it is taken without an answer: for browsers without scripts. */
  readonly waitSeconds: number
}

export interface Puzzles {
  make(place: PuzzlePlace, bits: number): Puzzle
  /** True once for each: when it was solved, or waited for. */
  redeem(call: Call, place: PuzzlePlace, said: { readonly text: string; readonly answer: string }): Promise<boolean>
}

export const EASIEST_BITS = 16
export const HARDEST_BITS = 22
const KEPT_MS = 10 * 60_000
const SECOND = 1000
const RANDOM_BYTES = 12
const ANSWER = /^\d{1,15}$/
const TEXT = /^([\w-]{16})\.([0-9a-z]{1,10})\.(\d{1,2})\.([\w-]{43})$/

export function waitSecondsOf(bits: number): number {
  return Math.min(60, 10 * 2 ** Math.max(0, bits - EASIEST_BITS))
}

export function createPuzzles({
  keyRing,
  clock,
  counts,
}: {
  readonly keyRing: KeyRing
  readonly clock: Clock
  readonly counts: Counts
}): Puzzles {
  const key = keyRing.derive('auth:puzzle')
  const codeOf = (head: string, { form, browser }: PuzzlePlace): string =>
    hmacSha256(key, [head, form, browser].map((part) => `${part.length}!${part}`).join('')).toString('base64url')
  return {
    make(place, bits) {
      const head = `${randomToken(RANDOM_BYTES)}.${clock.now().toString(36)}.${bits}`
      return { text: `${head}.${codeOf(head, place)}`, bits, waitSeconds: waitSecondsOf(bits) }
    },
    async redeem(call, place, { text, answer }) {
      const [, random, made, bits, code] = TEXT.exec(text) ?? []
      if (random === undefined || made === undefined || bits === undefined || code === undefined) return false
      if (!equalSecrets(code, codeOf(`${random}.${made}.${bits}`, place))) return false
      const age = clock.now() - Number.parseInt(made, 36)
      if (age < 0 || age > KEPT_MS) return false
      const waited = age >= waitSecondsOf(Number(bits)) * SECOND
      if (!waited && !isSolved(text, answer, Number(bits))) return false
      return counts.close(call, `puzzle:${random}`, KEPT_MS)
    },
  }
}

function isSolved(text: string, answer: string, bits: number): boolean {
  return ANSWER.test(answer) && zeroBits(createHash('sha256').update(`${text}:${answer}`).digest()) >= bits
}

export function zeroBits(bytes: Uint8Array): number {
  let zeros = 0
  for (const byte of bytes) {
    if (byte !== 0) return zeros + Math.clz32(byte) - 24
    zeros += 8
  }
  return zeros
}
