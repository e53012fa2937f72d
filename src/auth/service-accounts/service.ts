// The decisions about service accounts: who may make them, what they are, and their end. What a token of one says is read at each issue.
import type { Call } from '#kernel/call.ts'
import { newId, randomToken } from '#kernel/ids.ts'
import { sha256 } from '#kernel/keyring.ts'
import { labelProblem, tidyName } from '../accounts/name.ts'
import { credentialOf } from '../clients/credential.ts'
import type { StoredClient } from '../clients/schemas.ts'
import { clientSubject } from '../clients/subject.ts'
import { authErrors } from '../errors.ts'
import type { Acting } from '../organisations/service.ts'
import type { RolesWanted } from '../organisations/contract.ts'
import { givenRoles, rolesAfter } from '../roles/given-roles.ts'
import { laterThan, type Membership } from '../roles/membership.ts'
import { securityEventOf } from '../security-events/security-event.ts'
import { fieldProblem } from '../texts/problem.ts'
import { settled } from '../settled.ts'
import type { MadeServiceAccount, NewServiceAccount, ServiceAccountView } from './contract.ts'
import { parsePublicKey } from './key.ts'
import { createCredentials, type Credentials } from './credentials.ts'
import {
  checkedScopes,
  doneBy,
  held,
  holding,
  keyOf,
  type Owner,
  ownOf,
  rolesFor,
  scopesOf,
  type ServiceAccountsDependencies,
} from './parts.ts'
import { PLATFORM, type ServiceAccount } from './repository.ts'

/** What their client ids begin with: whose has it and no record, gets no token. */
export const SERVICE_ID = 'svc-'

const MOST = 50

export interface ServiceAccounts extends Credentials {
  /** Scopes that one can be given. */
  readonly scopes: readonly string[]
  /** Those of them that owners may give. */
  readonly scopesByOwners: readonly string[]
  /** Throws unless this person owns the organisation. */
  ownerOf(call: Call, acting: Acting): Promise<Owner>
  list(call: Call, owner: Owner): Promise<readonly ServiceAccountView[]>
  create(call: Call, owner: Owner, made: NewServiceAccount): Promise<MadeServiceAccount>
  /** What it is then. */
  setRoles(call: Call, owner: Owner, change: { readonly clientId: string; readonly roles: RolesWanted }): Promise<readonly string[]>
  /** What it is given counts with its next token; what is taken away ends those of before, within a second. */
  setScopes(call: Call, owner: Owner, change: { readonly clientId: string; readonly scopes: readonly string[] }): Promise<void>
  /** False when it is not there, or another owner's. */
  remove(call: Call, owner: Owner, clientId: string): Promise<boolean>
  /** When the owner ends. */
  removeAll(call: Call, owner: Pick<Owner, 'organisationId'>): Promise<void>
  /** When a person is blocked: ends the tokens of whatever acts for an organisation that no other owner answers for. */
  halt(call: Call, accountId: string): Promise<void>
  /** When an owner has gone: the same for what they have left, unless somebody answers for it. */
  haltUnattended(call: Call, organisationId: string): Promise<void>
  ownerFor(call: Call, clientId: string): Promise<Owner | undefined>
  /** What a token of this client tells; `undefined` when it is no service account, and `ended` when it may get none. */
  membershipOf(call: Call, clientId: string): Promise<Membership | 'ended' | undefined>
  /** The scopes that count of those that this client is registered for; `undefined` when it is no service account: all. */
  scopesOf(call: Call, clientId: string): Promise<readonly string[] | undefined>
}

const viewOf = (deps: ServiceAccountsDependencies, service: ServiceAccount, client: StoredClient | undefined): ServiceAccountView => {
  const { id, owner, name, roles, authentication, createdAt } = service
  return {
    clientId: id,
    name,
    ...(owner === PLATFORM ? {} : { organisationId: owner }),
    roles,
    scopes: scopesOf(deps, service),
    authentication,
    ...(client && presentOf(client)),
    createdAt,
  }
}

function presentOf(client: StoredClient): Pick<ServiceAccountView, 'credential' | 'renewed'> {
  const credential = credentialOf(client)
  const { renewed } = client
  return { ...(credential !== undefined && { credential }), ...(renewed !== undefined && { renewed }) }
}

