// Imports rows from where an import stands, batch by batch. Each batch is one commit: its objects with their events, and how far the import is. So whatever
// breaks off goes on behind the last batch that is stored, and no row is stored twice.
import type { Readable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { type Call, callAs } from '#kernel/call.ts'
import { updateIn } from '#kernel/collection.ts'
import { AppError } from '#kernel/errors.ts'
import { admit } from '../../access.ts'
import type { Resource } from '../../compile.ts'
import type { PlannedWrite, WriteParts } from '../../writing/parts.ts'
import { planCreate } from '../../writing/plan.ts'
import { store } from '../../writing/store.ts'
import type { ParsedRow } from '../formats/parsed.ts'
import { BrokenSource, type Position } from '../formats/record.ts'
import { createMapper, type Mapper, type RowProblem } from '../mapping/mapper.ts'
import type { ImportFormat, ImportRecord } from '../schemas.ts'
import { createForesight, type Foresight } from './foresight.ts'
import { importsCollection, type ImportChange, type ImportsRepository } from './repository.ts'
import { reportLine } from './report.ts'
import { MOST_ROWS, rowId } from './row-id.ts'
import { batchesOf, cutterFor, parserFor } from './source.ts'
import type { Report, Spool } from './spool.ts'

export interface RunParts {
  readonly writes: WriteParts
  readonly imports: ImportsRepository
  readonly spool: Spool
}

export interface RunRequest {
  readonly record: ImportRecord
  readonly resource: Resource
  /** Asked after each batch. */
  readonly isEnough: () => boolean | Promise<boolean>
  readonly onProgress?: ((record: ImportRecord) => void) | undefined
}

export type RunOutcome =
  /** The end of the file. */
  | { readonly kind: 'ended'; readonly problem?: string }
  | { readonly kind: 'more' }
  /** Somebody has cancelled it, or another worker goes on. */
  | { readonly kind: 'lost' }

/** What one commit takes, less the checkpoint. */
const MOST_OPERATIONS = 99
const MAX_ROUNDS = 5
/** How long rows are decided on before others get their turn. */
const MOST_AT_ONCE_MS = 15

interface Run {
  readonly parts: RunParts
  /** On the authority of the person. */
  readonly call: Call
  readonly resource: Resource
  readonly mapper: Mapper
  readonly report: () => Promise<Report>
  /** For dry runs. */
  readonly foresight: Foresight | undefined
  record: ImportRecord
}

interface Item {
  readonly row: number
  readonly parsed: ParsedRow
  /** What a client would send. */
  readonly input?: Record<string, unknown>
  readonly planned?: PlannedWrite
  readonly problems?: readonly RowProblem[]
}

/** Another worker has moved it, or nobody wants it any more. */
class Lost extends Error {
  override readonly name = 'Lost'
}

export async function run(parts: RunParts, call: Call, request: RunRequest): Promise<RunOutcome> {
  const { record, resource } = request
  const own = callAs(call, record.principal)
  // What no row could make right ends the import, and rejects no row.
  admit(resource, own, 'create')
  let report: Promise<Report> | undefined
  const state: Run = {
    parts,
    call: own,
    resource,
    mapper: createMapper(resource, record.options, formatOf(record)),
    report: () => (report ??= parts.spool.openReport(record.id)),
    foresight: record.options.dryRun === true ? createForesight(parts.writes.repository, resource) : undefined,
    record,
  }
  const content = parts.spool.readSource(record.id, record.offset)
  try {
    return await runBatches(state, content, request)
  } catch (error) {
    if (error instanceof Lost) return { kind: 'lost' }
    if (error instanceof BrokenSource) return { kind: 'ended', problem: error.message }
    throw error
  } finally {
    content.destroy()
    await (await report)?.close()
  }
}

const formatOf = ({ format = 'csv' }: ImportRecord): ImportFormat => format

async function runBatches(state: Run, content: Readable, { isEnough, onProgress }: RunRequest): Promise<RunOutcome> {
  const { record, resource, call } = state
  const { delimiter, columns = [], offset, line, context } = record
  const shape = { format: formatOf(record), columns, ...(delimiter === undefined ? {} : { delimiter }) }
  const parser = parserFor(shape)
  for await (const { rows, next } of batchesOf(content, cutterFor(shape, { offset, line, context }), batchRows(resource))) {
    call.signal.throwIfAborted()
    const first = state.record.rows + 1
    const items = parser.parse(rows).map((parsed, index) => readItem(state, parsed, first + index))
    await settle(state, await plannedItems(state, items), next)
    onProgress?.(state.record)
    // A database may answer at once; others must get their turn between batches.
    await turn()
    if (state.record.rows > MOST_ROWS) return { kind: 'ended', problem: `The file has more than ${MOST_ROWS} rows.` }
    if (await isEnough()) return { kind: 'more' }
  }
  return { kind: 'ended' }
}

/** Objects that a row refers to may be written with it. */
function batchRows(resource: Resource): number {
  return Math.floor(MOST_OPERATIONS / (1 + resource.relations.length))
}

function readItem({ mapper }: Run, parsed: ParsedRow, row: number): Item {
  if (parsed.cells === undefined) return { row, parsed, problems: [{ field: '', reason: parsed.problem ?? 'The row cannot be read' }] }
  return { row, parsed, ...mapper.inputOf(parsed.cells, parsed.empties) }
}

async function plannedItems(state: Run, items: readonly Item[]): Promise<Item[]> {
  const { clock } = state.parts.writes
  const planned: Item[] = []
  let began = clock.now()
  for (const item of items) {
    planned.push(item.input === undefined ? item : await plannedItem(state, item))
    if (clock.now() - began < MOST_AT_ONCE_MS) continue
    await turn()
    began = clock.now()
  }
  return planned
}

/** Everything that a create decides. */
async function plannedItem(state: Run, { row, parsed, input = {} }: Item): Promise<Item> {
  const { parts, call, resource, record, foresight } = state
  try {
    const planned = await planCreate(call, { resource, input, id: rowId(record, row) })(parts.writes)
    const foreseen = await foresight?.problems(call, planned)
    return foreseen === undefined || foreseen.length === 0 ? { row, parsed, input, planned } : { row, parsed, problems: foreseen }
  } catch (error) {
    return { row, parsed, problems: problemsOf(error, input) }
  }
}

function problemsOf(error: unknown, input: Readonly<Record<string, unknown>>): RowProblem[] {
  // What is not the row's fault is tried again, and not reported as if it were.
  if (!(error instanceof AppError) || error.status >= 500) throw error
  if (error.fields === undefined || error.fields.length === 0) return [{ field: '', reason: error.detail ?? error.title }]
  return error.fields.map(({ field, message }) => {
    const top = field.split('.')[0] ?? ''
    return { field, reason: message, ...(Object.hasOwn(input, top) ? { value: input[top] } : {}) }
  })
}

/** Stores what is good, reports what is not, and moves the checkpoint behind both; in halves, when one of them spoils it for the others. */
async function settle(state: Run, items: readonly Item[], next: Position): Promise<void> {
  let current = items
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    try {
      if (await stored(state, current, next)) return
    } catch (error) {
      if (!(error instanceof AppError) || error.status >= 500) throw error
      return await settleApart(state, { items: current, next, error })
    }
    await requireOurs(state)
    // What was decided has changed meanwhile, for example an object that a row refers to.
    current = await plannedItems(state, current.map(withoutPlan))
  }
  throw new Error('What the rows refer to changes all the time')
}

