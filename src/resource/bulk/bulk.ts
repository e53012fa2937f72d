// Many writes in one request: each with its own result, or all of them in one commit. Access, schema, hooks and relations are those of single writes,
// because each operation is planned as one.
import type { Call } from '#kernel/call.ts'
import { AppError } from '#kernel/errors.ts'
import type { FieldProblem } from '#kernel/schema.ts'
import type { Resource } from '../compile.ts'
import type { BulkOperation, BulkRequest, BulkResult } from '../contract.ts'
import { resourceErrors } from '../errors.ts'
import { invalid } from '../input.ts'
import type { Planner, PlannedWrite, WriteParts } from '../writing/parts.ts'
import { planCreate, planDelete, planUpdate } from '../writing/plan.ts'
import { shown } from '../writing/shown.ts'
import { type Beside, busy, perform, store } from '../writing/store.ts'
import { createOverlay } from './overlay.ts'
import { MAX_BULK } from './schemas.ts'

const MAX_ROUNDS = 5

export interface BulkInput {
  readonly resource: Resource
  readonly request: BulkRequest
}

export function requireBulkSize({ operations }: BulkRequest): void {
  if (operations.length === 0 || operations.length > MAX_BULK)
    throw invalid([{ field: 'operations', message: `Give 1 to ${MAX_BULK} operations` }])
}

/** In order, since one may need what another has done. */
export async function bulkEach(parts: WriteParts, call: Call, { resource, request }: BulkInput): Promise<BulkResult[]> {
  const results: BulkResult[] = []
  for (const operation of request.operations) results.push(await bulkOne(parts, call, { resource, operation }))
  return results
}

export interface OneInput {
  readonly resource: Resource
  readonly operation: BulkOperation
  /** What else is stored with the write. */
  readonly beside?: (result: BulkResult) => ReturnType<Beside>
}

export async function bulkOne(parts: WriteParts, call: Call, { resource, operation, beside }: OneInput): Promise<BulkResult> {
  try {
    // Whoever asked no longer waits.
    if (parts.clock.now() > call.deadline) throw busy()
    const plan = plannerOf(call, resource, operation)
    const more: Beside | undefined = beside === undefined ? undefined : async (planned) => beside(await resultOf(parts, call, planned))
    return await resultOf(parts, call, await perform(parts, call, { plan, beside: more }))
  } catch (error) {
    logUnexpected(parts, call, error)
    return { kind: 'refused', error }
  }
}

/** All or nothing. `beside` stores more in the same commit. */
export async function bulkAtomic(
  parts: WriteParts,
  call: Call,
  { resource, request, beside }: BulkInput & { readonly beside?: (results: readonly BulkResult[]) => ReturnType<Beside> },
): Promise<BulkResult[]> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const writes = await planAll(parts, call, { resource, request })
    const results: BulkResult[] = []
    for (const planned of writes) results.push(await resultOf(parts, call, planned))
    const more = beside === undefined ? [] : await beside(results)
    if (await storeAll(parts, call, { request, writes, more })) return results
  }
  throw busy()
}

async function storeAll(
  parts: WriteParts,
  call: Call,
  { request, writes, more }: { request: BulkRequest; writes: readonly PlannedWrite[]; more: Awaited<ReturnType<Beside>> },
): Promise<boolean> {
  try {
    return await store(parts, call, { writes, more })
  } catch (error) {
    if (error instanceof AppError && error.status < 500 && error.code !== 'resource.invalid')
      throw refused(
        request.operations.length === 1 ? problemsOf(error, '0', request.operations[0]) : problemsOf(error, '', undefined),
        error,
      )
    throw error
  }
}

async function planAll(parts: WriteParts, call: Call, { resource, request }: BulkInput): Promise<PlannedWrite[]> {
  const overlay = createOverlay(parts)
  const writes: PlannedWrite[] = []
  const problems: FieldProblem[] = []
  let cause: unknown
  for (const [index, operation] of request.operations.entries()) {
    try {
      const planned = await plannerOf(call, resource, operation)(overlay.parts)
      overlay.note(planned)
      writes.push(planned)
    } catch (error) {
      if (!(error instanceof AppError) || error.status >= 500 || error.status === 401) throw error
      cause ??= error
      problems.push(...problemsOf(error, String(index), operation))
    }
  }
  if (problems.length > 0) throw refused(problems, cause)
  return writes
}

export function plannerOf(call: Call, resource: Resource, operation: BulkOperation): Planner {
  if ('create' in operation) return planCreate(call, { resource, input: operation.create })
  const condition = operation.ifVersion === undefined ? {} : { ifVersion: operation.ifVersion }
  if ('update' in operation) return planUpdate(call, { resource, id: operation.update, input: operation.change, ...condition })
  return planDelete(call, { resource, id: operation.delete, ...condition })
}

async function resultOf(parts: WriteParts, call: Call, planned: PlannedWrite): Promise<BulkResult> {
  return planned.kind === 'deleted' ? { kind: 'deleted' } : { kind: planned.kind, versioned: await shown(parts, call, planned) }
}

function refused(fields: readonly FieldProblem[], cause: unknown): Error {
  return resourceErrors.bulk_refused({ detail: 'Nothing was stored. Each problem names its operation, counted from 0.', fields, cause })
}

/** `operations.3.change.caption`, or the operation itself. */
function problemsOf(error: AppError, index: string, operation: BulkOperation | undefined): FieldProblem[] {
  const place = index === '' ? 'operations' : `operations.${index}`
  const message = error.detail ?? error.title
  if (error.fields === undefined || error.fields.length === 0) return [{ field: place, message }]
  const part = operation === undefined ? '' : `.${'create' in operation ? 'create' : 'change'}`
  return error.fields.map((problem) => ({
    field: problem.field === '' ? `${place}${part}` : `${place}${part}.${problem.field}`,
    message: problem.message,
  }))
}

/** Its caller gets a number; the reason must not be lost. */
function logUnexpected({ logger }: WriteParts, { requestId }: Call, error: unknown): void {
  if (!(error instanceof AppError) || error.status >= 500) logger.error({ err: error, requestId }, 'an operation of a bulk request failed')
}
