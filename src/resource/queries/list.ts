// Lists: of one stretch of an index, of what words are found in, and of what others share. Nothing is read that must be hidden, and what comes is
// put to the rules all the same.
import type { Call } from '#kernel/call.ts'
import { hasCode } from '#kernel/errors.ts'
import type { Page, Stored } from '../../database/contract.ts'
import { type Actor, admitReader, mayTouch, type Permission, permissionFor } from '../access.ts'
import type { Resource } from '../compile.ts'
import type { ListRequest, ResourceList, Share } from '../contract.ts'
import { branchesOf, expandAll, listedOf } from '../expand/expand.ts'
import type { Found, ResourceParts } from '../reading.ts'
import { PLATFORM_FIELDS, type ResourceDocument } from '../schemas.ts'
import { shareFor } from '../sharing/shares.ts'
import { type AskedList, checkListRequest, checkShowRequest, refusedQuery } from './parse.ts'
import { planList, planSearch } from './plan.ts'

/** What one may count up to. */
export const MAX_COUNTED = 10_000

interface Listing {
  readonly resource: Resource
  readonly actor: Actor
  readonly asked: AskedList
}

type Listed = Pick<ResourceList, 'next' | 'count'> & { readonly found: readonly Found[] }

const NOTHING: Listed = { found: [] }

export async function list(
  parts: ResourceParts,
  call: Call,
  { resource, request }: { readonly resource: Resource; readonly request: ListRequest },
): Promise<ResourceList> {
  const actor = admitReader(parts.clock, call, { resource, operation: 'list' })
  const asked = checkListRequest(resource, request)
  const { pick, expand } = checkShowRequest(resource, request)
  const branches = branchesOf(parts, call, { resource, tree: expand })
  const { found, ...rest } = await listingOf(asked)(parts, call, { resource, actor, asked })
  const shown = await Promise.all(found.map((one) => listedOf(parts, call, { resource, found: one, pick })))
  return { items: await expandAll(parts, call, { shown, branches }), ...rest }
}

function listingOf({ shared, search }: AskedList): (parts: ResourceParts, call: Call, listing: Listing) => Promise<Listed> {
  if (shared) return sharedList
  return search === undefined ? indexList : searchList
}

async function indexList(parts: ResourceParts, call: Call, { resource, actor, asked }: Listing): Promise<Listed> {
  const { order, limit, range } = asked
  const plan = planList(resource, actor, asked)
  if (plan === undefined) return asked.count ? { ...NOTHING, count: { value: 0, exact: true } } : NOTHING
  const { index, where } = plan
  const scope = { resource: resource.name, index, order, where, ...(range === undefined ? {} : { range }) }
  const after = asked.after === undefined ? {} : { after: parts.cursors.open(scope, asked.after) }
  const stretch = { index, where, ...(range === undefined ? {} : { range: boundsOf(range) }) }
  const collection = parts.repository.of(resource)
  const [page, counted] = await Promise.all([
    collection.list(call, { ...stretch, order, limit, ...after }),
    asked.count ? collection.count(call, stretch, MAX_COUNTED + 1) : undefined,
  ])
  const found = await verified(parts, call, { resource, actor, used: plan.used, items: page.items })
  return {
    found,
    ...(page.next === undefined ? {} : { next: parts.cursors.seal(scope, page.next) }),
    // What a function of the grant decides, an index cannot count.
    ...(counted === undefined
      ? {}
      : { count: { value: Math.min(counted, MAX_COUNTED), exact: counted <= MAX_COUNTED && !plan.isConditional } }),
  }
}

function boundsOf({ from, below }: NonNullable<AskedList['range']>): { from?: string | number; below?: string | number } {
  return { ...(from === undefined ? {} : { from }), ...(below === undefined ? {} : { below }) }
}

