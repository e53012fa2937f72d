// A row that was read: its columns, or why there are none.
import { isUtf8 } from 'node:buffer'
import type { RawRow } from './record.ts'

/** By column, with no prototype. */
export type Cells = Readonly<Record<string, unknown>>

export interface ParsedRow {
  readonly raw: RawRow
  readonly cells?: Cells
  /** Columns whose empty text is meant to be one, and not the absence of a value. */
  readonly empties?: ReadonlySet<string>
  readonly problem?: string
}

export interface RowParser {
  parse(rows: readonly RawRow[]): ParsedRow[]
}

/** Deeper than any object that is meant. */
export const MAX_DEPTH = 32

/** What is wrong with the bytes of a row, whatever its format. */
export function bytesProblem({ bytes, problem }: RawRow): string | undefined {
  if (problem !== undefined) return problem
  if (bytes.includes(0)) return 'NUL characters are not accepted'
  return isUtf8(bytes) ? undefined : 'Not valid UTF-8. Say how the file is encoded, with "encoding"'
}

/** Members that nothing can confuse with what every object has. */
export function bareRecord(): Record<string, unknown> {
  return Object.create(null)
}
