// Single byte ranges of RFC 9110 section 14. What is malformed or has several parts is ignored, as the RFC allows: the whole file answers.
import type { ByteRange } from './contract.ts'

export type RangeChoice =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly range: ByteRange }
  | { readonly kind: 'unsatisfiable' }

const SINGLE = /^bytes=(\d{0,15})-(\d{0,15})$/

export function chooseRange(header: string | undefined, bytes: number): RangeChoice {
  const parts = header === undefined ? null : SINGLE.exec(header.replaceAll(/[ \t]/g, ''))
  if (parts === null) return { kind: 'whole' }
  const [, first = '', last = ''] = parts
  if (first === '') return last === '' ? { kind: 'whole' } : suffixOf(Number(last), bytes)
  const start = Number(first)
  if (last !== '' && Number(last) < start) return { kind: 'whole' }
  if (start >= bytes) return { kind: 'unsatisfiable' }
  return { kind: 'part', range: { start, end: last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1) } }
}

function suffixOf(length: number, bytes: number): RangeChoice {
  if (length === 0) return { kind: 'unsatisfiable' }
  return { kind: 'part', range: { start: Math.max(bytes - length, 0), end: bytes - 1 } }
}
