// How objects are stored: one collection for each resource.
import type { Collection, Database } from '../database/contract.ts'
import type { Resource } from './compile.ts'
import type { ResourceDocument } from './schemas.ts'

export interface ResourceRepository {
  of(resource: Resource): Collection<ResourceDocument>
}

export function createResourceRepository(database: Database, resources: readonly Resource[]): ResourceRepository {
  const collections = new Map(resources.map((resource) => [resource.name, database.collection(resource.collection)]))
  return {
    of(resource) {
      const collection = collections.get(resource.name)
      if (collection === undefined) throw new Error(`No collection for resource ${resource.name}`)
      return collection
    },
  }
}
