// Who may do what. Nothing is allowed that no grant allows, and what a person may not see answers exactly like what does not exist.
import type { Call } from '#kernel/call.ts'
import { httpErrors } from '#kernel/http/problem.ts'
import type { Resource } from './compile.ts'
import type { AccessGrant, ResourceOperation } from './contract.ts'
import { resourceErrors } from './errors.ts'
import type { ResourceDocument } from './schemas.ts'

/** Who acts, once what can be known without looking at an object is settled. */
export type Actor = { readonly kind: 'system' } | { readonly kind: 'person'; readonly accountId: string } | { readonly kind: 'anonymous' }

export type Equalities = Readonly<Record<string, string | number | boolean>>

/** Which scopes an operation needs: a change shows the object, so it is a read as well. */
const RIGHTS: Readonly<Record<ResourceOperation, readonly ('read' | 'write')[]>> = {
  list: ['read'],
  get: ['read'],
  create: ['write'],
  update: ['write', 'read'],
  delete: ['write'],
}

/** Refuses what no object could make right. Nothing in these answers depends on whether an object exists. */
export function admit(resource: Resource, call: Call, operation: ResourceOperation): Actor {
  const { principal } = call
  if (principal.kind === 'system') return { kind: 'system' }
  const grants = resource.grants[operation]
  if (principal.kind !== 'user') {
    // Operators run the platform; they have no right to what people keep in it.
    if (grants.some((grant) => grant.who === 'anyone')) return { kind: 'anonymous' }
    throw httpErrors.unauthenticated({ headers: { 'www-authenticate': 'Bearer' } })
  }
  for (const right of RIGHTS[operation]) {
    const scope = resource.definition.scopes[right]
    if (!principal.scopes.includes(scope)) throw insufficientScope(scope)
  }
  if (grants.length === 0) throw resourceErrors.forbidden({ detail: `Nobody may ${operation} ${resource.name}.` })
  return { kind: 'person', accountId: principal.accountId }
}

/** RFC 6750 section 3.1. */
function insufficientScope(scope: string): Error {
  return httpErrors.insufficient_scope({
    detail: `This needs the scope ${scope}.`,
    headers: { 'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"` },
  })
}

export function isPermitted(
  resource: Resource,
  question: { readonly actor: Actor; readonly operation: ResourceOperation; readonly document: ResourceDocument },
): boolean {
  const { actor, document } = question
  if (actor.kind === 'system') return true
  return resource.grants[question.operation].some((grant) => holdsFor(grant, actor, document.ownerId) && matches(document, grant.where))
}

/** For an object that was found: `resource.not_found` as if it were not there, or `forbidden` when the caller may at least see it. */
export function requirePermitted(
  resource: Resource,
  question: { readonly actor: Actor; readonly operation: ResourceOperation; readonly document: ResourceDocument },
): void {
  if (isPermitted(resource, question)) return
  if (question.operation === 'get' || !isPermitted(resource, { ...question, operation: 'get' })) throw resourceErrors.not_found()
  throw resourceErrors.forbidden({ detail: `You may see this object, and may not ${question.operation} it.` })
}

function holdsFor(grant: AccessGrant, actor: Actor, ownerId: string): boolean {
  if (grant.who === 'anyone') return true
  if (actor.kind !== 'person') return false
  return grant.who === 'user' || actor.accountId === ownerId
}

function matches(document: ResourceDocument, where: Equalities | undefined): boolean {
  if (where === undefined) return true
  for (const field in where) if (document[field] !== where[field]) return false
  return true
}

/**
 * What a list of this actor is narrowed to, as equalities for the index: the request's own, and those of one grant. That is the grant whose limits the
 * request has already drawn itself, else the first that does not contradict it. `undefined` when every grant contradicts: there is nothing to see.
 */
export function narrow(resource: Resource, actor: Actor, asked: Equalities): Equalities | undefined {
  if (actor.kind === 'system') return asked
  const limits = resource.grants.list
    .filter((grant) => grant.who === 'anyone' || actor.kind === 'person')
    .map(
      (grant): Equalities => ({
        ...grant.where,
        ...(grant.who === 'owner' && actor.kind === 'person' ? { ownerId: actor.accountId } : {}),
      }),
    )
    .filter((limit) => Object.entries(limit).every(([field, value]) => asked[field] === undefined || asked[field] === value))
  const chosen = limits.find((limit) => Object.keys(limit).every((field) => asked[field] !== undefined)) ?? limits[0]
  return chosen === undefined ? undefined : { ...asked, ...chosen }
}
