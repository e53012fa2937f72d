// The scheduled purge: rows that are older than the retention of today, whatever it was when they were written.
import type { Clock } from '#kernel/clock.ts'
import { type JobDefinition, job } from '#kernel/job.ts'
import { z } from '#kernel/schema.ts'
import type { RequestRepository } from './requests/repository.ts'

const HOUR_MS = 60 * 60 * 1000
const DAY_MS = 24 * HOUR_MS

export function purgeJob(requests: RequestRepository, clock: Clock, retentionDays: number): JobDefinition {
  return job({
    name: 'monitoring.purge',
    input: z.strictObject({}),
    everyMs: HOUR_MS,
    timeoutMs: HOUR_MS / 2,
    async handle({ call }) {
      const oldest = clock.now() - retentionDays * DAY_MS
      while (!call.signal.aborted && (await requests.removeBefore(call, oldest)) > 0);
    },
  })
}
