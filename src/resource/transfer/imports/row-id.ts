// The id of the object that a row becomes. It follows from the import and the row's number, so that a row can be stored once only; ids of one import sort
// as its rows do.
import { createHash } from 'node:crypto'

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const TIME_CHARACTERS = 10
const ROW_CHARACTERS = 6
const HASH_CHARACTERS = 10

/** Rows that have different ids: 32 to the power of `ROW_CHARACTERS`. */
export const MOST_ROWS = 10_000_000

export function rowId(about: { readonly id: string; readonly createdAt: number }, row: number): string {
  const hash = createHash('sha256').update(`${about.id}/${row}`).digest()
  let tail = ''
  for (const byte of hash.subarray(0, HASH_CHARACTERS)) tail += ALPHABET.charAt(byte & 31)
  return digits(about.createdAt, TIME_CHARACTERS) + digits(row, ROW_CHARACTERS) + tail
}

function digits(value: number, characters: number): string {
  let text = ''
  let rest = value
  for (let index = 0; index < characters; index += 1) {
    text = ALPHABET.charAt(rest % 32) + text
    rest = Math.floor(rest / 32)
  }
  return text
}
