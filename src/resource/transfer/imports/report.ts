// The report of rejected rows: one line of JSON each while it is written; CSV or NDJSON when it is fetched, made so that it can be corrected and sent again.
import type { Readable } from 'node:stream'
import { createInterface } from 'node:readline'
import { z } from '#kernel/schema.ts'
import { withGuard } from '../formats/formula-guard.ts'
import type { ParsedRow } from '../formats/parsed.ts'
import { KEPT_BYTES } from '../formats/record.ts'
import { csvLine } from '../formats/csv-line.ts'
import { RAW_COLUMN, REPORT_PREFIX, type RowProblem } from '../mapping/mapper.ts'

const rejected = z.strictObject({
  line: z.number(),
  problems: z.array(z.strictObject({ field: z.string(), reason: z.string(), value: z.unknown().optional() })),
  /** As it was read; else its text. */
  cells: z.record(z.string(), z.unknown()).optional(),
  raw: z.string().optional(),
})
type Rejected = z.infer<typeof rejected>

const COLUMN = {
  line: `${REPORT_PREFIX}line`,
  field: `${REPORT_PREFIX}field`,
  value: `${REPORT_PREFIX}value`,
  reason: `${REPORT_PREFIX}reason`,
  problems: `${REPORT_PREFIX}problems`,
  raw: RAW_COLUMN,
  row: `${REPORT_PREFIX}row`,
} as const

export function reportLine({ raw, cells }: ParsedRow, problems: readonly RowProblem[]): string {
  const shown = problems.map((problem) => ({ ...problem, ...('value' in problem ? { value: shortened(problem.value) } : {}) }))
  const row = cells === undefined ? { raw: raw.bytes.toString('utf8') } : { cells: Object.fromEntries(Object.entries(cells)) }
  // Readers of lines take these two for line ends.
  const text = JSON.stringify({ line: raw.line, problems: shown, ...row })
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029')
  return `${text}\n`
}

/** The row has it whole. */
function shortened(value: unknown): unknown {
  if (typeof value === 'string') return value.slice(0, KEPT_BYTES)
  const text = JSON.stringify(value)
  return text === undefined || text.length <= KEPT_BYTES ? value : text.slice(0, KEPT_BYTES)
}

export async function* reportAsNdjson(content: Readable): AsyncGenerator<string> {
  for await (const { line, problems, cells, raw } of entriesOf(content)) {
    const row = raw === undefined ? cells : { [COLUMN.raw]: raw }
    yield `${JSON.stringify({ [COLUMN.line]: line, [COLUMN.problems]: problems, ...row })}\n`
  }
}

/** `columns`: those of the file. One that names none gets its rows as JSON. */
export async function* reportAsCsv(content: Readable, columns: readonly string[] | undefined): AsyncGenerator<string> {
  if (columns === undefined) {
    yield* reportOfUnnamed(content)
    return
  }
  const own = columns.filter((column) => !column.startsWith(REPORT_PREFIX))
  yield csvLine([COLUMN.line, COLUMN.field, COLUMN.value, COLUMN.reason, COLUMN.raw, ...own.map(withGuard)])
  for await (const { line, problems, cells = {}, raw = '' } of entriesOf(content)) {
    yield csvLine([String(line), ...[...saidOf(problems), raw, ...own.map((column) => cellOf(cells[column]))].map(guardedText)])
  }
}

async function* reportOfUnnamed(content: Readable): AsyncGenerator<string> {
  yield csvLine([COLUMN.line, COLUMN.field, COLUMN.value, COLUMN.reason, COLUMN.raw, COLUMN.row])
  for await (const { line, problems, cells, raw = '' } of entriesOf(content))
    yield csvLine([String(line), ...[...saidOf(problems), raw, cellOf(cells)].map(guardedText)])
}

/** Fields, values, reasons. */
function saidOf(problems: Rejected['problems']): string[] {
  return [
    problems.map(({ field }) => field).join('; '),
    problems.map(({ value }) => cellOf(value)).join('; '),
    problems.map(({ field, reason }) => (field === '' ? reason : `${field}: ${reason}`)).join('; '),
  ]
}

const guardedText = (text: string): string => (text === '' ? '' : withGuard(text))

function cellOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

async function* entriesOf(content: Readable): AsyncGenerator<Rejected> {
  for await (const line of createInterface({ input: content, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line !== '') yield rejected.parse(JSON.parse(line))
  }
}
