// What the download of a person's own data has of the other servers.
import type { HeldFile, Holding } from './auth/own-data/contract.ts'
import type { FileMeta, Files } from './files/contract.ts'
import { hasCode } from './kernel/errors.ts'
import type { OwnedObjects, OwnedShares } from './resource/contract.ts'
import type { OwnedImport, OwnedImports } from './resource/transfer/contract.ts'

export interface HeldByResources {
  readonly owned: OwnedObjects
  readonly ownedShares: OwnedShares
  readonly ownedImports: OwnedImports | undefined
}

export function holdingsOf({ owned, ownedShares, ownedImports }: HeldByResources, files: Files): Holding[] {
  const objects = owned.names.map(
    (resource): Holding => ({
      kind: 'objects',
      resource,
      page: (call, ownerId, after) => owned.page(call, { resource, ownerId, after }),
    }),
  )
  const uploaded: Holding = {
    kind: 'files',
    async page(call, ownerId, after) {
      const { items, next } = await files.owned(call, ownerId, after)
      return { items, files: items.map((meta) => heldFile(files, meta)), next }
    },
  }
  return [
    ...objects,
    { kind: 'sharedByMe', page: (call, ownerId, after) => ownedShares.by(call, ownerId, after) },
    { kind: 'sharedWithMe', page: (call, ownerId, after) => ownedShares.with(call, ownerId, after) },
    ...(ownedImports === undefined ? [] : [imported(ownedImports)]),
    uploaded,
  ]
}

function imported(imports: OwnedImports): Holding {
  const rejectsOf = ({ id, createdAt, hasRejects, shown: { resource } }: OwnedImport): HeldFile | undefined =>
    hasRejects
      ? { path: [resource, `${id}-rejects.ndjson`], createdAt, isText: true, open: (call) => imports.rejects(call, id) }
      : undefined
  return {
    kind: 'imports',
    async page(call, ownerId, after) {
      const { items, next } = await imports.page(call, ownerId, after)
      return { items: items.map(({ shown }) => shown), files: items.map(rejectsOf), next }
    },
  }
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
