// Clients that came by themselves and that nobody uses are forgotten. That is a removal like any other: what people have allowed them ends in the same
// write, and whoever comes later with the address of a document begins with nothing.
import type { Clock } from '#kernel/clock.ts'
import { type JobDefinition, job } from '#kernel/job.ts'
import { z } from '#kernel/schema.ts'
import { endClientRequested } from './end-client.ts'
import type { ClientsRepository } from './repository.ts'

const EVERY_MS = 5 * 60_000
/** At each look. More than may come in that time, so that nobody fills the place. */
const AT_ONCE = 500

export interface ForgettingParts {
  readonly repository: Pick<ClientsRepository, 'listExpired' | 'remove'>
  readonly clock: Clock
}

export function forgetClientsJob({ repository, clock }: ForgettingParts): JobDefinition {
  return job({
    name: 'auth.forget_clients',
    input: z.strictObject({}),
    everyMs: EVERY_MS,
    async handle({ call }) {
      const now = clock.now()
      // Unless it has got a token just now.
      for (const { value, version } of await repository.listExpired(call, now, AT_ONCE))
        await repository.remove(call, value.id, { ifVersion: version, events: [endClientRequested(value.id, now)] })
    },
  })
}