export function createServiceAccounts(deps: ServiceAccountsDependencies): ServiceAccounts {
  const { repository, organisations } = deps
  const changes = changing(deps)
  const withEarlier = async (call: Call, service: ServiceAccount): Promise<ServiceAccountView> => {
    const client = (await repository.findClient(call, service.id))?.value
    const until = (client?.earlierSecret ?? client?.earlierKey)?.until
    const view = viewOf(deps, service, client)
    return until === undefined || until <= deps.clock.now() ? view : { ...view, earlierUntil: until }
  }
  const every = async (call: Call, owner: string): Promise<readonly ServiceAccount[]> => {
    const found: ServiceAccount[] = []
    let after: string | undefined
    do {
      const { items, next } = await repository.list(call, owner, { limit: MOST, after })
      found.push(...items.map(({ value }) => value))
      after = next
    } while (after !== undefined)
    return found
  }
  const haltAll = async (call: Call, organisationId: string): Promise<void> => {
    for (const { id } of await every(call, organisationId)) await changes.supersede(call, id)
  }
  return {
    scopes: deps.scopes,
    scopesByOwners: deps.scopesByOwners,
    async ownerOf(call, acting) {
      const { id } = await organisations.requireOwner(call, acting)
      return { organisationId: id, by: acting.accountId }
    },
    list: async (call, owner) => await Promise.all((await every(call, keyOf(owner))).map((each) => withEarlier(call, each))),
    create: (call, owner, made) => create(deps, call, { owner, made }),
    setRoles: changes.setRoles,
    setScopes: changes.setScopes,
    ...createCredentials(deps),
    remove: changes.remove,
    async removeAll(call, { organisationId }) {
      for (const { id } of await every(call, keyOf({ organisationId }))) await changes.remove(call, { organisationId }, id)
    },
    async halt(call, accountId) {
      for (const organisationId of await organisations.owners.unattended(call, accountId)) await haltAll(call, organisationId)
    },
    async haltUnattended(call, organisationId) {
      if (!(await organisations.owners.isAttended(call, organisationId))) await haltAll(call, organisationId)
    },
    async ownerFor(call, clientId) {
      const found = await repository.find(call, clientId)
      return found === undefined ? undefined : { organisationId: found.value.owner === PLATFORM ? undefined : found.value.owner }
    },
    ...telling(deps),
  }
}

/** What is asked when a token is issued or shown. */
function telling(deps: ServiceAccountsDependencies): Pick<ServiceAccounts, 'membershipOf' | 'scopesOf'> {
  const { repository, organisations } = deps
  return {
    async membershipOf(call, clientId) {
      if (!clientId.startsWith(SERVICE_ID)) return undefined
      const found = (await repository.find(call, clientId))?.value
      if (found === undefined) return 'ended'
      const { owner, roles, membershipAt } = found
      if (owner === PLATFORM) return { roles, groups: [], at: membershipAt }
      const isAttended = await organisations.owners.isAttended(call, owner)
      return isAttended ? { roles: [], groups: [], organisation: { id: owner, roles }, at: membershipAt } : 'ended'
    },
    async scopesOf(call, clientId) {
      if (!clientId.startsWith(SERVICE_ID)) return undefined
      const found = (await repository.find(call, clientId))?.value
      return found === undefined ? [] : scopesOf(deps, found)
    },
  }
}

async function create(
  deps: ServiceAccountsDependencies,
  call: Call,
  { owner, made }: { readonly owner: Owner; readonly made: NewServiceAccount },
): Promise<MadeServiceAccount> {
  const { clock } = deps
  const problem = labelProblem(made.name)
  if (problem !== undefined) throw authErrors.bad_details({ fields: [fieldProblem('name', problem)] })
  const given = checkedScopes(deps, owner, { wanted: made.scopes })
  const roles = givenRoles(rolesFor(deps, owner), made.roles)
  const key = made.key === undefined || made.key.trim() === '' ? undefined : parsePublicKey(made.key)
  const now = clock.now()
  const id = `${SERVICE_ID}${newId(now)}`
  const name = tidyName(made.name)
  const definition: StoredClient['definition'] = {
    clientId: id,
    name,
    redirectUris: [],
    origins: [],
    scopes: given.scopes,
    grants: ['client_credentials'],
    ...(key === undefined ? {} : { authentication: { method: 'private_key_jwt', keys: [key] } }),
  }
  const secret = key === undefined ? randomToken() : undefined
  const service: ServiceAccount = {
    id,
    owner: keyOf(owner),
    name,
    roles: [...roles],
    ...given,
    authentication: key === undefined ? 'secret' : 'key',
    membershipAt: now,
    createdAt: now,
  }
  const client = {
    id,
    source: 'operator',
    definition,
    createdAt: now,
    ...(secret === undefined ? {} : { secretHash: sha256(secret) }),
  } as const
  await insert(deps, call, { owner, service, client })
  const view = viewOf(deps, service, client)
  return secret === undefined ? { service: view } : { service: view, secret }
}

