// Runs one claimed job to its outcome and stores that, if the claim still holds.
import { systemCall } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { hasCode } from '#kernel/errors.ts'
import type { JobDefinition, Postponed } from '#kernel/job.ts'
import type { Logger } from '#kernel/log.ts'
import { fieldProblems } from '#kernel/schema.ts'
import { backoffMs } from './backoff.ts'
import { reasonOf } from './reasons.ts'
import { done, failed, postponed, triesOf, UNKNOWN_FOR_MS, waitingAgain } from './record.ts'
import type { JobChange, JobsRepository } from './repository.ts'
import { keepTickMs } from './schedule.ts'
import type { JobRecord } from './schemas.ts'
import type { Tally } from './tally.ts'

const MAX_ATTEMPTS = 10
const TIMEOUT_MS = 60_000

export interface RunnerParts {
  readonly repository: JobsRepository
  readonly definitions: ReadonlyMap<string, JobDefinition>
  readonly clock: Clock
  readonly logger: Logger
  readonly tally: Tally
  readonly random: () => number
}

export interface Runner {
  /** Ends when the outcome is stored, or refused. `lost` is aborted when the claim is gone. */
  run(job: JobRecord, lost: AbortSignal): Promise<void>
}

type Outcome =
  | { readonly ok: true }
  | {
      readonly ok: false
      readonly error: unknown
      readonly final?: boolean
      /** Before then the try does not count. */
      readonly countsFrom?: number
    }

export function createRunner(parts: RunnerParts): Runner {
  const { repository, definitions, clock, logger, tally, random } = parts

  const changeFor = (job: JobRecord, definition: JobDefinition | undefined, outcome: Outcome): JobChange => {
    const now = clock.now()
    if (outcome.ok) return done(now, keepTickMs(job.id, definition?.everyMs))
    const reason = reasonOf(outcome.error)
    if (outcome.countsFrom !== undefined && now < outcome.countsFrom) return postponed(job, now + backoffMs(job.attempt, random), reason)
    if (outcome.final || triesOf(job) >= (definition?.maxAttempts ?? MAX_ATTEMPTS)) return failed(reason, now)
    return waitingAgain(now + backoffMs(triesOf(job), random), reason)
  }

  return {
    async run(job, lost) {
      const startedAt = clock.now()
      const definition = definitions.get(job.name)
      const outcome = await attempt(job, definition, { lost, startedAt })
      const at = clock.now()
      const line = { jobId: job.id, job: job.name, attempt: job.attempt, ms: at - startedAt }
      if (lost.aborted) {
        logger.warn(line, 'the outcome of a job was dropped: its claim was lost meanwhile')
        return
      }
      const change = changeFor(job, definition, outcome)
      if (change.forgiven === undefined) tally.record(job.name, { ok: outcome.ok, ms: at - startedAt, at })
      if (!(await repository.changeHeld(systemCall('jobs'), job, change)))
        logger.warn(line, 'the outcome of a job was refused: its claim was lost meanwhile')
      else if (outcome.ok) logger.info(line, 'job done')
      else if (change.state === 'failed') logger.error({ ...line, err: outcome.error }, 'job failed for good')
      else if (change.forgiven !== undefined)
        logger.info({ ...line, reason: change.lastError, again: change.at }, 'job waits again: it could not begin')
      else logger.warn({ ...line, err: outcome.error, again: change.at }, 'job failed and is tried again')
    },
  }
}

async function attempt(
  job: JobRecord,
  definition: JobDefinition | undefined,
  part: { readonly lost: AbortSignal; readonly startedAt: number },
): Promise<Outcome> {
  const unknown = (reason: string): Outcome => couldNotBegin(job, { reason, withinMs: UNKNOWN_FOR_MS })
  if (definition === undefined) return unknown(`There is no job named "${job.name}"`)
  const input = definition.input.safeParse(job.input)
  if (!input.success) {
    const problem = fieldProblems(input.error)
      .map(({ field, message }) => `${field}: ${message}`)
      .join('; ')
    return unknown(`The input does not fit: ${problem}`)
  }
  const timeoutMs = definition.timeoutMs ?? TIMEOUT_MS
  const timeout = new AbortController()
  const timer = setTimeout(() => timeout.abort(new Error(`It took longer than ${timeoutMs} ms`)), timeoutMs)
  const signal = AbortSignal.any([part.lost, timeout.signal])
  const call = { ...systemCall('jobs'), requestId: `job-${job.id}-${job.attempt}`, signal, deadline: part.startedAt + timeoutMs }
  try {
    // A handler that ignores its signal does not hold up the others; whatever it does later is refused by its attempt number.
    const answer = await Promise.race([definition.handle({ call, jobId: job.id, attempt: triesOf(job) }, input.data), aborted(signal)])
    return answer === undefined ? { ok: true } : couldNotBegin(job, answer)
  } catch (error) {
    return { ok: false, error, final: hasCode(error, 'jobs.hopeless') }
  } finally {
    clearTimeout(timer)
  }
}

function couldNotBegin({ createdAt }: JobRecord, { reason, withinMs }: Postponed): Outcome {
  return { ok: false, error: new Error(reason), countsFrom: createdAt + withinMs }
}

function aborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  signal.addEventListener('abort', () => reject(signal.reason instanceof Error ? signal.reason : new Error('Aborted')), { once: true })
  return promise
}
