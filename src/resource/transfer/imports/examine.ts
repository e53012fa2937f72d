// A first look into a kept file: what must be known of it before its rows, and what no row could make good.
import type { FieldProblem } from '#kernel/schema.ts'
import { transferErrors } from '../errors.ts'
import { detectDelimiter, parseHeader } from '../formats/csv-rows.ts'
import { BEGINNING, type Position, type RawRow } from '../formats/record.ts'
import type { Mapper } from '../mapping/mapper.ts'
import type { ImportFormat, ImportOptions } from '../schemas.ts'
import { batchesOf, cutterFor, type Shape } from './source.ts'
import type { Spool } from './spool.ts'

export interface Examined extends Shape {
  /** Where the first row begins. */
  readonly start: Position
}

export interface Examination {
  readonly id: string
  readonly format: ImportFormat
  readonly options: ImportOptions
  readonly mapper: Mapper
}

/** Throws `transfer.bad_file`, with the columns that are wrong. */
export async function examine(spool: Spool, { id, format, options, mapper }: Examination): Promise<Examined> {
  if (format !== 'csv') return { format, start: BEGINNING }
  const delimiter = options.delimiter ?? detectDelimiter((await firstRow(spool, id, { format: 'ndjson' }))?.bytes.toString('latin1') ?? '')
  const row = await firstRow(spool, id, { format, delimiter })
  const { columns, problem } = parseHeader(row, delimiter)
  if (problem !== undefined || row === undefined) throw transferErrors.bad_file({ detail: `${problem ?? 'The file is empty'}.` })
  refuse(mapper.columnProblems(columns))
  return { format, delimiter, columns, start: row.next }
}

function refuse(fields: readonly FieldProblem[]): void {
  if (fields.length > 0) throw transferErrors.bad_file({ detail: 'The columns of the file do not fit; nothing was stored.', fields })
}

async function firstRow(spool: Spool, id: string, shape: Shape): Promise<RawRow | undefined> {
  const content = spool.readSource(id, 0)
  for await (const { rows } of batchesOf(content, cutterFor(shape, BEGINNING), 1)) if (rows[0] !== undefined) return rows[0]
  return undefined
}
