// Where a page ended: the index values and the id of its last document. Not a secret, and not trusted when it comes back.
import { z } from '#kernel/schema.ts'
import { isStorable } from '#kernel/storable.ts'
import { databaseErrors } from './errors.ts'
import type { Scalar } from './ports.ts'

export interface Place {
  readonly index: string
  readonly descending: boolean
  /** Values of the index fields after those of `where`, then the id, except on a unique index. */
  readonly tail: readonly Scalar[]
}

const wellFormed = z.string().refine(isStorable)
const cursorSchema = z.tuple([z.string(), z.boolean(), z.array(z.union([wellFormed, z.number(), z.boolean(), z.null()]))])

export function encodeCursor(place: Place): string {
  return Buffer.from(JSON.stringify([place.index, place.descending, place.tail])).toString('base64url')
}

export function decodeCursor(
  text: string,
  expected: { readonly index: string; readonly descending: boolean; readonly length: number },
): Place {
  let input: unknown
  try {
    input = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
  } catch {
    throw unusable()
  }
  const parsed = cursorSchema.safeParse(input)
  if (!parsed.success) throw unusable()
  const [index, descending, tail] = parsed.data
  if (index !== expected.index || descending !== expected.descending || tail.length !== expected.length) throw unusable()
  return { index, descending, tail }
}

/** Where a page of a search ended: the engine's own mark, which the engine does not trust when it comes back. */
export function encodeMark(mark: string): string {
  return Buffer.from(JSON.stringify([mark])).toString('base64url')
}

const markSchema = z.tuple([z.string().max(200)])

export function decodeMark(text: string): string {
  let input: unknown
  try {
    input = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
  } catch {
    throw unusable()
  }
  const parsed = markSchema.safeParse(input)
  if (!parsed.success) throw unusable()
  return parsed.data[0]
}

export function unusable(): Error {
  return databaseErrors.bad_query({ detail: 'The cursor does not belong to this query. Begin again without it.' })
}
