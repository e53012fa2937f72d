// Following relations when objects are shown. What stands at the other end is read under the caller's own rules; what they may not see is left out,
// exactly like what does not exist.
import type { Call } from '#kernel/call.ts'
import { hasCode } from '#kernel/errors.ts'
import { type Actor, admitReader, mayTouch, type Permission } from '../access.ts'
import type { Resource } from '../compile.ts'
import type { ListedObject, ResourceObject } from '../contract.ts'
import { etagOf } from '../etag.ts'
import { findPermitted, type Found, type ResourceParts } from '../reading.ts'
import { refusedQuery, type AskedShow } from '../queries/parse.ts'
import { show } from '../show.ts'
import type { ResourceDocument } from '../schemas.ts'

/** An object on its way into an answer, and what it is made from. */
export interface Shown<Object extends ResourceObject> {
  readonly object: Object
  readonly document: ResourceDocument
  readonly permission: Permission
}

type Tree = AskedShow['expand']

interface Branch {
  readonly name: string
  readonly field: string
  readonly target: Resource
  readonly actor: Actor | undefined
  readonly deeper: Tree
}

/** Throws `http.insufficient_scope` when the token does not reach the resource at the other end: that is known without looking at any object. */
export function branchesOf(
  parts: Pick<ResourceParts, 'resources' | 'clock'>,
  call: Call,
  { resource, tree }: { resource: Resource; tree: Tree },
): Branch[] {
  return [...tree].flatMap(([name, next]) => {
    const relation = resource.relations.find((candidate) => candidate.name === name)
    const target = relation === undefined ? undefined : parts.resources.get(relation.to)
    if (relation === undefined || target === undefined)
      throw refusedQuery([{ field: 'expand', message: `${resource.name} has no relation of this name` }])
    const deeper: Tree = new Map(next.map((second) => [second, []]))
    const branch = { name, field: relation.field, target, actor: readerOf(parts, call, target), deeper }
    // Refuses now what would be refused further on.
    branchesOf(parts, call, { resource: target, tree: deeper })
    return [branch]
  })
}

/** `undefined` for whom nothing of this resource is there. */
function readerOf({ clock }: Pick<ResourceParts, 'clock'>, call: Call, target: Resource): Actor | undefined {
  try {
    return admitReader(clock, call, { resource: target, operation: 'get' })
  } catch (error) {
    if (hasCode(error, 'http.unauthenticated') || hasCode(error, 'resource.forbidden')) return undefined
    throw error
  }
}

/** Each object once, however many name it, and all of one relation at the same time. */
export async function expandAll<Object extends ResourceObject>(
  parts: ResourceParts,
  call: Call,
  { shown, branches }: { readonly shown: readonly Shown<Object>[]; readonly branches: readonly Branch[] },
): Promise<readonly Object[]> {
  if (branches.length === 0) return shown.map(({ object }) => object)
  const ends = await Promise.all(branches.map(async (branch) => [branch, await endsOf(parts, call, { shown, branch })] as const))
  return shown.map(({ object, document, permission }) => {
    const members = ends.flatMap(([branch, objects]) => {
      const end = objects.get(idIn(branch, { document, permission }) ?? '')
      return end === undefined ? [] : [[branch.name, end] as const]
    })
    return { ...object, ...Object.fromEntries(members) }
  })
}

/** Whoever does not see the field does not learn where it leads. */
function idIn({ field }: Branch, { document, permission }: Pick<Shown<ResourceObject>, 'document' | 'permission'>): string | undefined {
  const id = mayTouch(permission, field) ? document[field] : undefined
  return typeof id === 'string' ? id : undefined
}

async function endsOf(
  parts: ResourceParts,
  call: Call,
  { shown, branch }: { readonly shown: readonly Pick<Shown<ResourceObject>, 'document' | 'permission'>[]; readonly branch: Branch },
): Promise<ReadonlyMap<string, ListedObject>> {
  const { target, actor, deeper } = branch
  if (actor === undefined) return new Map()
  const ids = [...new Set(shown.map((one) => idIn(branch, one)).filter((id) => id !== undefined))]
  const found = await Promise.all(ids.map((id) => findPermitted(parts, call, { resource: target, id, actor, operation: 'get' })))
  const present = found.filter((one) => one !== undefined)
  const listed = await Promise.all(present.map((one) => listedOf(parts, call, { resource: target, found: one })))
  const expanded = await expandAll(parts, call, { shown: listed, branches: branchesOf(parts, call, { resource: target, tree: deeper }) })
  return new Map(expanded.map((object) => [object.id, object]))
}

/** An object as it stands in a list, or inside another. */
export async function listedOf(
  parts: ResourceParts,
  call: Call,
  { resource, found, pick }: { readonly resource: Resource; readonly found: Found; readonly pick?: ReadonlySet<string> | undefined },
): Promise<Shown<ListedObject>> {
  const { permission, ...stored } = found
  const { object, version, shape } = await show(parts, call, { resource, stored, permission, pick })
  return { object: { ...object, etag: etagOf(shape === undefined ? { version } : { version, shape }) }, document: stored.value, permission }
}
