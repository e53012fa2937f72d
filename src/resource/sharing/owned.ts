// What one person shares, and what is shared with them: for the download of their data. No rule of the app is asked, and nothing is told of anybody but ids.
import type { Call } from '#kernel/call.ts'
import { z } from '#kernel/schema.ts'
import { OWNER_INDEX, type Resource } from '../compile.ts'
import type { OwnedShares, SharedByOwner } from '../contract.ts'
import type { ResourceRepository } from '../repository.ts'
import { MAX_SHARES } from './shares.ts'

const PAGE = 100
/** Each of them may be shared a thousand times. */
const OBJECTS_AT_ONCE = 10

interface Parts {
  readonly resources: readonly Resource[]
  readonly repository: ResourceRepository
}

/** The resource that it is at, and how far in it. */
const cursor = z.tuple([z.string(), z.string().nullable()])

export function ownedShares(parts: Parts): OwnedShares {
  const { resources, repository } = parts
  return {
    async by(call, ownerId, after) {
      if (call.principal.kind !== 'system') return { items: [] }
      const [name, inner] = after === undefined ? [resources[0]?.name, null] : cursor.parse(JSON.parse(after))
      const at = resources.findIndex((resource) => resource.name === name)
      const resource = resources[at]
      if (resource === undefined) return { items: [] }
      const { items, next } = await sharedOf(parts, call, { resource, ownerId, after: inner ?? undefined })
      const [following] = resources.slice(at + 1)
      const then = next === undefined ? following && [following.name, null] : [resource.name, next]
      return { items, ...(then === undefined ? {} : { next: JSON.stringify(then) }) }
    },
    async with(call, personId, after) {
      if (call.principal.kind !== 'system') return { items: [] }
      const query = { index: 'byPerson', where: { personId }, limit: PAGE, ...(after === undefined ? {} : { after }) }
      const { items, next } = await repository.shares.list(call, query)
      const shown = items.map(({ value: { resource, objectId, may, createdAt } }) => ({ resource, objectId, may, createdAt }))
      return { items: shown, ...(next === undefined ? {} : { next }) }
    },
  }
}

interface Asked {
  readonly resource: Resource
  readonly ownerId: string
  readonly after: string | undefined
}

/** Also of a resource whose objects can be shared no more: what was shared is kept. */
async function sharedOf(
  { repository }: Parts,
  call: Call,
  { resource, ownerId, after }: Asked,
): Promise<{ readonly items: readonly SharedByOwner[]; readonly next?: string }> {
  const { name } = resource
  const isShared = (await repository.shares.count(call, { index: 'byObject', where: { resource: name } }, 1)) > 0
  if (!isShared) return { items: [] }
  const query = { index: OWNER_INDEX, where: { ownerId }, limit: OBJECTS_AT_ONCE, ...(after === undefined ? {} : { after }) }
  const { items, next } = await repository.of(resource).list(call, query)
  const shares = items.map(({ value: { id } }) =>
    repository.shares.list(call, { index: 'byObject', where: { resource: name, objectId: id }, limit: MAX_SHARES }),
  )
  const shown = (await Promise.all(shares)).flatMap((page) =>
    page.items.map(({ value: { objectId, personId, may, createdAt } }) => ({
      resource: name,
      objectId,
      accountId: personId,
      may,
      createdAt,
    })),
  )
  return { items: shown, ...(next === undefined ? {} : { next }) }
}