async function searchList(parts: ResourceParts, call: Call, { resource, actor, asked }: Listing): Promise<Listed> {
  const plan = planSearch(resource, actor, asked)
  const text = asked.search ?? ''
  if (plan === undefined) return NOTHING
  const scope = { resource: resource.name, index: `search ${text}`, order: 'descending', where: plan.where, isSecret: true } as const
  const after = asked.after === undefined ? {} : { after: parts.cursors.open(scope, asked.after) }
  const page = await inWords(() => parts.repository.of(resource).search(call, { text, where: plan.where, limit: asked.limit, ...after }))
  const items = await verified(parts, call, { resource, actor, used: plan.used, items: page.items })
  return { found: items, ...(page.next === undefined ? {} : { next: parts.cursors.seal(scope, page.next) }) }
}

async function inWords(search: () => Promise<Page<ResourceDocument>>): Promise<Page<ResourceDocument>> {
  try {
    return await search()
  } catch (error) {
    if (!hasCode(error, 'database.bad_query')) throw error
    throw refusedQuery([{ field: 'search', message: error.detail ?? 'Give a few words' }])
  }
}

/** By the index of shares: newest last unless told. An object that has just been deleted leaves a gap. */
async function sharedList(parts: ResourceParts, call: Call, { resource, actor, asked }: Listing): Promise<Listed> {
  if (actor.kind !== 'person') return NOTHING
  const { shares } = parts.repository
  const where = { personId: actor.accountId, resource: resource.name }
  const scope = { resource: resource.name, index: 'shared', order: asked.order, where }
  const after = asked.after === undefined ? {} : { after: parts.cursors.open(scope, asked.after) }
  const page = await shares.list(call, { index: 'byPerson', where, order: asked.order, limit: asked.limit, ...after })
  const objects = await Promise.all(page.items.map(({ value }) => parts.repository.of(resource).get(call, value.objectId)))
  const items = objects.flatMap((stored, index) => {
    const share = page.items[index]?.value.may
    const permission =
      stored === undefined ? undefined : permissionFor(resource, { actor, operation: 'list', document: stored.value, share })
    return stored === undefined || permission === undefined ? [] : [foundAs(stored, permission, share)]
  })
  return { found: items, ...(page.next === undefined ? {} : { next: parts.cursors.seal(scope, page.next) }) }
}

function foundAs({ value, version }: Stored<ResourceDocument>, permission: Permission, share: Share['may'] | undefined): Found {
  return { value, version, permission, share }
}

interface Findings {
  readonly resource: Resource
  readonly actor: Actor
  readonly used: readonly string[]
  readonly items: readonly Stored<ResourceDocument>[]
}

/** An object that the index gave and the rules do not is a mistake in a definition: it is not shown, and the log says so. */
async function verified(parts: ResourceParts, call: Call, { resource, actor, used, items }: Findings): Promise<Found[]> {
  const permitted = await Promise.all(items.map((stored) => permissionOn(parts, call, { resource, actor, stored })))
  return items.flatMap((stored, index) => {
    const permission = permitted[index]
    if (permission !== undefined && used.every((field) => PLATFORM_FIELDS.includes(field) || mayTouch(permission, field)))
      return [foundAs(stored, permission, undefined)]
    parts.logger.error(
      { resource: resource.name, id: stored.value.id },
      'a list has found what its rules do not allow: compare "lists" with "when"',
    )
    return []
  })
}

/** Whoever sees a part of an object in a list may see more of it by a share. */
async function permissionOn(
  parts: ResourceParts,
  call: Call,
  { resource, actor, stored }: { readonly resource: Resource; readonly actor: Actor; readonly stored: Stored<ResourceDocument> },
): Promise<Permission | undefined> {
  const question = { actor, operation: 'list', document: stored.value } as const
  const permission = permissionFor(resource, question)
  const isMore = permission?.fields !== 'all' && resource.grants.list.some(({ who }) => who === 'shared')
  if (!isMore) return permission
  const share = await shareFor(parts, call, { resource, id: stored.value.id, actor })
  return share === undefined ? permission : permissionFor(resource, { ...question, share })
}
