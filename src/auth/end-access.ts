// Ending what an account has open. Whoever asks does so at once; as a job that the write asks for (of a new password, of a suspension), it happens even
// if they cannot, and no crash in between leaves somebody signed in whom the write was meant to keep out.
import type { EventDraft } from '#kernel/collection.ts'
import { type JobDefinition, job, jobRequested } from '#kernel/job.ts'
import { z } from '#kernel/schema.ts'
import type { Engine } from './engine.ts'
import type { Reclaiming } from './reclaiming.ts'
import type { ServiceAccounts } from './service-accounts/service.ts'

const NAME = 'auth.end_access'
const input = z.strictObject({ accountId: z.string(), exceptSessionId: z.string().optional() })

export function endAccessRequested(of: z.infer<typeof input>): EventDraft {
  return jobRequested({ name: NAME, input: { ...of } })
}

export interface EndAccessDependencies {
  readonly engine: Pick<Engine, 'revokeAccount'>
  /** Ends the machines of whoever is blocked. */
  readonly services: Pick<ServiceAccounts, 'halt'>
  /** Removes what was added until then to an account that was taken back. */
  readonly reclaiming: Pick<Reclaiming, 'finish'>
}

export function endAccessJob({ engine, services, reclaiming }: EndAccessDependencies): JobDefinition {
  return job({
    name: NAME,
    input,
    async handle({ call }, { accountId, exceptSessionId }) {
      await engine.revokeAccount(call, accountId, exceptSessionId)
      await reclaiming.finish(call, accountId)
      await services.halt(call, accountId)
    },
  })
}
