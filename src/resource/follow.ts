// What happens after writes, from their stored events: hooks of the app, and what deletions mean for objects that refer to the deleted one, and for
// whom it was shared with.
import type { JobDefinition } from '#kernel/job.ts'
import type { Subscription } from '../database/contract.ts'
import { type AfterHookParts, createAfterHooks } from './hooks/after.ts'
import { relationSubscriptions } from './relations/follow.ts'
import { inboundRelations } from './relations/inbound.ts'
import { shareSubscriptions } from './sharing/follow.ts'

export interface Background {
  readonly subscriptions: readonly Subscription[]
  readonly jobs: readonly JobDefinition[]
}

export function followWrites(parts: AfterHookParts): Background {
  const { subscriptions, jobs } = createAfterHooks(parts)
  const inbound = inboundRelations([...parts.resources.values()])
  return { subscriptions: [...subscriptions, ...relationSubscriptions({ ...parts, inbound }), ...shareSubscriptions(parts)], jobs }
}
