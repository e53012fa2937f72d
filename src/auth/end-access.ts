// Ending what the old password has opened. The page does so at once; as a job that the write of the new password asks for, it happens even if the
// page cannot, and no crash in between leaves somebody signed in whom the new password was meant to keep out.
import type { EventDraft } from '#kernel/collection.ts'
import { type JobDefinition, job, jobRequested } from '#kernel/job.ts'
import { z } from '#kernel/schema.ts'
import type { Engine } from './engine.ts'

const NAME = 'auth.end_access'
const input = z.strictObject({ accountId: z.string(), exceptSessionId: z.string() })

export function endAccessRequested(of: z.infer<typeof input>): EventDraft {
  return jobRequested({ name: NAME, input: { ...of } })
}

export function endAccessJob(engine: Pick<Engine, 'revokeAccount'>): JobDefinition {
  return job({
    name: NAME,
    input,
    handle: ({ call }, { accountId, exceptSessionId }) => engine.revokeAccount(call, accountId, exceptSessionId),
  })
}
