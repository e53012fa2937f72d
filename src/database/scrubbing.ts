// What is left of deleted documents below what an engine can be asked for, overwritten once a day.
import { type JobDefinition, job } from '#kernel/job.ts'
import type { Logger } from '#kernel/log.ts'
import { z } from '#kernel/schema.ts'
import type { Engine, Scrubbed } from './ports.ts'

const HOUR_MS = 60 * 60 * 1000
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
  readonly logger: Logger
}

/** The job is there also where it has nothing to do: another process, with other settings, may have asked for it. */
export function scrubbingJobs({ engine, scrubbing, logger }: ScrubbingParts): readonly JobDefinition[] {
  if (engine.scrub === undefined || scrubbing === undefined) return []
  const { job: name, upToMib } = scrubbing
  return [
    job({
      name,
      input: z.strictObject({}),
      everyMs: 24 * HOUR_MS,
      timeoutMs: HOUR_MS,
      maxAttempts: 3,
      async handle() {
        const done = upToMib === 0 ? undefined : await engine.scrub?.(upToMib * MIB)
        if (done !== undefined) tell(logger, done, upToMib)
      },
    }),
  ]
}

function tell(logger: Logger, { outcome, bytes }: Scrubbed, upToMib: number): void {
  const mib = Math.ceil(bytes / MIB)
  if (outcome === 'scrubbed') logger.info({ mib }, 'the database was written anew without what is deleted')
  else if (outcome === 'log kept')
    logger.info({ mib }, 'the database was written anew without what is deleted; its log is emptied when those who read it have ended')
  else if (outcome === 'too large')
    logger.warn({ mib, upToMib }, 'the database is too large to be written anew by itself; copies of what is deleted may stay in it')
  else logger.warn({ mib }, 'there is too little room to write the database anew; copies of what is deleted may stay in it')
}
