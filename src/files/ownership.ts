// Finding a file on somebody's authority. What another person owns answers exactly like what does not exist.
import type { Call } from '#kernel/call.ts'
import { DOCUMENT_ID } from '#kernel/ids.ts'
import type { Stored } from '../database/contract.ts'
import { requireScope, requireUser } from './access.ts'
import type { BucketDefinition } from './contract.ts'
import { fileErrors } from './errors.ts'
import type { FilesRepository } from './repository.ts'
import type { FileRecord } from './schemas.ts'

export interface OwnedTarget {
  readonly id: string
  /** Where the caller expects it. */
  readonly bucket?: string
}

export interface Ownership {
  bucketOf(name: string): BucketDefinition
  find(call: Call, target: OwnedTarget): Promise<Stored<FileRecord>>
  /** The caller also needs that scope of the bucket. */
  findFor(call: Call, target: OwnedTarget, right: 'read' | 'write'): Promise<Stored<FileRecord>>
}

export function createOwnership(deps: {
  readonly repository: FilesRepository
  readonly buckets: ReadonlyMap<string, BucketDefinition>
}): Ownership {
  const bucketOf = (name: string): BucketDefinition => {
    const bucket = deps.buckets.get(name)
    if (bucket === undefined) throw fileErrors.unknown_bucket({ detail: `There is no bucket ${name}.` })
    return bucket
  }

  const find = async (call: Call, target: OwnedTarget): Promise<Stored<FileRecord>> => {
    const owner = call.principal.kind === 'system' ? undefined : requireUser(call).accountId
    const stored = DOCUMENT_ID.test(target.id) ? await deps.repository.find(call, target.id) : undefined
    if (stored === undefined || (owner !== undefined && stored.value.ownerId !== owner)) throw fileErrors.not_found()
    if (target.bucket !== undefined && target.bucket !== stored.value.bucket) throw fileErrors.not_found()
    return stored
  }

  return {
    bucketOf,
    find,
    async findFor(call, target, right) {
      const stored = await find(call, target)
      if (call.principal.kind === 'user') requireScope(call.principal, bucketOf(stored.value.bucket).scopes[right])
      return stored
    },
  }
}
