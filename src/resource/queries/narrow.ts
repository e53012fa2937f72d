// What a list is narrowed to: the limits of one grant, as equal values of index fields, so that nothing is read that must be hidden.
import { type Actor, type Equalities, hasRoleThere, type Permission } from '../access.ts'
import type { Resource } from '../compile.ts'
import type { AccessGrant } from '../contract.ts'

export interface Narrowed {
  readonly where: Equalities
  /** Those of them that the grant itself asks for: whoever lists by it knows their values. */
  readonly limits: Equalities
  /** Fields that every object in the list shows to this caller: what a query may filter, sort and search by. */
  readonly certain: Permission
  /** The grant's own function has a word on every object that is found. */
  readonly isConditional: boolean
  /** The field of the groups among which the caller must choose, being in several. */
  readonly choose: string | undefined
}

interface Limit {
  readonly grant: AccessGrant
  readonly equal: Equalities
}

/** Every way in which this actor may list: one for each grant, and of a grant for a group one for each group of the actor. */
function limitsOf(resource: Resource, actor: Exclude<Actor, { kind: 'system' }>): Limit[] {
  return resource.grants.list.flatMap((grant) => holderLimits(grant, actor).flatMap((equal) => withLimits(grant, { actor, equal })))
}

function holderLimits({ who }: AccessGrant, actor: Exclude<Actor, { kind: 'system' }>): Equalities[] {
  if (who === 'anyone') return [{}]
  // What is shared has a list of its own.
  if (actor.kind !== 'person' || who === 'shared') return []
  if (who === 'user') return [{}]
  if (who === 'owner') return [{ ownerId: actor.accountId }]
  if ('role' in who) return actor.principal.roles.includes(who.role) ? [{}] : []
  if ('organisation' in who) {
    const { organisation } = actor.principal
    return organisation !== undefined && hasRoleThere(who, organisation.roles) ? [{ [who.organisation]: organisation.id }] : []
  }
  if (!('group' in who)) return []
  return actor.principal.groups.map((group) => ({ [who.group]: group }))
}

function withLimits(
  grant: AccessGrant,
  { actor, equal }: { readonly actor: Exclude<Actor, { kind: 'system' }>; readonly equal: Equalities },
): Limit[] {
  const all: Record<string, string | number | boolean> = { ...equal }
  const more = Object.entries(grant.lists ?? {}).map(([field, limit]) => [field, limit(actor.principal)] as const)
  for (const [field, value] of [...Object.entries(grant.where ?? {}), ...more]) {
    if (value === undefined || (all[field] !== undefined && all[field] !== value)) return []
    all[field] = value
  }
  return [{ grant, equal: all }]
}

const agrees = (limit: Equalities, asked: Equalities): boolean =>
  Object.entries(limit).every(([field, value]) => asked[field] === undefined || asked[field] === value)

const isDrawn = (limit: Equalities, where: Equalities): boolean => Object.entries(limit).every(([field, value]) => where[field] === value)

/**
 * The ways to serve a request, best first: that whose limits the request has drawn itself, then those that do not contradict it, in the order of the
 * grants. Empty when there is nothing to see.
 */
export function waysToList(resource: Resource, actor: Actor, asked: Equalities): Narrowed[] {
  if (actor.kind === 'system') return [{ where: asked, limits: {}, certain: { fields: 'all' }, isConditional: false, choose: undefined }]
  const limits = limitsOf(resource, actor)
  const open = limits.filter(({ equal }) => agrees(equal, asked))
  const drawn = open.filter(({ equal }) => isDrawn(equal, asked))
  return [...drawn, ...open.filter((limit) => !drawn.includes(limit))].map(({ grant, equal }) => {
    const where = { ...asked, ...equal }
    const several = open.filter((other) => other.grant === grant).length > 1
    const choose = several && typeof grant.who === 'object' && 'group' in grant.who ? grant.who.group : undefined
    return { where, limits: equal, certain: certainIn(limits, { where, chosen: grant }), isConditional: grant.when !== undefined, choose }
  })
}

/** Grants that hold for everything within `where`, together. A condition is certain for the chosen grant only: each object is put to it. */
function certainIn(limits: readonly Limit[], { where, chosen }: { readonly where: Equalities; readonly chosen: AccessGrant }): Permission {
  const fields = new Set<string>()
  for (const { grant, equal } of limits) {
    if (!isDrawn(equal, where) || (grant.when !== undefined && grant !== chosen)) continue
    if (grant.fields === undefined) return { fields: 'all' }
    for (const field of grant.fields) fields.add(field)
  }
  return { fields }
}
