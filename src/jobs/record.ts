// What a job looks like at each turn of its life. Pure: the worker and the service write what these say.
import type { JobChange } from './repository.ts'
import type { JobRecord, ParsedRequest } from './schemas.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const KEEP_DONE_MS = 7 * DAY_MS
const KEEP_FAILED_MS = 30 * DAY_MS
const ERROR_LENGTH = 1000

/** Keys of different jobs are different, whatever the writers chose. */
const liveKeyOf = (name: string, uniqueKey: string): string => `${name} ${uniqueKey}`

export function newJob(id: string, request: ParsedRequest, now: number): JobRecord {
  const { name, input, delayMs = 0, uniqueKey } = request
  return {
    id,
    name,
    input,
    state: 'waiting',
    at: now + delayMs,
    createdAt: now,
    attempt: 0,
    forgiven: 0,
    lostLeases: 0,
    ...(uniqueKey === undefined ? {} : { uniqueKey, liveKey: liveKeyOf(name, uniqueKey) }),
  }
}

/** A job that was asked for in a way that cannot be read. It is kept, so that somebody sees it. */
export function unreadableJob(id: string, problem: string, now: number): JobRecord {
  const job = newJob(id, { name: 'unreadable', input: null }, now)
  return { ...job, state: 'failed', expiresAt: now + KEEP_FAILED_MS, lastError: shortened(problem) }
}

export function claimed(job: JobRecord, now: number, leaseMs: number): JobChange {
  return { state: 'running', attempt: job.attempt + 1, at: now + leaseMs, startedAt: now }
}

/** Tries that count, the one under way included. */
export function triesOf(job: JobRecord): number {
  return job.attempt - job.forgiven
}

export function done(now: number, keepMs = KEEP_DONE_MS): JobChange {
  return { state: 'done', at: now, expiresAt: now + keepMs, input: undefined, liveKey: undefined, lastError: undefined }
}

export function failed(reason: string, now: number): JobChange {
  return { state: 'failed', at: now, expiresAt: now + KEEP_FAILED_MS, liveKey: undefined, lastError: shortened(reason) }
}

export function waitingAgain(at: number, reason: string): JobChange {
  return { state: 'waiting', at, lastError: shortened(reason) }
}

/** What this process does not know may be new, of processes that are being started beside it: for so long it waits for them. */
export const UNKNOWN_FOR_MS = 60 * 60 * 1000

/** It could not begin: the claim was not the job's fault. */
export function postponed(job: JobRecord, at: number, reason: string): JobChange {
  return { ...waitingAgain(at, reason), forgiven: job.forgiven + 1 }
}

/** The worker stops: the claim was not the job's fault. */
export function givenBack(job: JobRecord, now: number): JobChange {
  return { state: 'waiting', at: now, forgiven: job.forgiven + 1 }
}

/** An operator wants it tried again, with all its tries. */
export function retried(job: JobRecord, now: number): JobChange {
  const liveKey = job.uniqueKey === undefined ? undefined : liveKeyOf(job.name, job.uniqueKey)
  return { state: 'waiting', at: now, forgiven: job.attempt, lostLeases: 0, expiresAt: undefined, liveKey }
}

function shortened(text: string): string {
  return text.length <= ERROR_LENGTH ? text.toWellFormed() : `${text.slice(0, ERROR_LENGTH - 3)}...`.toWellFormed()
}
