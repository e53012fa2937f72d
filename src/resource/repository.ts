// How objects are stored: one collection for each resource, one for the answers that are kept for repetitions, one for what is shared.
import type { Call } from '#kernel/call.ts'
import type { EventDraft, Operation } from '#kernel/collection.ts'
import type { Collection, Database } from '../database/contract.ts'
import type { Resource } from './compile.ts'
import { type KeptAnswer, keptAnswers } from './idempotency/schemas.ts'
import type { ResourceDocument } from './schemas.ts'
import { type ShareRecord, sharesCollection } from './sharing/schemas.ts'

export interface ResourceRepository {
  of(resource: Resource): Collection<ResourceDocument>
  /** All or nothing. */
  commit(call: Call, operations: readonly Operation[], events: readonly EventDraft[]): Promise<void>
  readonly answers: Collection<KeptAnswer>
  readonly shares: Collection<ShareRecord>
}

export function createResourceRepository(database: Database, resources: readonly Resource[]): ResourceRepository {
  const collections = new Map(resources.map((resource) => [resource.name, database.collection(resource.collection)]))
  return {
    of(resource) {
      const collection = collections.get(resource.name)
      if (collection === undefined) throw new Error(`No collection for resource ${resource.name}`)
      return collection
    },
    commit: (call, operations, events) => database.commit(call, operations, events),
    answers: database.collection(keptAnswers),
    shares: database.collection(sharesCollection),
  }
}
