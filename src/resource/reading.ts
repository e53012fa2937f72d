// Reading one object: who may, and what of it. Lists are in `queries/`.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { DOCUMENT_ID } from '#kernel/ids.ts'
import type { Logger } from '#kernel/log.ts'
import type { Stored } from '../database/contract.ts'
import { type Actor, admitReader, type Permission, permissionFor, requirePermitted } from './access.ts'
import type { Attachments } from './attachments.ts'
import type { Resource } from './compile.ts'
import type { ResourceOperation, Share } from './contract.ts'
import type { Cursors } from './cursor.ts'
import { resourceErrors } from './errors.ts'
import type { ResourceRepository } from './repository.ts'
import type { ResourceDocument } from './schemas.ts'
import { shareFor } from './sharing/shares.ts'

export interface ResourceParts {
  readonly resources: ReadonlyMap<string, Resource>
  readonly repository: ResourceRepository
  readonly attachments: Attachments
  readonly cursors: Cursors
  readonly clock: Clock
  readonly logger: Logger
}

export interface Wanted {
  readonly resource: Resource
  readonly id: string
  readonly actor: Actor
  readonly operation: ResourceOperation
}

/** An object that may be used as wanted, with what of it. */
export interface Found extends Stored<ResourceDocument> {
  readonly permission: Permission
  readonly share: Share['may'] | undefined
}

interface Looked {
  readonly stored: Stored<ResourceDocument> | undefined
  readonly share: Share['may'] | undefined
}

/** Both at once, whatever is found: how long it takes must not tell that an object is there. */
async function look({ repository }: Pick<ResourceParts, 'repository'>, call: Call, { resource, id, actor }: Wanted): Promise<Looked> {
  const isShared = resource.definition.share === true && actor.kind === 'person'
  if (!DOCUMENT_ID.test(id)) return { stored: undefined, share: undefined }
  if (!isShared) return { stored: await repository.of(resource).get(call, id), share: undefined }
  const [stored, share] = await Promise.all([
    repository.of(resource).get(call, id),
    shareFor({ repository }, call, { resource, id, actor }),
  ])
  return { stored, share }
}

/** Throws `resource.not_found`, or `resource.forbidden` for what the caller may see and not use so. */
export async function find(parts: Pick<ResourceParts, 'repository'>, call: Call, wanted: Wanted): Promise<Found> {
  const { stored, share } = await look(parts, call, wanted)
  if (stored === undefined) throw resourceErrors.not_found()
  const { resource, actor, operation } = wanted
  const permission = requirePermitted(resource, { actor, operation, document: stored.value, share })
  return { value: stored.value, version: stored.version, permission, share }
}

/** `undefined` for what is not there or not for this caller. */
export async function findPermitted(parts: Pick<ResourceParts, 'repository'>, call: Call, wanted: Wanted): Promise<Found | undefined> {
  const { stored, share } = await look(parts, call, wanted)
  if (stored === undefined) return undefined
  const { resource, actor, operation } = wanted
  const permission = permissionFor(resource, { actor, operation, document: stored.value, share })
  return permission === undefined ? undefined : { value: stored.value, version: stored.version, permission, share }
}

/** For `get` over the contract: what may be seen of one object. */
export function findShown(parts: ResourceParts, call: Call, { resource, id }: { resource: Resource; id: string }): Promise<Found> {
  return find(parts, call, { resource, id, actor: admitReader(parts.clock, call, { resource, operation: 'get' }), operation: 'get' })
}
