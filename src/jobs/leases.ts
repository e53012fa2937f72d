// The jobs that this process holds: runs them, renews their leases, and gives them back at a stop.
import { type Call, systemCall } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import type { Logger } from '#kernel/log.ts'
import { givenBack } from './record.ts'
import type { JobsRepository } from './repository.ts'
import type { Runner } from './runner.ts'
import type { JobRecord } from './schemas.ts'

export interface LeasesParts {
  readonly repository: JobsRepository
  readonly runner: Runner
  readonly clock: Clock
  readonly logger: Logger
  readonly leaseMs: number
  /** Called when there is room for another job. */
  readonly onEnd: () => void
}

export interface Leases {
  count(): number
  /** Runs a job that was just claimed. */
  hold(job: JobRecord): void
  start(): void
  /** Waits so long for what is under way, then gives the rest back. */
  drain(waitMs: number): Promise<void>
}

interface Held {
  readonly job: JobRecord
  readonly abort: AbortController
  readonly ended: Promise<void>
}

export function createLeases({ repository, runner, clock, logger, leaseMs, onEnd }: LeasesParts): Leases {
  const call: Call = systemCall('jobs')
  const held = new Set<Held>()
  let timer: NodeJS.Timeout | undefined

  const renew = async (entry: Held): Promise<void> => {
    try {
      const kept = await repository.changeHeld(call, entry.job, { at: clock.now() + leaseMs })
      if (!kept && held.has(entry)) entry.abort.abort(new Error('The lease was lost to another worker'))
    } catch (error) {
      logger.warn({ err: error, jobId: entry.job.id }, 'a lease could not be renewed')
    }
  }

  const giveBack = async ({ job, abort }: Held): Promise<void> => {
    try {
      // First the lease, then the signal: what the handler does on the signal must not count as its outcome.
      await repository.changeHeld(call, job, givenBack(job, clock.now()))
    } catch (error) {
      logger.warn({ err: error, jobId: job.id }, 'a lease could not be given back; it will lapse')
    }
    abort.abort(new Error('The worker stops'))
  }

  return {
    count: () => held.size,
    hold(job) {
      const abort = new AbortController()
      const ended = runner
        .run(job, abort.signal)
        .catch((error: unknown) =>
          logger.error({ err: error, jobId: job.id }, 'the outcome of a job could not be stored; its lease will lapse'),
        )
        .finally(() => {
          held.delete(entry)
          onEnd()
        })
      const entry: Held = { job, abort, ended }
      held.add(entry)
    },
    start() {
      timer = setInterval(() => held.forEach((entry) => void renew(entry)), leaseMs / 3)
      timer.unref()
    },
    async drain(waitMs) {
      await within(waitMs, Promise.all([...held].map((entry) => entry.ended)))
      clearInterval(timer)
      await Promise.all([...held].map(giveBack))
    },
  }
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  await Promise.race([work, late])
  clearTimeout(timer)
}