async function insert(
  deps: ServiceAccountsDependencies,
  call: Call,
  { owner, service, client }: { readonly owner: Owner; readonly service: ServiceAccount; readonly client: StoredClient },
): Promise<void> {
  const events = [securityEventOf({ type: 'service.created', about: service.name, ...doneBy(call, owner) })]
  await settled(async () => {
    const also = await holding(deps, call, owner)
    if ((await deps.repository.count(call, keyOf(owner), MOST)) >= MOST) throw authErrors.organisation_full()
    return (await deps.repository.insert(call, service, { client, also, events })) ? undefined : 'moved'
  }, call)
}

interface Changes extends Pick<ServiceAccounts, 'setRoles' | 'setScopes' | 'remove'> {
  /** Ends its tokens and leaves it what it is. */
  supersede(call: Call, clientId: string): Promise<void>
}

function superseding({ repository, revocations, clock }: ServiceAccountsDependencies): Changes['supersede'] {
  return async (call, clientId) => {
    const subject = clientSubject(clientId)
    await settled(async () => {
      const before = await repository.find(call, clientId)
      if (before === undefined) return undefined
      const { roles, membershipAt } = before.value
      const at = laterThan(membershipAt, clock.now())
      if (!(await repository.updateRoles(call, before, { roles, at, also: [revocations.superseded(subject, at)], events: [] })))
        return 'moved'
      await revocations.announce(call, 'membership', [subject])
      return undefined
    }, call)
  }
}

function changing(deps: ServiceAccountsDependencies): Changes {
  const { repository, revocations, clock } = deps
  return {
    supersede: superseding(deps),
    setScopes: rescoping(deps),
    async setRoles(call, owner, { clientId, roles: wanted }) {
      return await settled(async () => {
        const holds = await held(deps, call, owner)
        const before = await ownOf(deps, call, { owner, clientId })
        if (before === undefined) throw authErrors.service_not_found()
        const roles = rolesAfter(rolesFor(deps, owner), before.value.roles, wanted)
        if (roles.join(' ') === before.value.roles.join(' ')) return roles
        const at = laterThan(before.value.membershipAt, clock.now())
        const subject = clientSubject(clientId)
        const events = [securityEventOf({ type: 'service.roles_changed', about: before.value.name, ...doneBy(call, owner) })]
        const also = [...holds, revocations.superseded(subject, at)]
        if (!(await repository.updateRoles(call, before, { roles, at, also, events }))) return 'moved'
        await revocations.announce(call, 'membership', [subject])
        return roles
      }, call)
    },
    async remove(call, owner, clientId) {
      return await settled(async () => {
        const holds = await held(deps, call, owner)
        const found = await ownOf(deps, call, { owner, clientId })
        if (found === undefined) return false
        const subject = clientSubject(clientId)
        const events = [securityEventOf({ type: 'service.removed', about: found.value.name, ...doneBy(call, owner) })]
        if (!(await repository.remove(call, found, { operations: [...holds, revocations.endedFor(subject)], events }))) return 'moved'
        await revocations.announce(call, 'account', [subject])
        return true
      }, call)
    },
  }
}

function rescoping(deps: ServiceAccountsDependencies): Changes['setScopes'] {
  const { repository, revocations, clock } = deps
  return async (call, owner, { clientId, scopes: wanted }) => {
    const subject = clientSubject(clientId)
    await settled(async () => {
      const holds = await held(deps, call, owner)
      const service = await ownOf(deps, call, { owner, clientId })
      const client = await repository.findClient(call, clientId)
      if (service === undefined || client === undefined) throw authErrors.service_not_found()
      const given = checkedScopes(deps, owner, { wanted, before: service.value })
      const { scopes } = given
      const isNarrower = service.value.scopes.some((scope) => !scopes.includes(scope))
      const at = isNarrower ? laterThan(service.value.membershipAt, clock.now()) : service.value.membershipAt
      const also = isNarrower ? [...holds, revocations.superseded(subject, at)] : holds
      const events = [securityEventOf({ type: 'service.scopes_changed', about: service.value.name, ...doneBy(call, owner) })]
      if (!(await repository.updateScopes(call, { service, client }, { ...given, at, also, events }))) return 'moved'
      if (isNarrower) await revocations.announce(call, 'membership', [subject])
      return undefined
    }, call)
  }
}
