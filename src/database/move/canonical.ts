// One text for one row on every engine: sorted keys, so that what is equal has equal checksums wherever it is kept.
import { createHash } from 'node:crypto'
import type { StoredEvent } from '../contract.ts'
import type { Body, WholeRow } from '../ports.ts'

const SUM_BITS = 256n

export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const fields = Object.entries(value).filter(([, field]) => field !== undefined)
  const sorted = fields.toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${sorted.map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`).join(',')}}`
}

/** The fields of a body, whichever form it has. */
export function fieldsOf(body: Body): Readonly<Record<string, unknown>> {
  return typeof body === 'string' ? JSON.parse(body) : body
}

export function inForm(body: Body, form: 'text' | 'value'): Body {
  if (form === 'text') return typeof body === 'string' ? body : JSON.stringify(body)
  return fieldsOf(body)
}

/** All that moves of a row, which says its shape. Its terms do not: they are made anew from the document. */
export function rowText(row: WholeRow): string {
  const { id, version, expiresAt, shape } = row
  return `${JSON.stringify([id, version, expiresAt, shape])}${canonicalJson(fieldsOf(row.document))}`
}

export function eventText({ sequence, topic, key, data, at }: StoredEvent): string {
  return `${JSON.stringify([sequence, topic, key, at])}${canonicalJson(data)}`
}

export interface Sum {
  readonly rows: number
  /** Hexadecimal. */
  readonly checksum: string
}

/** Adds up SHA-256 of each text modulo 2^256: the order does not matter, so engines may keep their own. */
export class Summing {
  #rows = 0
  #sum = 0n

  add(text: string): void {
    this.#rows += 1
    this.#sum = BigInt.asUintN(Number(SUM_BITS), this.#sum + BigInt(`0x${createHash('sha256').update(text).digest('hex')}`))
  }

  result(): Sum {
    return { rows: this.#rows, checksum: this.#sum.toString(16).padStart(64, '0') }
  }
}

/** The order of ids is that of their bytes, as in every engine. */
export function compareIds(left: string, right: string): number {
  return left === right ? 0 : Buffer.compare(Buffer.from(left), Buffer.from(right))
}
