// What the download of a person's own data has of the other servers.
import type { HeldFile, Holding } from './auth/contract.ts'
import type { FileMeta, Files } from './files/contract.ts'
import { hasCode } from './kernel/errors.ts'
import type { OwnedObjects } from './resource/contract.ts'

export function holdingsOf(owned: OwnedObjects, files: Files): Holding[] {
  const objects = owned.names.map(
    (resource): Holding => ({
      name: resource,
      page: (call, ownerId, after) => owned.page(call, { resource, ownerId, after }),
    }),
  )
  const uploaded: Holding = {
    name: 'files',
    async page(call, ownerId, after) {
      const { items, next } = await files.owned(call, ownerId, after)
      return { items, files: items.map((meta) => heldFile(files, meta)), next }
    },
  }
  return [...objects, uploaded]
}

function heldFile(files: Files, { id, bucket, name, createdAt }: FileMeta): HeldFile {
  return {
    path: [bucket, `${id}-${name}`],
    createdAt,
    async open(call) {
      try {
        return (await files.open(call, id)).content
      } catch (error) {
        if (hasCode(error, 'files.not_found')) return undefined
        throw error
      }
    },
  }
}
