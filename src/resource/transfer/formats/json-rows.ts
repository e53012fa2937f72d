// Rows of JSON and NDJSON: read by the same strict reader as the bodies of the API, one at a time.
import { parseJson } from '#kernel/http/body.ts'
import { AppError } from '#kernel/errors.ts'
import { bareRecord, bytesProblem, type ParsedRow, type RowParser } from './parsed.ts'
import type { RawRow } from './record.ts'

export const jsonRows: RowParser = { parse: (rows) => rows.map(jsonRow) }

function jsonRow(raw: RawRow): ParsedRow {
  const problem = bytesProblem(raw)
  if (problem !== undefined) return { raw, problem }
  try {
    const value = parseJson(raw.bytes)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return { raw, problem: 'The row is not a JSON object' }
    return { raw, cells: Object.assign(bareRecord(), value) }
  } catch (error) {
    return {
      raw,
      problem: error instanceof AppError ? (error.detail ?? error.title).replace('The body', 'The row') : 'The row cannot be read as JSON',
    }
  }
}
