// What a deletion means for the objects that refer to the deleted one: deleted as well, or their field emptied. It follows the events, so that it happens however
// many there are and whenever the platform stops; a reference that was written while its target went away is found by the event of that write.
import { type Call, systemCall } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { AppError } from '#kernel/errors.ts'
import type { Logger } from '#kernel/log.ts'
import type { z } from '#kernel/schema.ts'
import type { StoredEvent, Subscription } from '../../database/contract.ts'
import type { Relation, Resource } from '../compile.ts'
import type { Resources } from '../contract.ts'
import type { ResourceRepository } from '../repository.ts'
import { type ResourceDocument, resourceEvent } from '../schemas.ts'
import { eventOf } from '../writing/event.ts'
import type { Inbound } from './inbound.ts'

/** As it was parsed. */
type WriteEvent = z.output<typeof resourceEvent>

const PAGE = 100
const AT_ONCE = 8
const MAX_ROUNDS = 5

export interface FollowParts {
  readonly resources: ReadonlyMap<string, Resource>
  readonly inbound: ReadonlyMap<string, readonly Inbound[]>
  readonly repository: ResourceRepository
  readonly service: Resources
  readonly clock: Clock
  readonly logger: Logger
}

export function relationSubscriptions(parts: FollowParts): Subscription[] {
  const following = [...parts.inbound].flatMap(([to, inbound]) => inbound.filter(isFollowed).flatMap(({ from }) => [to, from.name]))
  if (following.length === 0) return []
  return [
    {
      consumer: 'resource.relations',
      topics: [...new Set(following)].map((name) => `resource.${name}`),
      beginAtEnd: true,
      handle: async (events: readonly StoredEvent[]) => {
        // Each looks at what is stored now, so their order means nothing.
        await someAtOnce(events, ({ data }) => follow(parts, resourceEvent.parse(data)))
      },
    },
  ]
}

async function someAtOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let start = 0; start < items.length; start += AT_ONCE) await Promise.all(items.slice(start, start + AT_ONCE).map(work))
}

const isFollowed = ({ relation }: Pick<Inbound, 'relation'>): boolean => relation.onDelete === 'cascade' || relation.onDelete === 'clear'

async function follow(parts: FollowParts, event: WriteEvent): Promise<void> {
  const call = systemCall('resource.relations')
  const resource = parts.resources.get(event.resource)
  if (resource === undefined) return
  if (event.type === 'deleted') await followDeletion(parts, call, event)
  else await checkWritten(parts, call, { resource, event })
}

async function followDeletion(parts: FollowParts, call: Call, { resource, id }: WriteEvent): Promise<void> {
  for (const { from, relation, index } of (parts.inbound.get(resource) ?? []).filter(isFollowed)) {
    let after: string | undefined
    do {
      const query = { index, where: { [relation.field]: id }, limit: PAGE, ...(after === undefined ? {} : { after }) }
      const page = await parts.repository.of(from).list(call, query)
      await someAtOnce(page.items, ({ value }) => settle(parts, call, { from, relation, document: value }))
      after = page.next
    } while (after !== undefined)
  }
}

/** The target may have gone between the check and the write. */
async function checkWritten(parts: FollowParts, call: Call, { resource, event }: { resource: Resource; event: WriteEvent }): Promise<void> {
  const relations = resource.relations.filter((relation) => isFollowed({ relation }) && event.changed.includes(relation.field))
  if (relations.length === 0) return
  const document = (await parts.repository.of(resource).get(call, event.id))?.value
  if (document === undefined) return
  for (const relation of relations) {
    const id = document[relation.field]
    const target = parts.resources.get(relation.to)
    if (typeof id !== 'string' || target === undefined) continue
    if ((await parts.repository.of(target).get(call, id)) === undefined) await settle(parts, call, { from: resource, relation, document })
  }
}

interface Referrer {
  readonly from: Resource
  readonly relation: Relation
  readonly document: ResourceDocument
}

async function settle(parts: FollowParts, call: Call, referrer: Referrer): Promise<void> {
  const { from, relation, document } = referrer
  if (relation.onDelete === 'clear') {
    await clear(parts, call, referrer)
    return
  }
  try {
    await parts.service.delete(call, from.name, { id: document.id })
  } catch (error) {
    // Gone already, restricted by others, or refused by the app's own hook: trying again would not help, and must not stop what follows.
    if (!(error instanceof AppError) || error.status >= 500) throw error
    if (error.status !== 404)
      parts.logger.warn({ err: error, resource: from.name, id: document.id }, 'an object that refers to a deleted one stays')
  }
}

async function clear({ repository, clock }: FollowParts, call: Call, { from, relation, document }: Referrer): Promise<void> {
  const { field } = relation
  const gone = document[field]
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const current = await repository.of(from).get(call, document.id)
    if (current === undefined || current.value[field] !== gone) return
    const events = [eventOf('updated', current.value, { resource: from, changed: [field], attached: [], detached: [] })]
    const set = { [field]: undefined, updatedAt: new Date(clock.now()).toISOString() }
    if ((await repository.of(from).update(call, document.id, { set, ifVersion: current.version }, { events })) !== undefined) return
  }
  throw new Error(`Object ${document.id} of ${from.name} changes too fast to be cleared`)
}
