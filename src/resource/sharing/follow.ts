// What was shared of an object goes with it.
import type { Subscription } from '../../database/contract.ts'
import type { Resource } from '../compile.ts'
import type { ResourceRepository } from '../repository.ts'
import { resourceEvent } from '../schemas.ts'
import { MAX_SHARES } from './shares.ts'

interface FollowParts {
  readonly resources: ReadonlyMap<string, Resource>
  readonly repository: ResourceRepository
}

export function shareSubscriptions({ resources, repository }: FollowParts): Subscription[] {
  const topics = [...resources.values()].filter(({ definition }) => definition.share === true).map(({ name }) => `resource.${name}`)
  if (topics.length === 0) return []
  const { shares } = repository
  return [
    {
      consumer: 'resource.shares',
      topics,
      async handle(events, call) {
        for (const event of events) {
          const { type, resource, id } = resourceEvent.parse(event.data)
          if (type !== 'deleted') continue
          const page = await shares.list(call, { index: 'byObject', where: { resource, objectId: id }, limit: MAX_SHARES })
          for (const { value } of page.items) await shares.delete(call, value.id)
        }
      },
    },
  ]
}
