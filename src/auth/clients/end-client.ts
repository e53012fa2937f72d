// What a removed client leaves behind ends: its tokens, and what people have allowed it. As a job that the removal asks for, no crash in between
// leaves a token that works.
import { type JobDefinition, job, jobRequested } from '#kernel/job.ts'
import type { Call } from '#kernel/call.ts'
import type { EventDraft } from '#kernel/collection.ts'
import type { Logger } from '#kernel/log.ts'
import { z } from '#kernel/schema.ts'

const END_CLIENT = 'auth.end_client'

export type EndClient = (this: void, call: Call, clientId: string) => Promise<void>

/** For the write after which it may have nothing. */
export function endClientRequested(clientId: string): EventDraft {
  return jobRequested({ name: END_CLIENT, input: { clientId }, uniqueKey: `${END_CLIENT}:${clientId}` })
}

/** At once, however many jobs wait. What was written stays so whether this succeeds or not, and the job tries again. */
export function endingAtOnce(end: EndClient, logger: Logger): EndClient {
  return async (call, clientId) => {
    try {
      await end(call, clientId)
    } catch (error) {
      logger.error({ event: 'client.not_ended', client: clientId, err: error }, 'the tokens of a client could not be ended at once')
    }
  }
}

export function endClientJob(end: EndClient): JobDefinition {
  return job({
    name: END_CLIENT,
    input: z.strictObject({ clientId: z.string() }),
    handle: ({ call }, { clientId }) => end(call, clientId),
  })
}
