// All objects of one person: to show them to their owner, and to remove them when the account is gone. No rule and no hook of the app is asked then.
import type { Call } from '#kernel/call.ts'
import { ACCOUNT_DELETED, accountDeleted } from '#kernel/account-events.ts'
import type { Stored, Subscription } from '../database/contract.ts'
import { filesIn } from './attachments.ts'
import { OWNER_INDEX, type Resource } from './compile.ts'
import type { OwnedObjects } from './contract.ts'
import type { ResourceRepository } from './repository.ts'
import type { ResourceDocument } from './schemas.ts'
import { eventOf } from './writing/event.ts'

const PAGE = 100

interface OwnedParts {
  readonly resources: readonly Resource[]
  readonly repository: ResourceRepository
}

/** `forget` removes what else is kept of a person. */
export function accountSubscription(parts: OwnedParts, forget: (call: Call, accountId: string) => Promise<void>): Subscription {
  return {
    consumer: 'resource.accounts',
    topics: [ACCOUNT_DELETED],
    async handle(events, call) {
      for (const { data } of events) {
        const { accountId } = accountDeleted.parse(data)
        // First what could still make objects.
        await forget(call, accountId)
        await eraseOwned(parts, call, accountId)
      }
    },
  }
}

async function eraseOwned({ resources, repository }: OwnedParts, call: Call, ownerId: string): Promise<void> {
  for (const resource of resources) {
    const objects = repository.of(resource)
    for (;;) {
      const { items } = await objects.list(call, { index: OWNER_INDEX, where: { ownerId }, limit: PAGE })
      if (items.length === 0) break
      for (const stored of items) {
        call.signal.throwIfAborted()
        await erase(repository, call, { resource, stored })
      }
    }
  }
  for (;;) {
    const { items } = await repository.shares.list(call, { index: 'byPerson', where: { personId: ownerId }, limit: PAGE })
    if (items.length === 0) return
    for (const { value } of items) await repository.shares.delete(call, value.id)
  }
}

async function erase(
  repository: ResourceRepository,
  call: Call,
  { resource, stored }: { readonly resource: Resource; readonly stored: Stored<ResourceDocument> },
): Promise<void> {
  const { value, version } = stored
  // Its files, what refers to it and what is shared of it follow the event, as after any deletion.
  const events = [eventOf('deleted', value, { resource, changed: [], attached: [], detached: filesIn(resource, value) })]
  await repository.of(resource).delete(call, value.id, { ifVersion: version, events })
}

/** As they are stored: whoever owns an object may know all of it. */
export function ownedObjects({ resources, repository }: OwnedParts): OwnedObjects {
  return {
    names: resources.map(({ name }) => name),
    async page(call, { resource: name, ownerId, after }) {
      const resource = resources.find((one) => one.name === name)
      if (resource === undefined || call.principal.kind !== 'system') return { items: [] }
      const query = { index: OWNER_INDEX, where: { ownerId }, limit: PAGE, ...(after === undefined ? {} : { after }) }
      const { items, next } = await repository.of(resource).list(call, query)
      return { items: items.map(({ value }) => value), ...(next === undefined ? {} : { next }) }
    },
  }
}
