// The turns in the life of an import after it has begun: taken up, gone on with in slices, ended.
import type { Call } from '#kernel/call.ts'
import type { EventDraft } from '#kernel/collection.ts'
import { jobRequested } from '#kernel/job.ts'
import type { Stored } from '../../../database/contract.ts'
import type { ImportRecord, ImportState } from '../schemas.ts'
import type { ImportChange, ImportsRepository } from './repository.ts'

export const IMPORT_JOB = 'resource.import'
/** How long an import that has ended can be looked at. */
const KEEP_MS = 7 * 24 * 60 * 60 * 1000
const MAX_ROUNDS = 50
const PROBLEM_LENGTH = 1000

const LIVE: ReadonlySet<ImportState> = new Set(['receiving', 'waiting', 'running'])

export function isLive({ state }: Pick<ImportRecord, 'state'>): boolean {
  return LIVE.has(state)
}

/** `turn` tells the jobs of one import apart: while one with the same key waits or runs, a second is not added. */
export function importJob(id: string, turn: string, delayMs = 0): EventDraft {
  return jobRequested({ name: IMPORT_JOB, input: { id }, uniqueKey: `${id} ${turn}`, ...(delayMs === 0 ? {} : { delayMs }) })
}

export function endedWith(state: 'done' | 'failed' | 'cancelled', now: number, problem?: string): ImportChange {
  const said = problem === undefined ? {} : { problem: problem.slice(0, PROBLEM_LENGTH).toWellFormed() }
  return { state, slot: undefined, source: undefined, endedAt: now, beatAt: now, expiresAt: now + KEEP_MS, ...said }
}

/** Changes an import that others change too, as long as `change` wants to. `undefined` when it is gone or no longer wanted. */
export async function changed(
  repository: ImportsRepository,
  call: Call,
  about: {
    readonly id: string
    readonly change: (record: ImportRecord) => { readonly set: ImportChange; readonly events?: readonly EventDraft[] } | undefined
  },
): Promise<Stored<ImportRecord> | undefined> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const found = await repository.find(call, about.id)
    const wanted = found === undefined ? undefined : about.change(found.value)
    if (found === undefined || wanted === undefined) return undefined
    const stored = await repository.change(call, found, wanted)
    if (stored !== undefined) return stored
  }
  throw new Error('The import is changed by too many at once')
}
