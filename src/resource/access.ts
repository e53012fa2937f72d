// Who may do what. Nothing is allowed that no grant allows, and what a person may not see answers exactly like what does not exist.
import type { Call, Principal } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { hasCode } from '#kernel/errors.ts'
import { httpErrors } from '#kernel/http/problem.ts'
import { hasSignedInFor, insufficientSignIn, signInCountsUntil } from '#kernel/http/step-up.ts'
import type { Resource } from './compile.ts'
import type {
  AccessGrant,
  AccessPrincipal,
  GrantHolder,
  OrganisationHolder,
  ResourceDefinition,
  ResourceOperation,
  Share,
} from './contract.ts'
import { resourceErrors } from './errors.ts'
import type { ResourceDocument } from './schemas.ts'

/** Who acts, once what can be known without looking at an object is settled. */
export type Actor =
  | { readonly kind: 'system' }
  | { readonly kind: 'person'; readonly accountId: string; readonly principal: AccessPrincipal }
  | { readonly kind: 'anonymous'; readonly principal: AccessPrincipal }

export type Equalities = Readonly<Record<string, string | number | boolean>>

/** What is allowed: which fields of the object, or all of them. */
export interface Permission {
  readonly fields: ReadonlySet<string> | 'all'
}

export interface Question {
  readonly actor: Actor
  readonly operation: ResourceOperation
  readonly document: ResourceDocument
  /** What the owner has shared this object with the actor for; see `sharing/`. */
  readonly share?: Share['may'] | undefined
}

const NOBODY: AccessPrincipal = { roles: [], groups: [], scopes: [], firstParty: false }
const EVERYTHING: Permission = { fields: 'all' }

/** Which scopes an operation needs: a change shows the object, so it is a read as well. */
export function scopesFor({ scopes }: ResourceDefinition, operation: ResourceOperation): readonly string[] {
  if (operation === 'list' || operation === 'get') return [scopes.read]
  const own = scopes[operation] ?? scopes.write
  return operation === 'update' ? [own, scopes.read] : [own]
}

/** For reads, which may need a fresh or a stronger sign-in (RFC 9470); of writes that is settled by their routes. */
export function admitReader(clock: Clock, call: Call, { resource, operation }: { resource: Resource; operation: 'list' | 'get' }): Actor {
  const actor = admitted(resource, call, operation)
  const stepUp = resource.definition.stepUp?.[operation]
  const { principal } = call
  if (stepUp !== undefined && principal.kind === 'user' && !hasSignedInFor(stepUp, principal.signIn, clock.now()))
    throw insufficientSignIn(stepUp)
  return actor
}

/** Until when the sign-in is fresh enough for that, in epoch milliseconds; `undefined` for always. */
export function readsUntil({ definition }: Resource, principal: Principal, operation: 'list' | 'get'): number | undefined {
  const stepUp = definition.stepUp?.[operation]
  return stepUp === undefined || principal.kind !== 'user' ? undefined : signInCountsUntil(stepUp, principal.signIn)
}

/** For writes. */
export function admit(resource: Resource, call: Call, operation: Exclude<ResourceOperation, 'list' | 'get'>): Actor {
  return admitted(resource, call, operation)
}

/** Refuses what no object could make right. Nothing in these answers depends on whether an object exists. */
function admitted(resource: Resource, call: Call, operation: ResourceOperation): Actor {
  const { principal } = call
  if (principal.kind === 'system') return { kind: 'system' }
  const grants = resource.grants[operation]
  if (principal.kind !== 'user') {
    // Operators run the platform; they have no right to what people keep in it.
    if (grants.some((grant) => grant.who === 'anyone')) return { kind: 'anonymous', principal: NOBODY }
    throw httpErrors.unauthenticated({ headers: { 'www-authenticate': 'Bearer' } })
  }
  requireScopes(call, scopesFor(resource.definition, operation))
  if (grants.length === 0) throw resourceErrors.forbidden({ detail: `Nobody may ${operation} ${resource.name}.` })
  const { accountId, clientId, firstParty, scopes, roles = [], groups = [], organisation } = principal
  const acting = organisation === undefined ? {} : { organisation }
  return { kind: 'person', accountId, principal: { accountId, clientId, firstParty, scopes, roles, groups, ...acting } }
}

export function requireScopes({ principal }: Call, scopes: readonly string[]): void {
  if (principal.kind !== 'user') return
  for (const scope of scopes) if (!principal.scopes.includes(scope)) throw insufficientScope(scope)
}

