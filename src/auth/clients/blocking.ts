// Clients that operators refuse for good. The mark is on the record, which is kept for it: one of a document would come back with the next person
// who brings it.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { asPlace, foundPlace } from '../client-documents/place.ts'
import { authErrors } from '../errors.ts'
import type { Clients } from './contract.ts'
import type { ClientSettings } from '../provider/client-rules.ts'
import { keptMsOf } from '../registration/service.ts'
import { actorOf, securityEventOf } from '../security-events/security-event.ts'
import { type EndClient, endClientRequested } from './end-client.ts'
import type { ClientsRepository } from './repository.ts'
import { fixedClient, rewrite } from './rewriting.ts'
import type { StoredClient } from './schemas.ts'
import { viewOf } from './view.ts'
import { requireOperator } from '../operators-only.ts'

export interface BlockingDependencies {
  readonly repository: ClientsRepository
  readonly clock: Clock
  readonly settings: Pick<ClientSettings, 'definition' | 'development'>
  isFixed(clientId: string): boolean
  isDocument(clientId: string): boolean
  readonly end: EndClient
}

export function createBlocking(dependencies: BlockingDependencies): Pick<Clients, 'block' | 'unblock'> {
  const { repository, clock, settings, end } = dependencies
  const keptMs = keptMsOf(settings.definition?.registration)
  const named = (given: string): string => asPlace(given, settings.development) ?? given
  return {
    async block(call, given) {
      requireOperator(call)
      const clientId = named(given)
      const unknown = await blockUnknown(dependencies, call, clientId)
      if (unknown !== undefined) return viewOf(unknown)
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
    async unblock(call, given) {
      requireOperator(call)
      const clientId = named(given)
      const present = (await repository.find(call, clientId))?.value
      await refuseWithin(repository, call, clientId)
      if (present !== undefined && present.blockedAt === undefined) return viewOf(present)
      const stored = await rewrite(dependencies, call, {
        clientId,
        decide({ value: { source, overrides } }) {
          const now = clock.now()
          const expiry = source === 'operator' || overrides !== undefined ? {} : { expiresAt: now + keptMs }
          // Whatever its document said before is looked at anew.
          const fresh = source === 'document' ? { freshUntil: 0 } : {}
          return { set: { blockedAt: undefined, goodFrom: now, ...expiry, ...fresh }, type: 'client.unblocked' }
        },
      })
      return viewOf(stored)
    },
  }
}

/** A document that nobody has come with yet, or a place. */
async function blockUnknown(dependencies: BlockingDependencies, call: Call, clientId: string): Promise<StoredClient | undefined> {
  const { repository, clock, isFixed, isDocument, settings, end } = dependencies
  if (isFixed(clientId)) throw fixedClient(clientId)
  const isWhole = settings.definition?.registration?.documents === true && asPlace(clientId, settings.development) !== undefined
  if (!(isWhole || isDocument(clientId)) || (await repository.find(call, clientId)) !== undefined) return undefined
  const name = isWhole ? `Every document of ${clientId}` : clientId
  const now = clock.now()
  const unknown = unknownDocument(clientId, name.slice(0, 200), now)
  const events = [securityEventOf({ type: 'client.blocked', about: clientId.slice(0, 200), ...actorOf(call) })]
  if (!(await repository.insert(call, unknown, isWhole ? [endClientRequested(clientId, now), ...events] : events))) return undefined
  if (isWhole) await end(call, clientId)
  return unknown
}

function unknownDocument(clientId: string, name: string, now: number): StoredClient {
  const definition = { clientId, name, redirectUris: [], origins: [], scopes: [] }
  return { id: clientId, source: 'document', definition, freshUntil: 0, createdAt: now, blockedAt: now }
}

/** It would be said to be in again, and is not. */
async function refuseWithin(repository: ClientsRepository, call: Call, clientId: string): Promise<void> {
  const place = await foundPlace(repository, call, clientId)
  if (place?.blockedAt !== undefined && place.id !== clientId)
    throw authErrors.bad_client({ detail: `All of ${place.id} is blocked: let that in again.` })
}
