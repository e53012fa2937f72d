// Turns the events of writes into jobs. The id comes from the event, so that a second delivery adds nothing.
import type { Call } from '#kernel/call.ts'
import { JOB_REQUESTED } from '#kernel/job.ts'
import type { Logger } from '#kernel/log.ts'
import { fieldProblems } from '#kernel/schema.ts'
import type { StoredEvent, Subscription } from '../database/contract.ts'
import { newJob, unreadableJob } from './record.ts'
import type { JobsRepository } from './repository.ts'
import { type JobRecord, jobRequest } from './schemas.ts'

export function jobIntake(repository: JobsRepository, logger: Logger, wake: () => void): Subscription {
  const read = (event: StoredEvent): JobRecord => {
    const id = `event-${event.sequence}`
    const parsed = jobRequest.safeParse(event.data)
    if (parsed.success) return newJob(id, parsed.data, event.at)
    // Throwing would stop every job behind this one.
    const problem = fieldProblems(parsed.error)
      .map(({ field, message }) => `${field}: ${message}`)
      .join('; ')
    logger.error({ sequence: event.sequence, problem }, 'a job was asked for in a way that cannot be read')
    return unreadableJob(id, `The request cannot be read: ${problem}`, event.at)
  }
  return {
    consumer: 'jobs',
    topics: [JOB_REQUESTED],
    async handle(events: readonly StoredEvent[], call: Call) {
      await repository.insertAll(call, events.map(read))
      wake()
    },
  }
}
