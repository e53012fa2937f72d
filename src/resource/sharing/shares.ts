// Sharing an object with another person. The owner decides; nothing here tells whether an account exists.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import type { EventDraft } from '#kernel/collection.ts'
import { hasCode } from '#kernel/errors.ts'
import { httpErrors } from '#kernel/http/problem.ts'
import { DOCUMENT_ID, newId } from '#kernel/ids.ts'
import type { Collection, Stored } from '../../database/contract.ts'
import { type Actor, admitReader, permissionFor, requireScopes } from '../access.ts'
import type { Resource } from '../compile.ts'
import type { Resources, Share, ShareTarget } from '../contract.ts'
import { resourceErrors } from '../errors.ts'
import { invalid } from '../input.ts'
import type { ResourceRepository } from '../repository.ts'
import type { ResourceDocument } from '../schemas.ts'
import { ACCOUNT_ID, type ShareRecord } from './schemas.ts'

export const MAX_SHARES = 1000
const MAX_ROUNDS = 5

export interface SharingParts {
  readonly repository: ResourceRepository
  readonly clock: Clock
}

interface Wanted {
  readonly resource: Resource
  readonly id: string
}

/** What the owner has shared with this actor. Asks the database each time: what is taken back ends at once. */
export async function shareFor(
  { repository }: Pick<SharingParts, 'repository'>,
  call: Call,
  { resource, id, actor }: Wanted & { readonly actor: Actor },
): Promise<Share['may'] | undefined> {
  if (resource.definition.share !== true || actor.kind !== 'person') return undefined
  const key = { resource: resource.name, objectId: id, personId: actor.accountId }
  return (await repository.shares.getByKey(call, 'byObject', key))?.value.may
}

export function createShares(parts: SharingParts, named: (name: string) => Resource): Resources['shares'] {
  const { shares } = parts.repository
  const wanted = (name: string, id: string): Wanted => {
    const resource = named(name)
    if (resource.definition.share !== true) throw resourceErrors.not_found({ detail: `Objects of ${name} cannot be shared.` })
    return { resource, id }
  }
  return {
    async list(call, name, id) {
      const { value } = await ownObject(parts, call, { ...wanted(name, id), right: 'read' })
      const page = await shares.list(call, { index: 'byObject', where: { resource: name, objectId: value.id }, limit: MAX_SHARES })
      return page.items.map(({ value: share }) => shown(share))
    },
    async get(call, name, { id, accountId }) {
      const object = await ownObject(parts, call, { ...wanted(name, id), right: 'read' })
      const found = await findShare(shares, call, { resource: name, id: object.value.id, accountId })
      if (found === undefined) throw resourceErrors.not_found()
      return shown(found.value)
    },
    async put(call, name, { id, accountId, may }) {
      const object = await ownObject(parts, call, { ...wanted(name, id), right: 'write' })
      if (!ACCOUNT_ID.test(accountId)) throw invalid([{ field: 'accountId', message: 'Not an account id' }])
      if (accountId === object.value.ownerId) throw invalid([{ field: 'accountId', message: 'It is theirs already' }])
      return shown(await putShare(parts, call, { resource: name, id: object.value.id, accountId, may }))
    },
    async remove(call, name, target) {
      const { resource, id } = wanted(name, target.id)
      await requireMayRemove(parts, call, { resource, id, accountId: target.accountId })
      const found = await findShare(shares, call, { resource: name, id, accountId: target.accountId })
      const event = eventOf({ resource: name, id, accountId: target.accountId, may: 'nothing' })
      if (found === undefined || !(await shares.delete(call, found.value.id, { events: [event] }))) throw resourceErrors.not_found()
    },
  }
}

const shown = ({ personId, may, createdAt }: ShareRecord): Share => ({ accountId: personId, may, createdAt })

type Named = ShareTarget & { readonly resource: string }

function findShare(
  shares: Collection<ShareRecord>,
  call: Call,
  { resource, id, accountId }: Named,
): Promise<Stored<ShareRecord> | undefined> {
  if (!ACCOUNT_ID.test(accountId)) return Promise.resolve(undefined)
  return shares.getByKey(call, 'byObject', { resource, objectId: id, personId: accountId })
}

function eventOf({ resource, id, accountId, may }: Named & { readonly may: Share['may'] | 'nothing' }): EventDraft {
  return { topic: `shares.${resource}`, key: id, data: { resource, id, accountId, may } }
}

async function putShare(
  { repository, clock }: SharingParts,
  call: Call,
  given: Named & { readonly may: Share['may'] },
): Promise<ShareRecord> {
  const { shares } = repository
  const { resource, id, accountId, may } = given
  const options = { events: [eventOf(given)] }
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const found = await findShare(shares, call, given)
    if (found?.value.may === may) return found.value
    if (found !== undefined) {
      const updated = await shares.update(call, found.value.id, { set: { may } }, options)
      if (updated !== undefined) return updated.value
      continue
    }
    const query = { index: 'byObject', where: { resource, objectId: id } }
    if ((await shares.count(call, query, MAX_SHARES)) >= MAX_SHARES)
      throw invalid([{ field: 'accountId', message: `An object is shared with at most ${MAX_SHARES} people` }])
    const now = clock.now()
    const record = { id: newId(now), resource, objectId: id, personId: accountId, may, createdAt: new Date(now).toISOString() }
    try {
      return (await shares.insert(call, record, options)).value
    } catch (error) {
      // Somebody shares it with the same person at this moment.
      if (!hasCode(error, 'database.duplicate')) throw error
    }
  }
  throw resourceErrors.busy({ detail: 'Try again.', headers: { 'retry-after': '1' } })
}

interface Owned extends Wanted {
  readonly right: 'read' | 'write'
}

/** The object, for its owner. Others who see it are refused; for all else it is not there. */
async function ownObject(parts: SharingParts, call: Call, { resource, id, right }: Owned): Promise<Stored<ResourceDocument>> {
  const actor = sharer(parts, call, { resource, right })
  const [stored, share] = await Promise.all([
    DOCUMENT_ID.test(id) ? parts.repository.of(resource).get(call, id) : undefined,
    shareFor(parts, call, { resource, id, actor }),
  ])
  if (stored === undefined) throw resourceErrors.not_found()
  if (permissionFor(resource, { actor, operation: 'get', document: stored.value, share }) === undefined) throw resourceErrors.not_found()
  if (actor.kind === 'system' || (actor.kind === 'person' && actor.accountId === stored.value.ownerId)) return stored
  throw resourceErrors.forbidden({ detail: 'Only the owner of an object decides with whom it is shared.' })
}

function sharer({ clock }: Pick<SharingParts, 'clock'>, call: Call, { resource, right }: Pick<Owned, 'resource' | 'right'>): Actor {
  if (call.principal.kind !== 'user' && call.principal.kind !== 'system')
    throw httpErrors.unauthenticated({ headers: { 'www-authenticate': 'Bearer' } })
  if (right === 'write') requireScopes(call, [resource.definition.scopes.write])
  return admitReader(clock, call, { resource, operation: 'get' })
}

/** The owner, and whoever does not want what was shared with them. */
async function requireMayRemove(parts: SharingParts, call: Call, { resource, id, accountId }: Wanted & ShareTarget): Promise<void> {
  const actor = sharer(parts, call, { resource, right: 'write' })
  if (actor.kind === 'person' && actor.accountId === accountId) return
  await ownObject(parts, call, { resource, id, right: 'write' })
}
