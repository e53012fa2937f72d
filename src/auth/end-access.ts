// Ending what an account has open. Whoever asks does so at once; as a job that the write asks for (of a new password, of a suspension), it happens even
// if they cannot, and no crash in between leaves somebody signed in whom the write was meant to keep out. Nor does a late job sign out whom it let in.
import type { EventDraft } from '#kernel/collection.ts'
import { type JobDefinition, job, jobRequested } from '#kernel/job.ts'
import { z } from '#kernel/schema.ts'
import type { Engine } from './engine.ts'
import type { Reclaiming } from './reclaiming.ts'
import type { ServiceAccounts } from './service-accounts/service.ts'

const NAME = 'auth.end_access'
/** A sign-in that was under way may be stored a moment after the write that was to end it. */
const UNDER_WAY_MS = 1000
/** By then the request that was to do it has done so, or never will. */
const GIVEN_UP_MS = 60_000
const input = z.strictObject({
  accountId: z.string(),
  until: z.int(),
  exceptSessionId: z.string().optional(),
  /** Unless the request has done it. */
  ifLeft: z.literal(true).optional(),
})

/** `at`: the moment of the write, in epoch milliseconds. */
export function endAccessRequested({
  at,
  ...of
}: {
  readonly accountId: string
  readonly at: number
  readonly exceptSessionId?: string
}): EventDraft {
  return jobRequested({ name: NAME, input: { ...of, until: at + UNDER_WAY_MS } })
}

/**
 * For a write by which somebody takes an account back and comes into it at once. The request ends what others have opened, and only then lets its owner
 * in, whom the job must not sign out again: it waits, and does nothing unless the request has not come to it.
 */
export function restOfTakingBackRequested({ accountId, at }: { readonly accountId: string; readonly at: number }): EventDraft {
  return jobRequested({ name: NAME, input: { accountId, until: at, ifLeft: true }, delayMs: GIVEN_UP_MS })
}

export interface EndAccessDependencies {
  readonly engine: Pick<Engine, 'revokeAccount' | 'revokeUntil'>
  /** Ends the machines of whoever is blocked. */
  readonly services: Pick<ServiceAccounts, 'halt'>
  /** Removes what was added until then to an account that was taken back. */
  readonly reclaiming: Pick<Reclaiming, 'isOpen' | 'finish'>
}

export function endAccessJob({ engine, services, reclaiming }: EndAccessDependencies): JobDefinition {
  return job({
    name: NAME,
    input,
    async handle({ call }, { accountId, ifLeft = false, ...ended }) {
      // After a crash, whoever had the account may have added a way in meanwhile, and signed in by it: nobody is spared.
      if (await reclaiming.isOpen(call, accountId)) await engine.revokeAccount(call, accountId)
      else if (ifLeft) return
      else await engine.revokeUntil(call, accountId, ended)
      await reclaiming.finish(call, accountId)
      await services.halt(call, accountId)
    },
  })
}
