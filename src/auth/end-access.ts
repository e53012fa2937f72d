// Ending what an account has open. Whoever asks does so at once; as a job that the write asks for (of a new password, of a suspension), it happens even
// if they cannot, and no crash in between leaves somebody signed in whom the write was meant to keep out.
import type { EventDraft } from '#kernel/collection.ts'
import { type JobDefinition, job, jobRequested } from '#kernel/job.ts'
import { z } from '#kernel/schema.ts'
import type { Engine } from './engine.ts'
import type { ServiceAccounts } from './service-accounts/service.ts'

const NAME = 'auth.end_access'
const input = z.strictObject({ accountId: z.string(), exceptSessionId: z.string().optional() })

export function endAccessRequested(of: z.infer<typeof input>): EventDraft {
  return jobRequested({ name: NAME, input: { ...of } })
}

/** `services` ends the machines of whoever is blocked. */
export function endAccessJob(engine: Pick<Engine, 'revokeAccount'>, services: Pick<ServiceAccounts, 'halt'>): JobDefinition {
  return job({
    name: NAME,
    input,
    async handle({ call }, { accountId, exceptSessionId }) {
      await engine.revokeAccount(call, accountId, exceptSessionId)
      await services.halt(call, accountId)
    },
  })
}
