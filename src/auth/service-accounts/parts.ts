// What the decisions about service accounts share: whose they are, and what must hold while one of them is changed.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import type { Operation } from '#kernel/collection.ts'
import type { Stored } from '../../database/contract.ts'
import { authErrors } from '../errors.ts'
import type { Organisations } from '../organisations/service.ts'
import type { Revocations } from '../revocations/revocations.ts'
import { actorOf, type SecurityEvent } from '../security-events/security-event.ts'
import { choiceProblem } from '../texts/problem.ts'
import { PLATFORM, type ServiceAccount, type ServiceAccountsRepository } from './repository.ts'

export interface ServiceAccountsDependencies {
  readonly repository: ServiceAccountsRepository
  readonly organisations: Organisations
  readonly revocations: Pick<Revocations, 'superseded' | 'endedFor' | 'announce'>
  readonly clock: Clock
  /** Scopes that one can be given. */
  readonly scopes: readonly string[]
  /** Those of them that owners may give. */
  readonly scopesByOwners: readonly string[]
  /** Every role of the app. */
  readonly roles: readonly string[]
}

/** An organisation by one of its owners, or the platform by an operator: whoever asks has been looked at. */
export interface Owner {
  readonly organisationId?: string | undefined
  /** The person, for the events. */
  readonly by?: string | undefined
}

export const keyOf = ({ organisationId }: Owner): string => organisationId ?? PLATFORM

/** Whoever is taken out, or whose organisation ends, while they are at it comes too late: nothing is stored, and no secret is shown. */
export async function holding({ organisations }: ServiceAccountsDependencies, call: Call, owner: Owner): Promise<readonly Operation[]> {
  const { organisationId, by } = owner
  return organisationId === undefined ? [] : await organisations.owners.hold(call, { organisationId, by })
}

/** An owner of the organisation that it works for, or an operator. */
export const doneBy = (call: Call, { by }: Owner): Pick<SecurityEvent, 'accountId' | 'actor'> =>
  by === undefined ? actorOf(call) : { accountId: by }

/** Roles that a service account of this owner can have. */
export const rolesFor = ({ organisations, roles }: ServiceAccountsDependencies, { organisationId }: Owner): readonly string[] =>
  organisationId === undefined ? roles : organisations.roles

/** What operators change needs nobody who owns it. */
export async function held(deps: ServiceAccountsDependencies, call: Call, owner: Owner): Promise<readonly Operation[]> {
  return owner.by === undefined ? [] : await holding(deps, call, owner)
}

type Scopes = Pick<ServiceAccountsDependencies, 'scopes' | 'scopesByOwners'>
type Held = Pick<ServiceAccount, 'owner' | 'scopes' | 'scopesByOperator'>

/** What owners may not give counts where an operator has given it, and nowhere else: also of what was given before that was asked. */
export function scopesOf({ scopesByOwners }: Scopes, { owner, scopes, scopesByOperator = [] }: Held): readonly string[] {
  if (owner === PLATFORM) return scopes
  return scopes.filter((scope) => scopesByOwners.includes(scope) || scopesByOperator.includes(scope))
}

/** An owner leaves it what an operator has given, or takes it away for good. */
export function checkedScopes(
  deps: Scopes,
  { by }: Owner,
  { wanted, before }: { readonly wanted: readonly string[]; readonly before?: Held },
): Record<'scopes' | 'scopesByOperator', string[]> {
  const given = by === undefined ? wanted : (before?.scopesByOperator ?? [])
  const possible =
    by === undefined ? deps.scopes : deps.scopes.filter((scope) => deps.scopesByOwners.includes(scope) || given.includes(scope))
  const none = wanted.filter((scope) => !possible.includes(scope))
  if (none.length > 0) throw authErrors.bad_details({ fields: [choiceProblem('scopes', 'scope_unknown', { none, of: possible })] })
  const scopes = deps.scopes.filter((scope) => wanted.includes(scope))
  return { scopes, scopesByOperator: scopes.filter((scope) => given.includes(scope)) }
}

export async function ownOf(
  { repository }: Pick<ServiceAccountsDependencies, 'repository'>,
  call: Call,
  { owner, clientId }: { readonly owner: Owner; readonly clientId: string },
): Promise<Stored<ServiceAccount> | undefined> {
  const found = await repository.find(call, clientId)
  return found?.value.owner === keyOf(owner) ? found : undefined
}
