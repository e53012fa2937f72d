// Rows of CSV: many are parsed in one go; when that fails, each on its own, so that a bad one stands alone.
import { parse } from 'csv-parse/sync'
import { type Cells, bareRecord, bytesProblem, type ParsedRow, type RowParser } from './parsed.ts'
import type { RawRow } from './record.ts'

export type Delimiter = ',' | ';' | '\t' | '|'
const DELIMITERS: readonly Delimiter[] = [',', ';', '\t', '|']
const MAX_COLUMNS = 1000
const MAX_NAME = 200

/** The delimiter that the header has most of, outside of quotes. */
export function detectDelimiter(header: string): Delimiter {
  const bare = header.replaceAll(/"(?:[^"]|"")*"?/g, '')
  const counts = DELIMITERS.map((delimiter) => bare.split(delimiter).length)
  return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ','
}

export interface Header {
  readonly columns: readonly string[]
  /** Why no row of this file can be read. */
  readonly problem?: string
}

export function parseHeader(row: RawRow | undefined, delimiter: Delimiter): Header {
  if (row === undefined) return { columns: [], problem: 'The file is empty; its first line must name the columns' }
  const bad = bytesProblem(row)
  if (bad !== undefined) return { columns: [], problem: bad }
  const cells = parsedLines(row.bytes, delimiter)
  const columns = cells?.[0]?.map((name) => name.trim())
  if (columns === undefined) return { columns: [], problem: 'The first line, which names the columns, cannot be read' }
  return { columns, ...headerProblem(columns) }
}

function headerProblem(columns: readonly string[]): { problem?: string } {
  if (columns.length > MAX_COLUMNS) return { problem: `The file has ${columns.length} columns; at most ${MAX_COLUMNS} are accepted` }
  const empty = columns.indexOf('')
  if (empty !== -1) return { problem: `Column ${empty + 1} has no name in the first line` }
  const long = columns.find((name) => name.length > MAX_NAME)
  if (long !== undefined) return { problem: `A column has a name of ${long.length} characters; at most ${MAX_NAME} are accepted` }
  const twice = columns.find((name, index) => columns.indexOf(name) !== index)
  return twice === undefined ? {} : { problem: `The first line names the column ${JSON.stringify(twice.slice(0, 100))} twice` }
}

export function createCsvParser(columns: readonly string[], delimiter: Delimiter): RowParser {
  const rowOf = (raw: RawRow, values: readonly string[] | undefined): ParsedRow => {
    if (values === undefined) return { raw, problem: 'The row cannot be read as CSV' }
    if (values.length !== columns.length)
      return { raw, problem: `The row has ${values.length} columns, and the first line names ${columns.length}` }
    return { raw, cells: cellsOf(columns, values) }
  }
  const one = (raw: RawRow): ParsedRow => {
    const lines = parsedLines(raw.bytes, delimiter)
    return rowOf(raw, lines?.length === 1 ? lines[0] : undefined)
  }
  return {
    parse(rows) {
      const problems = rows.map(bytesProblem)
      const good = rows.filter((_row, index) => problems[index] === undefined)
      const lines = parsedLines(joined(good), delimiter)
      let next = 0
      return rows.map((raw, index) => {
        const problem = problems[index]
        if (problem !== undefined) return { raw, problem }
        const values = lines?.length === good.length ? lines[next] : undefined
        next += 1
        return values === undefined ? one(raw) : rowOf(raw, values)
      })
    },
  }
}

function joined(rows: readonly RawRow[]): Buffer {
  const end = Buffer.from('\n')
  return Buffer.concat(rows.flatMap(({ bytes }) => [bytes, end]))
}

function cellsOf(columns: readonly string[], values: readonly string[]): Cells {
  const cells = bareRecord()
  for (const [index, column] of columns.entries()) cells[column] = values[index] ?? ''
  return cells
}

/** `undefined` when it is no CSV. */
function parsedLines(bytes: Buffer, delimiter: Delimiter): string[][] | undefined {
  if (bytes.length === 0) return []
  try {
    return parse(bytes, { delimiter, record_delimiter: '\n', relax_quotes: true, relax_column_count: true, skip_empty_lines: false })
  } catch {
    return undefined
  }
}
