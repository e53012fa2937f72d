// Changes of stored clients by operators: decided on the present state, again when somebody else was faster.
import type { Call } from '#kernel/call.ts'
import type { EventDraft } from '#kernel/collection.ts'
import type { Stored } from '../../database/contract.ts'
import { authErrors } from '../errors.ts'
import { actorOf, securityEventOf } from '../security-events/security-event.ts'
import type { ClientsRepository } from './repository.ts'
import type { StoredClient } from './schemas.ts'
import { requireOperator } from '../operators-only.ts'
import { settled } from '../settled.ts'

export interface RewritingDependencies {
  readonly repository: ClientsRepository
  /** Ids that the app itself has. */
  isFixed(clientId: string): boolean
}

interface Rewriting {
  readonly set: Partial<{ [Field in keyof StoredClient]: StoredClient[Field] | undefined }>
  readonly type: 'client.changed' | 'client.secret_rotated' | 'client.blocked' | 'client.unblocked'
  /** Beside what it tells of. */
  readonly events?: readonly EventDraft[]
}

export async function rewrite(
  { repository, isFixed }: RewritingDependencies,
  call: Call,
  { clientId, decide }: { readonly clientId: string; decide(stored: Stored<StoredClient>): Rewriting },
): Promise<StoredClient> {
  requireOperator(call)
  if (isFixed(clientId)) throw fixedClient(clientId)
  return await settled(async () => {
    const stored = await repository.findStored(call, clientId)
    if (stored === undefined) throw authErrors.client_not_found({ detail: `There is no client ${JSON.stringify(clientId)}.` })
    const { set, type, events: further = [] } = decide(stored)
    const { name } = set.definition ?? stored.value.definition
    const events = [...further, securityEventOf({ type, about: name, ...actorOf(call) })]
    const written = await repository.update(call, clientId, { change: { set, ifVersion: stored.version }, events })
    return written === undefined ? 'moved' : written.value
  }, call)
}

export function fixedClient(clientId: string): Error {
  return authErrors.bad_client({ detail: `${JSON.stringify(clientId)} is in the app definition: change it there.` })
}
