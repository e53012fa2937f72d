// Stores what was decided: one commit for the object, its event, the objects it touches and the answer that is kept for a repetition.
import type { Call } from '#kernel/call.ts'
import type { Operation } from '#kernel/collection.ts'
import { committed } from '#kernel/committed.ts'
import { type AppError, hasCode } from '#kernel/errors.ts'
import { resourceErrors } from '../errors.ts'
import type { Planner, PlannedWrite, WriteParts } from './parts.ts'

/** Writes that others overtake are decided again on what is stored then. */
const MAX_ROUNDS = 5
/** What one commit of the database takes. */
export const MAX_OPERATIONS = 100

/** What else must be stored with the write, known once it is decided. */
export type Beside = (planned: PlannedWrite) => Promise<readonly Operation[]>

export async function perform(
  parts: WriteParts,
  call: Call,
  { plan, beside }: { plan: Planner; beside?: Beside | undefined },
): Promise<PlannedWrite> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const planned = await plan(parts)
    const more = beside === undefined ? [] : await beside(planned)
    if (await store(parts, call, { writes: [planned], more })) return planned
  }
  throw busy()
}

export function busy(): Error {
  return resourceErrors.busy({ detail: 'Try again.', headers: { 'retry-after': '1' } })
}

export interface StoreRequest {
  readonly writes: readonly PlannedWrite[]
  readonly more: readonly Operation[]
}

/** False when something has changed since it was decided; then nothing is stored. */
export async function store(parts: WriteParts, call: Call, request: StoreRequest): Promise<boolean> {
  const reserved = await reserve(parts, call, request.writes)
  const release = async (): Promise<void> => {
    for (const { resource, id, stored } of reserved) await parts.attachments.release({ resource, id }, stored?.attached ?? [])
  }
  try {
    const done = await write(parts, call, request)
    if (!done) await release()
    return done
  } catch (error) {
    // After an error of unknown outcome the files stay reserved: the event confirms them, or the sweep takes them.
    const isTaken = hasCode(error, 'database.duplicate')
    if (isTaken || hasCode(error, 'database.bad_document')) await release()
    throw isTaken ? taken(error, request.writes) : error
  }
}

/** All files of all writes, or none. */
async function reserve(parts: WriteParts, call: Call, writes: readonly PlannedWrite[]): Promise<PlannedWrite[]> {
  const reserved: PlannedWrite[] = []
  try {
    for (const planned of writes) {
      if (planned.stored === undefined || planned.stored.attached.length === 0) continue
      await parts.attachments.reserve(call, planned, planned.stored.attached)
      reserved.push(planned)
    }
    return reserved
  } catch (error) {
    for (const { resource, id, stored } of reserved) await parts.attachments.release({ resource, id }, stored?.attached ?? [])
    throw error
  }
}

async function write(parts: WriteParts, call: Call, { writes, more }: StoreRequest): Promise<boolean> {
  const [only] = writes
  if (writes.length === 1 && only !== undefined && more.length === 0 && only.touched.length === 0) return writeOne(parts, call, only)
  const stored = writes.flatMap((planned) => (planned.stored === undefined ? [] : [planned.stored]))
  // Touched objects first: a deletion that looked for referrers fails before anything else is decided on.
  const operations = [
    ...touchedOnce(
      writes,
      stored.map(({ operation }) => operation),
    ),
    ...stored.map(({ operation }) => operation),
    ...more,
  ]
  if (operations.length === 0) return true
  if (operations.length > MAX_OPERATIONS) {
    const detail = `This would write ${operations.length} documents at once, and at most ${MAX_OPERATIONS} can be: objects that are referred to and the kept answer count too.`
    throw resourceErrors.invalid({ detail, fields: [{ field: 'operations', message: 'Send fewer' }] })
  }
  const events = stored.map(({ event }) => event)
  return await committed(parts.repository.commit(call, operations, events), 'conflict')
}

/** Without the price of a commit: documents of one collection wait for their turn and meet no conflict. */
async function writeOne({ repository }: WriteParts, call: Call, { resource, id, stored }: PlannedWrite): Promise<boolean> {
  if (stored === undefined) return true
  const collection = repository.of(resource)
  const { operation, event } = stored
  const options = { events: [event] }
  if (operation.kind === 'update') return (await collection.update(call, id, operation.change, options)) !== undefined
  if (operation.kind === 'delete')
    return collection.delete(call, id, operation.ifVersion === undefined ? options : { ...options, ifVersion: operation.ifVersion })
  await collection.insert(call, resource.collection.schema.parse(operation.value), options)
  return true
}

/** What is changed anyway needs no touch, and would no longer have the version that it was decided on. */
function touchedOnce(writes: readonly PlannedWrite[], stored: readonly Operation[]): Operation[] {
  const nameOf = (operation: Operation): string | undefined =>
    operation.kind === 'update' ? `${operation.collection}/${operation.id}` : undefined
  const changed = new Set(stored.map(nameOf))
  const seen = new Map<string, Operation>()
  for (const operation of writes.flatMap(({ touched }) => touched)) {
    const name = nameOf(operation)
    if (name !== undefined && !changed.has(name)) seen.set(name, operation)
  }
  return [...seen.values()]
}

/** Names the fields whose values are taken, never by whom. */
function taken(error: AppError, writes: readonly PlannedWrite[]): Error {
  const index = /\bindex (\w+)/.exec(error.detail ?? '')?.[1]
  const indexes = writes.flatMap(({ resource }) => resource.indexes)
  const fields = indexes.find(({ name }) => name === index)?.fields ?? []
  return resourceErrors.duplicate({
    detail: 'A value that must be unique is taken.',
    fields: fields.filter((field) => field !== 'ownerId').map((field) => ({ field, message: 'Taken by another object' })),
    cause: error,
  })
}
