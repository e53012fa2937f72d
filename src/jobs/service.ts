// The decisions of jobs that others ask for: adding one, looking at them, trying one again.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { hasCode } from '#kernel/errors.ts'
import { newId } from '#kernel/ids.ts'
import type { JobDefinition, JobRequest } from '#kernel/job.ts'
import { fieldProblems } from '#kernel/schema.ts'
import type { JobSeal } from '#kernel/sealed-job.ts'
import type { Jobs } from './contract.ts'
import { jobErrors } from './errors.ts'
import { newJob, retried, triesOf } from './record.ts'
import type { JobsRepository } from './repository.ts'
import { type JobRecord, type JobsOverview, jobRequest } from './schemas.ts'
import type { Tally } from './tally.ts'

export interface JobsService extends Pick<Jobs, 'enqueue'> {
  overview(call: Call): Promise<JobsOverview>
  /** A failed job waits again, with all its tries. */
  retry(call: Call, id: string): Promise<void>
}

export interface JobsServiceParts {
  readonly repository: JobsRepository
  readonly definitions: ReadonlyMap<string, JobDefinition>
  readonly tally: Tally
  readonly seal: JobSeal
  readonly clock: Clock
  readonly wake: () => void
}

// Counting stops here: the console shows "1,000 or more", and nothing ever walks a whole collection.
const MOST_COUNTED = 1000
const MOST_FAILURES = 50

export function createJobsService(parts: JobsServiceParts): JobsService {
  const { repository, seal, clock, wake } = parts
  return {
    async enqueue(call, request: JobRequest) {
      const parsed = jobRequest.safeParse(request)
      if (!parsed.success) throw jobErrors.bad_request({ fields: fieldProblems(parsed.error) })
      const now = clock.now()
      await repository.insert(call, newJob(newId(now), seal.request(parsed.data, now), now))
      wake()
    },

    async overview(call) {
      const [waiting, running, failures] = await Promise.all(
        (['waiting', 'running', 'failed'] as const).map((state) => repository.inState(call, state, MOST_COUNTED)),
      )
      const pages = { waiting, running, failed: failures }
      const counts = mapValues(pages, (found) => ({ jobs: found?.items.length ?? 0, more: found?.next !== undefined }))
      const records = mapValues(pages, (found) => (found?.items ?? []).map((item) => item.value))
      const oldest = records.waiting[0]
      return {
        counts,
        overdueMs: oldest === undefined ? 0 : Math.max(0, clock.now() - oldest.at),
        failures: records.failed.slice(0, MOST_FAILURES).map(failureOf),
        names: namesOf(parts, records),
      }
    },

    async retry(call, id) {
      const job = await repository.get(call, id)
      if (job === undefined) throw jobErrors.not_found()
      if (job.value.state !== 'failed') throw jobErrors.not_failed()
      const changed = await repository.change(call, job, retried(job.value, clock.now())).catch((error: unknown) => {
        if (hasCode(error, 'database.duplicate'))
          throw jobErrors.not_failed({ detail: 'A job with the same unique key is under way already.' })
        throw error
      })
      if (changed === undefined) throw jobErrors.not_failed({ detail: 'Somebody else was faster.' })
      wake()
    },
  }
}

function failureOf(job: JobRecord): JobsOverview['failures'][number] {
  const { id, name, lastError = '', createdAt, at } = job
  return { id, name, attempts: triesOf(job), lastError, createdAt: new Date(createdAt).toISOString(), failedAt: new Date(at).toISOString() }
}

type ByState<T> = Readonly<Record<'waiting' | 'running' | 'failed', T>>

function namesOf({ definitions, tally }: JobsServiceParts, records: ByState<readonly JobRecord[]>): JobsOverview['names'] {
  const names = new Set([...definitions.keys(), ...Object.values(records).flatMap((jobs) => jobs.map((job) => job.name))])
  return [...names].toSorted().map((name) => {
    const row = tally.of(name)
    const everyMs = definitions.get(name)?.everyMs
    const tries = row === undefined ? 0 : row.done + row.failedTries
    return {
      name,
      ...(everyMs === undefined ? {} : { everyMs }),
      done: row?.done ?? 0,
      failedTries: row?.failedTries ?? 0,
      meanMs: row === undefined || tries === 0 ? 0 : Math.round(row.totalMs / tries),
      ...(row === undefined ? {} : { lastEndedAt: new Date(row.lastEndedAt).toISOString() }),
      ...mapValues(records, (jobs) => jobs.filter((job) => job.name === name).length),
    }
  })
}

function mapValues<T, U>(values: ByState<T>, change: (value: T) => U): ByState<U> {
  return { waiting: change(values.waiting), running: change(values.running), failed: change(values.failed) }
}