interface Refused {
  readonly items: readonly Item[]
  readonly next: Position
  readonly error: AppError
}

async function settleApart(state: Run, { items, next, error }: Refused): Promise<void> {
  const [only] = items
  if (only === undefined || (items.length === 1 && only.planned === undefined)) throw error
  if (items.length === 1) {
    const { row, parsed, input = {} } = only
    return await settle(state, [{ row, parsed, problems: problemsOf(error, input) }], next)
  }
  const left = items.slice(0, Math.floor(items.length / 2))
  await settle(state, left, left.at(-1)?.parsed.raw.next ?? next)
  await settle(state, items.slice(left.length), next)
}

function withoutPlan({ row, parsed, input, problems }: Item): Item {
  return { row, parsed, ...(input === undefined ? {} : { input }), ...(problems === undefined ? {} : { problems }) }
}

/** False when nothing was stored, because something is no longer as it was. */
async function stored(state: Run, items: readonly Item[], next: Position): Promise<boolean> {
  const { parts, call, record } = state
  const rejected = items.filter(({ problems }) => problems !== undefined)
  const lines = Buffer.from(rejected.map(({ parsed, problems = [] }) => reportLine(parsed, problems)).join(''))
  // Before the checkpoint says that it is there.
  if (lines.length > 0) await (await state.report()).write(record.reportBytes, lines)
  const set = {
    rows: record.rows + items.length,
    stored: record.stored + items.length - rejected.length,
    rejected: record.rejected + rejected.length,
    reportBytes: record.reportBytes + lines.length,
    offset: next.offset,
    line: next.line,
    context: next.context,
    beatAt: parts.writes.clock.now(),
    revivals: 0,
  } satisfies ImportChange
  const checkpoint = updateIn(importsCollection, record.id, { set, where: { state: 'running', rows: record.rows } })
  const writes = state.foresight === undefined ? items.flatMap(({ planned }) => (planned === undefined ? [] : [planned])) : []
  if (!(await store(parts.writes, call, { writes, more: [checkpoint] }))) return false
  state.record = { ...record, ...set }
  return true
}

async function requireOurs({ parts, call, record }: Run): Promise<void> {
  const now = (await parts.imports.find(call, record.id))?.value
  if (now?.state !== 'running' || now.rows !== record.rows) throw new Lost('The import is no longer ours')
}
