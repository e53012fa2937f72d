// Clients that operators refuse for good. The mark is on the record, which is kept for it: one of a document would come back with the next person
// who brings it.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import type { Clients } from './contract.ts'
import type { ClientSettings } from '../provider/client-rules.ts'
import { keptMsOf } from '../registration/service.ts'
import { securityEventOf } from '../security-events/security-event.ts'
import { type EndClient, endClientRequested } from './end-client.ts'
import type { ClientsRepository } from './repository.ts'
import { fixedClient, onlyForOperators, rewrite } from './rewriting.ts'
import type { StoredClient } from './schemas.ts'
import { viewOf } from './view.ts'

export interface BlockingDependencies {
  readonly repository: ClientsRepository
  readonly clock: Clock
  readonly settings: Pick<ClientSettings, 'definition'>
  isFixed(clientId: string): boolean
  isDocument(clientId: string): boolean
  readonly end: EndClient
}

export function createBlocking(dependencies: BlockingDependencies): Pick<Clients, 'block' | 'unblock'> {
  const { clock, settings, end } = dependencies
  return {
    async block(call, clientId) {
      onlyForOperators(call)
      if (await blockUnknown(dependencies, call, clientId)) return viewOf(unknownDocument(clientId, clock.now()))
      const blocked = await rewrite(dependencies, call, {
        clientId,
        decide: ({ value: { blockedAt = clock.now() } }) => ({
          set: { blockedAt, expiresAt: undefined },
          type: 'client.blocked',
          events: [endClientRequested(clientId, clock.now())],
        }),
      })
      await end(call, clientId)
      return viewOf(blocked)
    },
    async unblock(call, clientId) {
      const present = await dependencies.repository.find(call, clientId)
      if (present !== undefined && present.value.blockedAt === undefined) return viewOf(present.value)
      const keptMs = keptMsOf(settings.definition?.registration)
      const stored = await rewrite(dependencies, call, {
        clientId,
        decide({ value: { source } }) {
          const now = clock.now()
          const expiry = source === 'operator' ? {} : { expiresAt: now + keptMs }
          // Whatever its document said before is looked at anew.
          const fresh = source === 'document' ? { freshUntil: 0 } : {}
          return { set: { blockedAt: undefined, goodFrom: now, ...expiry, ...fresh }, type: 'client.unblocked' }
        },
      })
      return viewOf(stored)
    },
  }
}

/** A document that nobody has come with yet. */
async function blockUnknown(
  { repository, clock, isFixed, isDocument }: BlockingDependencies,
  call: Call,
  clientId: string,
): Promise<boolean> {
  if (isFixed(clientId)) throw fixedClient(clientId)
  if (!isDocument(clientId) || (await repository.find(call, clientId)) !== undefined) return false
  const events = [securityEventOf({ type: 'client.blocked', about: clientId.slice(0, 200) })]
  return await repository.insert(call, unknownDocument(clientId, clock.now()), events)
}

function unknownDocument(clientId: string, now: number): StoredClient {
  const definition = { clientId, name: clientId.slice(0, 200), redirectUris: [], origins: [], scopes: [] }
  return { id: clientId, source: 'document', definition, freshUntil: 0, createdAt: now, blockedAt: now }
}
