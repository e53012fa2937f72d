// Each write, decided: who may, what came, what hooks and relations say. Nothing is stored here.
import type { Call } from '#kernel/call.ts'
import { deleteFrom, insertInto, updateIn } from '#kernel/collection.ts'
import { newId } from '#kernel/ids.ts'
import type { Stored } from '../../database/contract.ts'
import { admit, type Permission, requireChangeable, requireCreatable, requireFields, withoutHidden } from '../access.ts'
import { filesIn } from '../attachments.ts'
import type { Resource } from '../compile.ts'
import { resourceErrors } from '../errors.ts'
import { runBefore } from '../hooks/before.ts'
import { differences, type Fields, fieldsOf, parseChange, parseNew, parseSet } from '../input.ts'
import { find } from '../reading.ts'
import { checkTargets, requireUnused } from '../relations/targets.ts'
import type { ResourceDocument } from '../schemas.ts'
import { eventOf } from './event.ts'
import type { Planner, PlannedWrite, WriteParts } from './parts.ts'

export interface CreateRequest {
  readonly resource: Resource
  readonly input: unknown
  /** For writers that must be able to repeat themselves, such as imports; a new one unless told. */
  readonly id?: string
}

export interface UpdateRequest {
  readonly resource: Resource
  readonly id: string
  readonly input: unknown
  readonly ifVersion?: number
}

export interface DeleteRequest {
  readonly resource: Resource
  readonly id: string
  readonly ifVersion?: number
}

export function planCreate(call: Call, { resource, input, id }: CreateRequest): Planner {
  return async (parts) => {
    const actor = admit(resource, call, 'create')
    if (actor.kind !== 'person')
      throw resourceErrors.forbidden({ detail: "An object belongs to a person: create it on a person's authority." })
    const now = parts.clock.now()
    const at = new Date(now).toISOString()
    const own = { id: id ?? newId(now), ownerId: actor.accountId, createdAt: at, updatedAt: at }
    let fields = parseNew(resource, input, { call, now, trusted: false })
    const draft = { ...own, ...fields }
    const set = await runBefore(call, hookSetting(parts), {
      resource,
      name: 'beforeCreate',
      run: (hooks, context) => hooks.beforeCreate?.(context, draft),
    })
    if (hasFields(set)) fields = parseSet(resource, fields, set)
    const value: ResourceDocument = { ...own, ...fields }
    const permission = requireCreatable(resource, { actor, document: value, sent: namesIn(input) })
    const attached = filesIn(resource, fields)
    return {
      kind: 'created',
      resource,
      id: value.id,
      touched: await checkTargets(parts, call, { resource, fields }),
      stored: {
        operation: insertInto(resource.collection, value),
        event: eventOf('created', value, { resource, changed: Object.keys(fields), attached, detached: [] }),
        attached,
      },
      result: { value, version: 1 },
      permission,
    }
  }
}

export function planUpdate(call: Call, { resource, id, input, ifVersion }: UpdateRequest): Planner {
  return async (parts) => {
    const actor = admit(resource, call, 'update')
    const current = await find(parts, call, { resource, id, actor, operation: 'update' })
    requireVersion(current.version, ifVersion)
    requireFields(resource, current.permission, namesIn(input))
    const trusted = actor.kind === 'system'
    const set = withoutHidden(resource, current.permission, () => parseChange(resource, { current: current.value, input }, { trusted }))
    const whole = hasFields(set) ? await afterHook(parts, call, { resource, current: current.value, set }) : set
    const after = changed(resource, current.value, whole)
    const permission = requireChangeable(resource, { actor, share: current.share, after, changed: Object.keys(set) })
    return hasFields(whole)
      ? plannedChange(parts, call, { resource, current, set: whole, permission })
      : { kind: 'updated', resource, id, touched: [], result: current, permission }
  }
}

interface Change {
  readonly resource: Resource
  readonly set: Fields
}

/** The change with what the hook adds to it. */
async function afterHook(
  parts: WriteParts,
  call: Call,
  { resource, current, set }: Change & { readonly current: ResourceDocument },
): Promise<Fields> {
  if (resource.definition.hooks?.beforeUpdate === undefined) return set
  const change = { before: current, after: changed(resource, current, set), changed: Object.keys(set) }
  const added = await runBefore(call, hookSetting(parts), {
    resource,
    name: 'beforeUpdate',
    run: (hooks, context) => hooks.beforeUpdate?.(context, change),
  })
  return hasFields(added) ? differences(resource, current, parseSet(resource, fieldsOf(resource, change.after), added)) : set
}

async function plannedChange(
  parts: WriteParts,
  call: Call,
  { resource, current, set, permission }: Change & { readonly current: Stored<ResourceDocument>; readonly permission: Permission },
): Promise<PlannedWrite> {
  const { value, version } = current
  const updatedAt = new Date(parts.clock.now()).toISOString()
  const attached = filesIn(resource, set)
  const detached = filesIn(resource, value).filter(({ field }) => field in set)
  return {
    kind: 'updated',
    resource,
    id: value.id,
    touched: await checkTargets(parts, call, { resource, fields: set }),
    stored: {
      operation: updateIn(resource.collection, value.id, { set: { ...set, updatedAt }, ifVersion: version }),
      event: eventOf('updated', value, { resource, changed: Object.keys(set), attached, detached }),
      attached,
    },
    result: { value: { ...changed(resource, value, set), updatedAt }, version: version + 1 },
    permission,
  }
}

export function planDelete(call: Call, { resource, id, ifVersion }: DeleteRequest): Planner {
  return async (parts) => {
    const actor = admit(resource, call, 'delete')
    const current = await find(parts, call, { resource, id, actor, operation: 'delete' })
    requireVersion(current.version, ifVersion)
    await runBefore(call, hookSetting(parts), {
      resource,
      name: 'beforeDelete',
      run: async (hooks, context) => await hooks.beforeDelete?.(context, current.value),
    })
    await requireUnused(parts, call, { inbound: parts.inbound.get(resource.name) ?? [], id })
    return {
      kind: 'deleted',
      resource,
      id,
      touched: [],
      stored: {
        operation: deleteFrom(resource.collection, id, { ifVersion: current.version }),
        event: eventOf('deleted', current.value, { resource, changed: [], attached: [], detached: filesIn(resource, current.value) }),
        attached: [],
      },
      result: current,
      permission: current.permission,
    }
  }
}

const hookSetting = ({ service, clock }: WriteParts): { resources: WriteParts['service']; now: number } => ({
  resources: service,
  now: clock.now(),
})

/** Names that the caller has sent, whatever they are. */
function namesIn(input: unknown): readonly string[] {
  return typeof input === 'object' && input !== null ? Object.keys(input) : []
}

function hasFields(set: Fields): boolean {
  for (const _ in set) return true
  return false
}

/** The document after the change, with its fields in the order of the schema, as a later read shows them. */
function changed(resource: Resource, current: ResourceDocument, set: Fields): ResourceDocument {
  const next = new Map(Object.entries(current))
  for (const name of resource.fields.keys()) {
    const value = name in set ? set[name] : current[name]
    next.delete(name)
    if (value !== undefined) next.set(name, value)
  }
  const { id, ownerId, createdAt, updatedAt } = current
  return { ...Object.fromEntries(next), id, ownerId, createdAt, updatedAt }
}

// After the caller was found to be allowed to see the object, or a wrong version would tell that it exists.
function requireVersion(version: number, ifVersion: number | undefined): void {
  if (ifVersion !== undefined && ifVersion !== version)
    throw resourceErrors.version_conflict({ detail: 'Read the object again and repeat the change on it.' })
}
