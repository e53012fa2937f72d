// Puts service accounts together.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import type { JobDefinition } from '#kernel/job.ts'
import type { Database } from '../../database/contract.ts'
import type { AuthDefinition, FrontendClient } from '../contract.ts'
import { authErrors } from '../errors.ts'
import { ownerGoneJob } from '../organisations/owner-gone.ts'
import type { Organisations } from '../organisations/service.ts'
import type { Revocations } from '../revocations/revocations.ts'
import { PERMISSIONS_SCOPE } from '../roles/membership.ts'
import type { ServiceAccountsDesk } from './contract.ts'
import { createServiceAccountsRepository } from './repository.ts'
import { createServiceAccounts, type ServiceAccounts } from './service.ts'
import { requireOperator } from '../operators-only.ts'

export interface ServiceAccountsPart {
  readonly services: ServiceAccounts
  readonly desk: ServiceAccountsDesk
  readonly jobs: readonly JobDefinition[]
  /** What the app says of its scopes, those of its other resources included. */
  readonly scopeWords: Readonly<Record<string, string>>
}

export interface ServiceAccountsPartDependencies {
  readonly database: Database
  readonly clock: Clock
  readonly organisations: Organisations
  readonly revocations: Revocations
  readonly scopes: Readonly<Record<string, string>>
  readonly frontends: readonly Pick<FrontendClient, 'scopes'>[]
  readonly definition: Pick<AuthDefinition, 'roles' | 'organisations' | 'resources'>
}

/** Make it before the database starts, since it declares its collections. */
export function createServiceAccountsPart({
  database,
  scopes,
  frontends,
  definition,
  ...rest
}: ServiceAccountsPartDependencies): ServiceAccountsPart {
  const repository = createServiceAccountsRepository(database)
  const named = Object.keys(definition.roles ?? {})
  const ofOthers = (definition.resources ?? []).flatMap((resource) => Object.entries(resource.scopes))
  const words: Readonly<Record<string, string>> = { ...Object.fromEntries(ofOthers), ...scopes }
  // Of what every app has, what its roles allow: roles themselves it tells anyway, and without them there is nothing that they could allow.
  const offered = [...new Set([...Object.keys(words), ...(named.length > 0 ? [PERMISSIONS_SCOPE] : [])])]
  // Anybody may make an organisation and own it: a machine of theirs gets no further than they do themselves with the app's own pages.
  const open = new Set(definition.organisations?.services?.scopes ?? frontends.flatMap((frontend) => frontend.scopes))
  const byOwners = offered.filter((scope) => open.has(scope) || scope === PERMISSIONS_SCOPE)
  const services = createServiceAccounts({ ...rest, repository, scopes: offered, scopesByOwners: byOwners, roles: named })
  const owner = async (call: Call, clientId: string) => {
    requireOperator(call)
    const found = await services.ownerFor(call, clientId)
    if (found === undefined) throw authErrors.service_not_found()
    return found
  }
  return {
    services,
    scopeWords: words,
    jobs: [ownerGoneJob((call, organisationId) => services.haltUnattended(call, organisationId))],
    desk: {
      async list(call, organisationId) {
        requireOperator(call)
        if (organisationId !== undefined) await rest.organisations.changing.find(call, organisationId)
        return await services.list(call, { organisationId })
      },
      async create(call, { organisationId, ...made }) {
        requireOperator(call)
        return await services.create(call, { organisationId }, made)
      },
      setRoles: async (call, clientId, roles) => services.setRoles(call, await owner(call, clientId), { clientId, roles }),
      setScopes: async (call, clientId, wanted) => services.setScopes(call, await owner(call, clientId), { clientId, scopes: wanted }),
      renewSecret: async (call, clientId, change) => services.renewSecret(call, await owner(call, clientId), { ...change, clientId }),
      setKey: async (call, clientId, change) => services.setKey(call, await owner(call, clientId), { ...change, clientId }),
      useSecret: async (call, clientId, change) => services.useSecret(call, await owner(call, clientId), { ...change, clientId }),
      useKey: async (call, clientId, change) => services.useKey(call, await owner(call, clientId), { ...change, clientId }),
      endEarlier: async (call, clientId) => services.endEarlier(call, await owner(call, clientId), clientId),
      async remove(call, clientId) {
        requireOperator(call)
        const found = await services.ownerFor(call, clientId)
        return found !== undefined && (await services.remove(call, found, clientId))
      },
    },
  }
}
