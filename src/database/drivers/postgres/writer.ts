// Writes: one round trip, one transaction. What the server refuses is told apart here: taken, stale, to be tried again, failed.
import { setTimeout as delay } from 'node:timers/promises'
import type { Step, WriteAnswer, WriteRequest } from '../../ports.ts'
import { valueOf } from './columns.ts'
import { lostWrite } from './failures.ts'
import type { Ledger } from './ledger.ts'
import type { Pool } from './pool.ts'
import { type Command, Lost, type Outcome, Refused } from './session.ts'
import { indexOfConstraint } from './names.ts'
import { arrayOf, type Value } from './statement.ts'
import { isStale, type Table } from './table.ts'

type Write = Extract<WriteRequest, { kind: 'write' }>

/** A command and the step it is for; other commands are for none. */
interface Planned extends Command {
  readonly step?: number
  /** Alone, such a write says by its count whether it met its row. */
  readonly counted?: boolean
}

const UNIQUE_VIOLATED = '23505'
/** A deadlock, or two transactions that cannot both be: neither is anybody's fault, and the loser has stored nothing. */
const TRY_AGAIN = new Set(['40001', '40P01'])
const MAX_TRIES = 12
/** Those who got in each other's way begin again at different moments. */
const APART_MS = 20

export interface Writer {
  submit(request: WriteRequest): Promise<WriteAnswer>
}

interface WriterParts {
  readonly pool: Pool
  readonly tables: ReadonlyMap<string, Table>
  readonly ledger: Ledger
}

export function createWriter({ pool, tables, ledger }: WriterParts): Writer {
  const tableOf = (name: string): Table => {
    const table = tables.get(name)
    if (table === undefined) throw new Error(`There is no collection ${name}.`)
    return table
  }

  const write = async (request: Write): Promise<WriteAnswer> => {
    if (request.steps.length === 0 && request.events.length === 0) return { kind: 'done', rows: 1 }
    let evicting = false
    for (let tried = 1; ; tried += 1) {
      const planned = planOf(request, { tableOf, ledger, evicting })
      try {
        const outcomes = await pool.run(planned)
        return answerOf(planned, outcomes)
      } catch (error) {
        if (!(error instanceof Refused)) throw error instanceof Lost ? lostWrite(error) : error
        const answer = refusalOf(error, { request, planned, tableOf })
        // Expired rows are gone for readers, so they may not hold a value either. Only looked for when one is in the way.
        if (answer.kind === 'duplicate' && !evicting && mayEvict(request, tableOf)) evicting = true
        else if (!mayTryAgain(error, answer, request) || tried >= MAX_TRIES) return answer
        else await apart(error, tried)
      }
    }
  }

  const keep = async (request: Exclude<WriteRequest, Write>): Promise<WriteAnswer> => {
    const command = request.kind === 'expire' ? expiry(request, tableOf) : ledger.command(request)
    try {
      const [outcome] = await pool.run([command])
      return { kind: 'done', rows: outcome?.count ?? 0 }
    } catch (error) {
      if (error instanceof Refused) return { kind: 'failed', reason: error.message }
      throw error instanceof Lost ? lostWrite(error) : error
    }
  }

  return { submit: (request) => (request.kind === 'write' ? write(request) : keep(request)) }
}

function expiry(request: Extract<WriteRequest, { kind: 'expire' }>, tableOf: (name: string) => Table): Command {
  return { statement: tableOf(request.collection).expire, values: [String(request.now), String(request.limit)] }
}

interface Planning {
  readonly tableOf: (name: string) => Table
  readonly ledger: Ledger
  readonly evicting: boolean
}

function planOf({ steps, events, now }: Write, { tableOf, ledger, evicting }: Planning): Planned[] {
  const planned: Planned[] = locksOf(steps, tableOf)
  // In company, a write that does not meet its row has to stop the others.
  const alone = steps.length === 1 && events.length === 0 && !evicting
  for (const [number, step] of steps.entries()) {
    const table = tableOf(step.collection)
    if (evicting && step.kind !== 'delete' && table.layout.expiry !== undefined) planned.push(...evictionsOf(step, table, now))
    const command = commandOf(step, table, now)
    const strict = table.orFail.get(command.statement)
    if (alone || strict === undefined) planned.push({ ...command, step: number, counted: strict !== undefined })
    else planned.push({ statement: strict, values: command.values, step: number })
  }
  // After the documents: who holds a row has the lower numbers of the events of that row, and the higher ones are taken after it is let go. Without
  // documents, the transaction gets its id first, which is what `settled.ts` waits for.
  if (steps.length === 0) planned.push(ledger.begin)
  for (const event of events) planned.push(ledger.append(event, now))
  return planned
}

