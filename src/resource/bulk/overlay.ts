// What the earlier operations of an atomic bulk will have done, so that the later ones are decided on it.
import type { Stored } from '../../database/contract.ts'
import type { Resource } from '../compile.ts'
import type { ResourceDocument } from '../schemas.ts'
import type { PlannedWrite, WriteParts } from '../writing/parts.ts'

export interface Overlay {
  /** Reads single objects as they will be. */
  readonly parts: WriteParts
  note(planned: PlannedWrite): void
}

export function createOverlay(parts: WriteParts): Overlay {
  const coming = new Map<string, Stored<ResourceDocument> | undefined>()
  const placeOf = (resource: Resource, id: string): string => `${resource.name}/${id}`
  const { repository } = parts
  return {
    parts: {
      ...parts,
      repository: {
        ...repository,
        of(resource) {
          const collection = repository.of(resource)
          return {
            ...collection,
            get: async (call, id) => {
              const place = placeOf(resource, id)
              return coming.has(place) ? coming.get(place) : collection.get(call, id)
            },
          }
        },
      },
    },
    note: ({ kind, resource, id, result }) => coming.set(placeOf(resource, id), kind === 'deleted' ? undefined : result),
  }
}
