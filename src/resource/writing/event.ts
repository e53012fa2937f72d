// The event that is stored with every write: names of what changed, and of the object before it what decides who could see it.
import type { EventDraft } from '#kernel/collection.ts'
import type { Resource } from '../compile.ts'
import type { ResourceEvent } from '../contract.ts'
import { imageOf } from '../realtime/image.ts'
import type { ResourceDocument } from '../schemas.ts'

export function eventOf(
  type: ResourceEvent['type'],
  /** As it is before the write, unless the write creates it. */
  document: ResourceDocument,
  about: Pick<ResourceEvent, 'changed' | 'attached' | 'detached'> & { readonly resource: Resource },
): EventDraft {
  const { id, ownerId } = document
  const { resource, changed, attached, detached } = about
  const before = type === 'created' ? {} : { before: imageOf(resource, document) }
  const named = (files: ResourceEvent['attached']): { field: string; file: string }[] => files.map(({ field, file }) => ({ field, file }))
  return {
    topic: `resource.${resource.name}`,
    key: id,
    data: { type, resource: resource.name, id, ownerId, changed, attached: named(attached), detached: named(detached), ...before },
  }
}
