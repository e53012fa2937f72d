// An owner who goes may leave an organisation to blocked ones, and its machines with it. A job that the write asks for looks after that, so that no crash in
// between lets them go on.
import type { Call } from '#kernel/call.ts'
import type { EventDraft } from '#kernel/collection.ts'
import { type JobDefinition, job, jobRequested } from '#kernel/job.ts'
import { z } from '#kernel/schema.ts'

const NAME = 'auth.owner_gone'

export function ownerGone(organisationId: string): EventDraft {
  return jobRequested({ name: NAME, input: { organisationId } })
}

/** `halt`: ends what acts for it, unless somebody answers for it. */
export function ownerGoneJob(halt: (call: Call, organisationId: string) => Promise<void>): JobDefinition {
  return job({
    name: NAME,
    input: z.strictObject({ organisationId: z.string() }),
    handle: ({ call }, { organisationId }) => halt(call, organisationId),
  })
}
