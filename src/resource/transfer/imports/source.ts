// A kept file as batches of rows: small enough that nobody else waits for one, large enough that a commit is worth it.
import type { Readable } from 'node:stream'
import { createCsvParser, type Delimiter } from '../formats/csv-rows.ts'
import { createJsonCutter } from '../formats/json-array.ts'
import { jsonRows } from '../formats/json-rows.ts'
import { createLineCutter } from '../formats/lines.ts'
import type { RowParser } from '../formats/parsed.ts'
import { BrokenSource, type Cutter, type Position, type RawRow } from '../formats/record.ts'
import { createXmlCutter } from '../formats/xml-elements.ts'
import { xmlRows } from '../formats/xml-rows.ts'
import type { ImportFormat } from '../schemas.ts'

export interface Shape {
  readonly format: ImportFormat
  /** Of CSV. */
  readonly delimiter?: Delimiter
  readonly columns?: readonly string[]
}

const MAX_BATCH_BYTES = 512 * 1024
const MAX_BLANK_BYTES = 64

export function cutterFor({ format, delimiter = ',' }: Shape, from: Position): Cutter {
  if (format === 'csv') return createLineCutter({ delimiter: delimiter.charCodeAt(0), from })
  if (format === 'ndjson') return createLineCutter({ from })
  return format === 'json' ? createJsonCutter(from) : createXmlCutter(from)
}

export function parserFor({ format, delimiter = ',', columns = [] }: Shape): RowParser {
  if (format === 'csv') return createCsvParser(columns, delimiter)
  return format === 'xml' ? xmlRows : jsonRows
}

export interface Batch {
  readonly rows: readonly RawRow[]
  /** Behind them, and behind the blank lines that follow. */
  readonly next: Position
}

/** Throws `BrokenSource` when no more rows can be told apart, after all that could be were given. */
export async function* batchesOf(content: Readable, cutter: Cutter, maxRows: number): AsyncGenerator<Batch> {
  let rows: RawRow[] = []
  let bytes = 0
  let next: Position | undefined
  const taken = function* (): Generator<Batch> {
    if (next !== undefined) yield { rows, next }
    rows = []
    bytes = 0
    next = undefined
  }
  try {
    for await (const row of rowsOf(content, cutter)) {
      next = row.next
      if (isBlank(row)) continue
      rows.push(row)
      bytes += row.bytes.length
      if (rows.length >= maxRows || bytes >= MAX_BATCH_BYTES) yield* taken()
    }
  } catch (error) {
    if (error instanceof BrokenSource) yield* taken()
    throw error
  }
  yield* taken()
}

async function* rowsOf(content: Readable, cutter: Cutter): AsyncGenerator<RawRow> {
  for await (const piece of content) {
    cutter.feed(piece)
    for (let row = cutter.next(); row !== undefined; row = cutter.next()) yield row
  }
  cutter.feed(undefined)
  for (let row = cutter.next(); row !== undefined; row = cutter.next()) yield row
}

/** Lines without anything are nobody's row. */
function isBlank({ bytes, problem }: RawRow): boolean {
  return problem === undefined && bytes.length <= MAX_BLANK_BYTES && bytes.toString('latin1').trim() === ''
}