/** RFC 6750 section 3.1. */
function insufficientScope(scope: string): Error {
  return httpErrors.insufficient_scope({
    detail: `This needs the scope ${scope}.`,
    headers: { 'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"` },
  })
}

/** What all grants that hold for this object allow together, or nothing. */
export function permissionFor(resource: Resource, question: Question): Permission | undefined {
  if (question.actor.kind === 'system') return EVERYTHING
  let fields: Set<string> | undefined
  for (const grant of resource.grants[question.operation]) {
    if (grant.fields !== undefined && fields !== undefined && grant.fields.every((field) => fields?.has(field) === true)) continue
    if (!holds(grant, question)) continue
    if (grant.fields === undefined) return EVERYTHING
    fields = new Set([...(fields ?? []), ...grant.fields])
  }
  return fields === undefined ? undefined : { fields }
}

export function isPermitted(resource: Resource, question: Question): boolean {
  return permissionFor(resource, question) !== undefined
}

/** For an object that was found: `resource.not_found` as if it were not there, or `forbidden` when the caller may at least see it. */
export function requirePermitted(resource: Resource, question: Question): Permission {
  const permission = permissionFor(resource, question)
  const isSeen = question.operation === 'get' ? permission !== undefined : isPermitted(resource, { ...question, operation: 'get' })
  // A change that shows nothing afterwards would be a way to look in the dark.
  if (permission !== undefined && (isSeen || question.operation !== 'update')) return permission
  if (!isSeen) throw resourceErrors.not_found()
  throw resourceErrors.forbidden({ detail: `You may see this object, and may not ${question.operation} it.` })
}

export function mayTouch({ fields }: Permission, field: string): boolean {
  return fields === 'all' || fields.has(field)
}

function holds(grant: AccessGrant, { actor, operation, document, share }: Question): boolean {
  if (actor.kind === 'system' || !isHolder(grant, { actor, operation, document, share })) return false
  if (!matches(document, grant.where)) return false
  // oxlint-disable-next-line typescript/no-unnecessary-boolean-literal-compare -- an app that answers with a promise has not said yes
  return grant.when === undefined || grant.when(actor.principal, document) === true
}

function isHolder({ who }: AccessGrant, { actor, operation, document, share }: Question): boolean {
  if (who === 'anyone') return true
  if (actor.kind !== 'person') return false
  if (who === 'user') return true
  if (who === 'owner') return actor.accountId === document.ownerId
  if (who === 'shared') return share === 'write' || (share === 'read' && (operation === 'get' || operation === 'list'))
  return isNamed(who, actor.principal, document)
}

function isNamed(who: Exclude<GrantHolder, string>, principal: AccessPrincipal, document: ResourceDocument): boolean {
  if ('organisation' in who) return isActing(who, principal, document)
  if ('role' in who) return principal.roles.includes(who.role)
  if (!('group' in who)) return false
  const group = document[who.group]
  return typeof group === 'string' && principal.groups.includes(group)
}

function isActing(who: OrganisationHolder, { organisation }: AccessPrincipal, document: ResourceDocument): boolean {
  return organisation !== undefined && document[who.organisation] === organisation.id && hasRoleThere(who, organisation.roles)
}

/** A permission was turned into roles before (see permissions.ts): one that is still there is held by nobody. */
export function hasRoleThere(who: OrganisationHolder, roles: readonly string[]): boolean {
  if ('permission' in who) return false
  return who.role === undefined || roles.includes(who.role)
}

function matches(document: ResourceDocument, where: Equalities | undefined): boolean {
  if (where === undefined) return true
  for (const field in where) if (document[field] !== where[field]) return false
  return true
}

/** Refuses fields that these grants do not cover. By their names alone, before any value is looked at: nothing may be found out by trying. */
export function requireFields(resource: Resource, permission: Permission, names: readonly string[]): void {
  const refused = names.filter((name) => resource.fields.has(name) && !mayTouch(permission, name))
  if (refused.length === 0) return
  throw resourceErrors.forbidden({
    detail: 'You may not write some of these fields; nothing was stored.',
    fields: refused.map((field) => ({ field, message: 'Not yours to write' })),
  })
}

export interface Creation {
  readonly actor: Actor
  readonly document: ResourceDocument
  /** Names of the fields that came from the caller. */
  readonly sent: readonly string[]
}

/** What of the new object its creator is shown: what they may write at creation, and what they may read. */
export function requireCreatable(resource: Resource, { actor, document, sent }: Creation): Permission {
  const permission = permissionFor(resource, { actor, operation: 'create', document })
  if (permission === undefined) throw resourceErrors.forbidden({ detail: 'You may not create an object with these values.' })
  requireFields(resource, permission, sent)
  if (permission.fields === 'all' || actor.kind === 'system') return permission
  if (!actor.principal.scopes.includes(resource.definition.scopes.read)) return permission
  const read = permissionFor(resource, { actor, operation: 'get', document })
  if (read?.fields === 'all') return read
  return { fields: new Set([...permission.fields, ...(read?.fields ?? [])]) }
}

export interface Alteration {
  readonly actor: Actor
  readonly share: Share['may'] | undefined
  readonly after: ResourceDocument
  /** Names of the fields that the caller changes. */
  readonly changed: readonly string[]
}

/**
 * What holds before a change must hold after it, for the same fields: nobody moves an object out of what they may write, or into it. Gives what the
 * caller is shown of the object then.
 */
export function requireChangeable(resource: Resource, { actor, share, after, changed }: Alteration): Permission {
  const question = { actor, document: after, share }
  const write = permissionFor(resource, { ...question, operation: 'update' })
  const read = permissionFor(resource, { ...question, operation: 'get' })
  if (write === undefined || read === undefined || !changed.every((field) => mayTouch(write, field)))
    throw resourceErrors.forbidden({ detail: 'You may not write an object with these values; nothing was stored.' })
  return read
}

/** Problems of a whole object, without the names of fields that the caller does not see. */
export function withoutHidden<T>(resource: Resource, permission: Permission, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (permission.fields === 'all' || !hasCode(error, 'resource.invalid')) throw error
    const isHidden = (path: string): boolean => {
      const [name = ''] = path.split('.')
      return resource.fields.has(name) && !mayTouch(permission, name)
    }
    const fields = (error.fields ?? []).map((problem) =>
      isHidden(problem.field) ? { field: '', message: 'Does not fit the rest of the object' } : problem,
    )
    throw resourceErrors.invalid({ fields, ...(error.detail === undefined ? {} : { detail: error.detail }) })
  }
}
