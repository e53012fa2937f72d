// What is left of deleted documents below what an engine can be asked for, overwritten once a day.
import type { Clock } from '#kernel/clock.ts'
import { type JobDefinition, job } from '#kernel/job.ts'
import type { Logger } from '#kernel/log.ts'
import { z } from '#kernel/schema.ts'
import type { Engine } from './ports.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const MIB = 1_048_576

export interface Scrubbing {
  /** The name of its job. */
  readonly job: string
  /** Larger databases are left alone: writes wait for it. None is scrubbed with 0. */
  readonly upToMib: number
}

export interface ScrubbingParts {
  readonly engine: Engine
  readonly scrubbing: Scrubbing | undefined
  readonly clock: Clock
  readonly logger: Logger
}

export function scrubbingJobs({ engine, scrubbing, clock, logger }: ScrubbingParts): readonly JobDefinition[] {
  if (engine.scrub === undefined || scrubbing === undefined || scrubbing.upToMib === 0) return []
  return [
    job({
      name: scrubbing.job,
      input: z.strictObject({}),
      everyMs: DAY_MS,
      timeoutMs: DAY_MS / 24,
      maxAttempts: 3,
      async handle() {
        const began = clock.now()
        const done = await engine.scrub?.(scrubbing.upToMib * MIB)
        if (done === undefined) return
        const mib = Math.ceil(done.bytes / MIB)
        if (done.isScrubbed) logger.info({ mib, ms: clock.now() - began }, 'the database was written anew without what is deleted')
        else
          logger.warn(
            { mib, upToMib: scrubbing.upToMib },
            'the database is too large to be written anew by itself; rests of what is deleted may stay in it',
          )
      },
    }),
  ]
}
