// What a removed client leaves behind ends: its tokens, and what people have allowed it. As a job that the removal asks for, no crash in between
// leaves a token that works.
import { type JobDefinition, job, jobRequested } from '#kernel/job.ts'
import type { Call } from '#kernel/call.ts'
import type { EventDraft } from '#kernel/collection.ts'
import type { Logger } from '#kernel/log.ts'
import { z } from '#kernel/schema.ts'
import { placeOf } from '../client-documents/place.ts'
import type { ClientsRepository } from './repository.ts'

const PAGE = 200
const END_CLIENT = 'auth.end_client'

/** A process that remembers the client may give it something until then: what it gets a moment after the write counts for nothing, and goes as well. */
const UNDER_WAY_MS = 2000

/** Everything that was there by then, in epoch milliseconds; all of it unless told. */
export type EndClient = (this: void, call: Call, clientId: string, until?: number) => Promise<void>

/** For the write after which it may have nothing. Whatever it gets later, when it is let in again, a late job leaves alone. `at`: epoch milliseconds. */
export function endClientRequested(clientId: string, at: number): EventDraft {
  const until = at + UNDER_WAY_MS
  return jobRequested({
    name: END_CLIENT,
    input: { clientId, until },
    uniqueKey: `${END_CLIENT}:${clientId}:${until}`,
    delayMs: UNDER_WAY_MS,
  })
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

/** With whatever the documents of a place describe, when it is one. */
export function endingPlaces(end: EndClient, repository: Pick<ClientsRepository, 'listOf'>): EndClient {
  return async (call, clientId, until) => {
    if (placeOf(clientId) !== clientId) {
      await end(call, clientId, until)
      return
    }
    let after: string | undefined
    do {
      const page = await repository.listOf(call, clientId, { limit: PAGE, ...(after === undefined ? {} : { after }) })
      for (const { value } of page.items) await end(call, value.id, until)
      after = page.next
    } while (after !== undefined)
  }
}

export function endClientJob(end: EndClient): JobDefinition {
  return job({
    name: END_CLIENT,
    input: z.strictObject({ clientId: z.string(), until: z.int().exactOptional() }),
    handle: ({ call }, { clientId, until }) => end(call, clientId, until),
  })
}
