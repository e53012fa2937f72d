// Finds jobs that are due and claims them under a lease. A worker that vanishes loses its leases; one that comes back late is refused.
import { type Call, systemCall } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import type { Logger } from '#kernel/log.ts'
import type { Stored } from '../database/contract.ts'
import { backoffMs } from './backoff.ts'
import { createLeases } from './leases.ts'
import { claimed, failed, triesOf, waitingAgain } from './record.ts'
import type { JobsRepository } from './repository.ts'
import type { Runner } from './runner.ts'
import type { Scheduler } from './schedule.ts'
import type { JobRecord } from './schemas.ts'

export interface WorkerSettings {
  readonly concurrency: number
  readonly leaseMs: number
  /** The floor when no wake-up comes, for example for jobs that another process was asked for. */
  readonly pollMs: number
  /** How long a stop waits for what is under way. */
  readonly drainMs: number
}

export interface WorkerParts {
  readonly repository: JobsRepository
  readonly runner: Runner
  readonly scheduler: Scheduler
  readonly clock: Clock
  readonly logger: Logger
  readonly random: () => number
  readonly settings: WorkerSettings
}

export interface Worker {
  start(): void
  /** Something may be due. */
  wake(): void
  stop(): Promise<void>
  problem(): string | undefined
}

/** A job that kills its worker would otherwise go round for ever. */
const MOST_LOST_LEASES = 3

export function createWorker(parts: WorkerParts): Worker {
  const { repository, scheduler, clock, logger, settings } = parts
  const call: Call = systemCall('jobs')
  const state: { accepting: boolean; again: boolean; trouble: string | undefined } = { accepting: false, again: false, trouble: undefined }
  let looking: Promise<void> | undefined
  let poll: NodeJS.Timeout | undefined

  const look = async (): Promise<void> => {
    try {
      await scheduler.tick(call, clock.now())
      const lapsed = await repository.due(call, 'running', { until: clock.now(), limit: settings.concurrency })
      await Promise.all(lapsed.map((job) => reclaim(parts, call, job)))
      while (await claimSome());
      state.trouble = undefined
    } catch (error) {
      if (state.trouble === undefined) logger.error({ err: error }, 'jobs cannot be read; trying again at the next poll')
      state.trouble = 'jobs cannot be read'
    }
  }
  const lookWhileAsked = async (): Promise<void> => {
    while (state.again && state.accepting) {
      state.again = false
      await look()
    }
    looking = undefined
  }
  const wake = (): void => {
    if (!state.accepting) return
    state.again = true
    looking ??= lookWhileAsked()
  }
  const leases = createLeases({ ...parts, leaseMs: settings.leaseMs, onEnd: wake })

  const claimSome = async (): Promise<boolean> => {
    const free = settings.concurrency - leases.count()
    if (!state.accepting || free <= 0) return false
    // A stop may come while they are read.
    const due = (await repository.due(call, 'waiting', { until: clock.now(), limit: free })).filter(() => state.accepting)
    const claims = await Promise.allSettled(
      due.map((job) => repository.change(call, job, claimed(job.value, clock.now(), settings.leaseMs))),
    )
    for (const claim of claims) if (claim.status === 'fulfilled' && claim.value !== undefined) leases.hold(claim.value.value)
    for (const claim of claims) if (claim.status === 'rejected') throw claim.reason
    return due.length > 0
  }

  return {
    start() {
      state.accepting = true
      poll = setInterval(wake, settings.pollMs)
      poll.unref()
      leases.start()
      wake()
    },
    wake,
    async stop() {
      state.accepting = false
      clearInterval(poll)
      await looking
      await leases.drain(settings.drainMs)
    },
    problem: () => state.trouble,
  }
}

/** Takes a job back from a worker that no longer renews its lease. */
async function reclaim({ repository, clock, logger, random }: WorkerParts, call: Call, job: Stored<JobRecord>): Promise<void> {
  const { value } = job
  const now = clock.now()
  const lostLeases = value.lostLeases + 1
  const set =
    lostLeases >= MOST_LOST_LEASES
      ? failed(`Its worker vanished ${lostLeases} times; it may be this job that ends it.`, now)
      : waitingAgain(now + backoffMs(triesOf(value), random), `Its worker vanished (${lostLeases} of ${MOST_LOST_LEASES}).`)
  const changed = await repository.change(call, job, { ...set, lostLeases })
  if (changed !== undefined) logger.warn({ jobId: value.id, job: value.name, attempt: value.attempt, lostLeases }, 'a job lost its lease')
}
