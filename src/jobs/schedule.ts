// Jobs that run again and again. Every tick has an id of its own that follows from the time, so that two processes add it once.
import type { Call } from '#kernel/call.ts'
import type { JobDefinition } from '#kernel/job.ts'
import { newJob } from './record.ts'
import type { JobsRepository } from './repository.ts'

const HOUR_MS = 60 * 60 * 1000
const PREFIX = 'tick-'

/** How long a tick that is done stays: longer than anybody could add it a second time. `undefined` for other jobs. */
export function keepTickMs(id: string, everyMs: number | undefined): number | undefined {
  return everyMs !== undefined && id.startsWith(PREFIX) ? Math.max(HOUR_MS, 2 * everyMs) : undefined
}

export interface Scheduler {
  /** Adds the ticks that have come since it was last asked. After a pause only the newest: nobody wants yesterday's purge too. */
  tick(call: Call, now: number): Promise<void>
}

export function createScheduler(repository: JobsRepository, definitions: readonly JobDefinition[]): Scheduler {
  const added = new Map<string, number>()
  return {
    async tick(call, now) {
      for (const { name, everyMs } of definitions) {
        if (everyMs === undefined) continue
        const number = Math.floor(now / everyMs)
        if (added.get(name) === number) continue
        // The key keeps a slow tick from being overtaken by the next one.
        await repository.insert(call, newJob(`${PREFIX}${name}-${number}`, { name, input: {}, uniqueKey: 'schedule' }, now))
        added.set(name, number)
      }
    },
  }
}
