// The data API: every operation decides who may, parses what came, writes once with its event, and shows what is stored.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import type { EventDraft } from '#kernel/collection.ts'
import { hasCode } from '#kernel/errors.ts'
import { DOCUMENT_ID, newId } from '#kernel/ids.ts'
import type { Stored } from '../database/contract.ts'
import { type Actor, admit, isPermitted, narrow, requirePermitted } from './access.ts'
import { type Attachments, filesIn } from './attachments.ts'
import type { Resource } from './compile.ts'
import type { ResourceEvent, ResourceList, ResourceOperation, Resources, Versioned } from './contract.ts'
import type { Cursors } from './cursor.ts'
import { resourceErrors } from './errors.ts'
import { parseChange, parseNew } from './input.ts'
import { checkListRequest, chooseIndex } from './list-query.ts'
import type { ResourceRepository } from './repository.ts'
import type { ResourceDocument } from './schemas.ts'

export interface ResourceParts {
  readonly resources: ReadonlyMap<string, Resource>
  readonly repository: ResourceRepository
  readonly attachments: Attachments
  readonly cursors: Cursors
  readonly clock: Clock
}

type UpdateRequest = Parameters<Resources['update']>[2]
type DeleteRequest = Parameters<Resources['delete']>[2]
type ListRequest = Parameters<Resources['list']>[2]

/** Writes that others overtake are tried again on the newer object, when the caller named no version. */
const MAX_ROUNDS = 5

export function createResourceService(parts: ResourceParts): Resources {
  const named = (name: string): Resource => {
    const resource = parts.resources.get(name)
    if (resource === undefined) throw resourceErrors.not_found({ detail: `There is no resource ${name}.` })
    return resource
  }
  return {
    list: async (call, name, request) => list(parts, call, { resource: named(name), request }),
    async get(call, name, id) {
      const resource = named(name)
      const actor = admit(resource, call, 'get')
      const stored = DOCUMENT_ID.test(id) ? await parts.repository.of(resource).get(call, id) : undefined
      return parts.attachments.show(call, resource, permitted(stored, { resource, actor, operation: 'get' }))
    },
    create: async (call, name, input) => create(parts, call, { resource: named(name), input }),
    update: async (call, name, request) => update(parts, call, { resource: named(name), request }),
    delete: async (call, name, request) => remove(parts, call, { resource: named(name), request }),
  }
}

interface Wanted {
  readonly resource: Resource
  readonly id: string
  readonly actor: Actor
  readonly operation: ResourceOperation
}

async function find(
  { repository }: ResourceParts,
  call: Call,
  { resource, id, actor, operation }: Wanted,
): Promise<Stored<ResourceDocument>> {
  const stored = DOCUMENT_ID.test(id) ? await repository.of(resource).get(call, id) : undefined
  return permitted(stored, { resource, actor, operation })
}

function permitted(
  stored: Stored<ResourceDocument> | undefined,
  { resource, actor, operation }: Omit<Wanted, 'id'>,
): Stored<ResourceDocument> {
  if (stored === undefined) throw resourceErrors.not_found()
  requirePermitted(resource, { actor, operation, document: stored.value })
  return stored
}

async function list(
  parts: ResourceParts,
  call: Call,
  { resource, request }: { resource: Resource; request: ListRequest },
): Promise<ResourceList> {
  const actor = admit(resource, call, 'list')
  const asked = checkListRequest(resource, request)
  const where = narrow(resource, actor, asked.where)
  if (where === undefined) return { items: [] }
  const index = chooseIndex(resource, where)
  const scope = { resource: resource.name, index, order: asked.order, where }
  const after = request.after === undefined ? {} : { after: parts.cursors.open(scope, request.after) }
  const page = await parts.repository.of(resource).list(call, { index, where, order: asked.order, limit: asked.limit, ...after })
  const items = await Promise.all(page.items.map(async (stored) => (await parts.attachments.show(call, resource, stored)).object))
  return page.next === undefined ? { items } : { items, next: parts.cursors.seal(scope, page.next) }
}

async function create(parts: ResourceParts, call: Call, { resource, input }: { resource: Resource; input: unknown }): Promise<Versioned> {
  const actor = admit(resource, call, 'create')
  if (actor.kind !== 'person')
    throw resourceErrors.forbidden({ detail: "An object belongs to a person: create it on a person's authority." })
  const fields = parseNew(resource, input)
  const now = parts.clock.now()
  const at = new Date(now).toISOString()
  const value: ResourceDocument = { id: newId(now), ownerId: actor.accountId, createdAt: at, updatedAt: at, ...fields }
  if (!isPermitted(resource, { actor, operation: 'create', document: value }))
    throw resourceErrors.forbidden({ detail: 'You may not create an object with these values.' })
  const attached = filesIn(resource, fields)
  const events = [eventOf('created', value, { resource, changed: Object.keys(fields), attached, detached: [] })]
  const target = { resource, id: value.id }
  await parts.attachments.reserve(call, target, attached)
  const stored = await guarded(parts, { target, attached }, () => parts.repository.of(resource).insert(call, value, { events }))
  return parts.attachments.show(call, resource, stored)
}