// One order for everybody, or two commits could each hold what the other waits for.
function locksOf(steps: readonly Step[], tableOf: (name: string) => Table): Planned[] {
  const held = new Map<string, Set<string>>()
  let count = 0
  for (const step of steps) {
    if (step.kind === 'insert') continue
    count += 1
    const ids = held.get(step.collection) ?? new Set()
    ids.add(step.id)
    held.set(step.collection, ids)
  }
  if (count < 2) return []
  return [...held]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([collection, ids]) => ({ statement: tableOf(collection).lock, values: [arrayOf([...ids])] }))
}

function commandOf(step: Step, table: Table, now: number): Command {
  const live = table.layout.expiry === undefined ? [] : [String(now)]
  if (step.kind === 'insert') return { statement: table.insert, values: [step.id, ...documentValues(step, table)] }
  if (step.kind === 'delete') {
    const version = step.ifVersion === undefined ? null : String(step.ifVersion)
    if (step.ifPresent !== true) return { statement: table.remove, values: [step.id, version, ...live] }
    if (version === null) return { statement: table.removeIfPresent, values: [step.id] }
    return { statement: table.removeIfPresentOfVersion, values: [step.id, version, ...live, step.id, ...live] }
  }
  const { before } = step
  const values = [...documentValues(step, table), step.id, String(before.version), before.stamp ?? null, ...live]
  return { statement: step.kind === 'replace' ? table.replace : table.reshape, values }
}

function documentValues(step: Exclude<Step, { kind: 'delete' }>, { encode, layout }: Table): Value[] {
  const { rest, values } = encode(step.document)
  const expiresAt = step.expiresAt === null ? null : String(step.expiresAt)
  return layout.searchable ? [expiresAt, rest, arrayOf(step.terms ?? []), ...values] : [expiresAt, rest, ...values]
}

function evictionsOf(step: Exclude<Step, { kind: 'delete' }>, table: Table, now: number): Planned[] {
  const { document } = step
  if (typeof document === 'string') return []
  const evictions: Planned[] = table.evictTwins.map(({ columns, statement }) => ({
    statement,
    values: [...columns.map(({ field, kind }) => scalarOf(document[field], kind)), String(now)],
  }))
  if (step.kind === 'insert') evictions.push({ statement: table.evictId, values: [step.id, String(now)] })
  return evictions
}

function scalarOf(value: unknown, kind: string): Value {
  return (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') && typeof value === kind
    ? valueOf(value)
    : null
}

function answerOf(planned: readonly Planned[], outcomes: readonly Outcome[]): WriteAnswer {
  return planned[0]?.counted === true && outcomes[0]?.count === 0 ? { kind: 'stale', step: 0 } : { kind: 'done', rows: 1 }
}

interface Refusal {
  readonly request: Write
  readonly planned: readonly Planned[]
  readonly tableOf: (name: string) => Table
}

function refusalOf(error: Refused, { request, planned, tableOf }: Refusal): WriteAnswer {
  const number = planned[error.at]?.step
  const step = number === undefined ? undefined : request.steps[number]
  if (number === undefined || step === undefined) return { kind: 'failed', reason: error.message }
  if (isStale(error)) return { kind: 'stale', step: number }
  if (error.code !== UNIQUE_VIOLATED) return { kind: 'failed', reason: error.message }
  const index = indexOfConstraint(tableOf(step.collection).layout, error.constraint)
  return { kind: 'duplicate', step: number, ...(index === undefined ? {} : { index }) }
}

function mayEvict(request: Write, tableOf: (name: string) => Table): boolean {
  return request.steps.some((step) => step.kind !== 'delete' && tableOf(step.collection).layout.expiry !== undefined)
}

async function apart({ code }: Refused, tried: number): Promise<void> {
  if (TRY_AGAIN.has(code)) await delay(Math.random() * APART_MS * tried)
}

function mayTryAgain(error: Refused, answer: WriteAnswer, request: Write): boolean {
  if (TRY_AGAIN.has(error.code)) return true
  // Such a delete looks at its row as it was before it waited for it; only the next look is sure.
  const step = answer.kind === 'stale' ? request.steps[answer.step] : undefined
  return step?.kind === 'delete' && step.ifPresent === true
}