async function update(
  parts: ResourceParts,
  call: Call,
  { resource, request }: { resource: Resource; request: UpdateRequest },
): Promise<Versioned> {
  const actor = admit(resource, call, 'update')
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const current = await find(parts, call, { resource, id: request.id, actor, operation: 'update' })
    requireVersion(current.version, request.ifVersion)
    const set = parseChange(resource, current.value, request.input)
    const stored = Object.keys(set).length === 0 ? current : await writeChange(parts, call, { resource, current, set })
    if (stored !== undefined) return parts.attachments.show(call, resource, stored)
    if (request.ifVersion !== undefined) throw conflict()
  }
  throw busy()
}

interface PlannedChange {
  readonly resource: Resource
  readonly current: Stored<ResourceDocument>
  readonly set: Record<string, unknown>
}

/** `undefined` when somebody else was faster. */
async function writeChange(
  parts: ResourceParts,
  call: Call,
  { resource, current, set }: PlannedChange,
): Promise<Stored<ResourceDocument> | undefined> {
  const { value, version } = current
  const updatedAt = new Date(parts.clock.now()).toISOString()
  const attached = filesIn(resource, set)
  const detached = filesIn(resource, value).filter(({ field }) => field in set)
  const events = [eventOf('updated', value, { resource, changed: Object.keys(set), attached, detached })]
  const target = { resource, id: value.id }
  await parts.attachments.reserve(call, target, attached)
  const change = { set: { ...set, updatedAt }, ifVersion: version }
  const stored = await guarded(parts, { target, attached }, () => parts.repository.of(resource).update(call, value.id, change, { events }))
  if (stored === undefined) await parts.attachments.release(target, attached)
  return stored
}

async function remove(
  parts: ResourceParts,
  call: Call,
  { resource, request }: { resource: Resource; request: DeleteRequest },
): Promise<void> {
  const actor = admit(resource, call, 'delete')
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const { value, version } = await find(parts, call, { resource, id: request.id, actor, operation: 'delete' })
    requireVersion(version, request.ifVersion)
    const events = [eventOf('deleted', value, { resource, changed: [], attached: [], detached: filesIn(resource, value) })]
    if (await parts.repository.of(resource).delete(call, value.id, { ifVersion: version, events })) return
    if (request.ifVersion !== undefined) throw conflict()
  }
  throw busy()
}

type Target = Parameters<Attachments['release']>[0]

/** Gives reserved files back when the write certainly failed. After an error of unknown outcome they stay: the event confirms them, or the sweep takes them. */
async function guarded<T>(
  parts: ResourceParts,
  reserved: { target: Target; attached: ReturnType<typeof filesIn> },
  write: () => Promise<T>,
): Promise<T> {
  try {
    return await write()
  } catch (error) {
    const duplicate = hasCode(error, 'database.duplicate')
    if (duplicate || hasCode(error, 'database.bad_document')) await parts.attachments.release(reserved.target, reserved.attached)
    throw duplicate ? resourceErrors.duplicate({ detail: 'A value that must be unique is taken.', cause: error }) : error
  }
}

function eventOf(
  type: ResourceEvent['type'],
  { id, ownerId }: ResourceDocument,
  about: Pick<ResourceEvent, 'changed' | 'attached' | 'detached'> & { readonly resource: Resource },
): EventDraft {
  const { resource, changed, attached, detached } = about
  const named = (files: ResourceEvent['attached']): { field: string; file: string }[] => files.map(({ field, file }) => ({ field, file }))
  return {
    topic: `resource.${resource.name}`,
    key: id,
    data: { type, resource: resource.name, id, ownerId, changed, attached: named(attached), detached: named(detached) },
  }
}

// After the caller was found to be allowed to see the object, or a wrong version would tell that it exists.
function requireVersion(version: number, ifVersion: number | undefined): void {
  if (ifVersion !== undefined && ifVersion !== version) throw conflict()
}

function conflict(): Error {
  return resourceErrors.version_conflict({ detail: 'Read the object again and repeat the change on it.' })
}

function busy(): Error {
  return resourceErrors.busy({ detail: 'Try again.', headers: { 'retry-after': '1' } })
}
