// How service accounts are stored: one record here for whose it is and what it may do, and the client that it gets its tokens as. Both or neither.
import type { Call } from '#kernel/call.ts'
import { type Change, defineCollection, deleteFrom, type EventDraft, insertInto, type Operation, updateIn } from '#kernel/collection.ts'
import { committed } from '#kernel/committed.ts'
import { z } from '#kernel/schema.ts'
import type { Database, Page, Stored } from '../../database/contract.ts'
import { clientChanged, clientsCollection } from '../clients/repository.ts'
import type { StoredClient } from '../clients/schemas.ts'

const time = z.int().nonnegative()

const serviceAccount = z.strictObject({
  /** The client id. */
  id: z.string(),
  /** An organisation, or `PLATFORM`. */
  owner: z.string(),
  name: z.string(),
  roles: z.array(z.string()),
  scopes: z.array(z.string()),
  /** Those of them that an operator has given: they count whatever owners may give. */
  scopesByOperator: z.array(z.string()).optional(),
  authentication: z.enum(['secret', 'key']),
  /** The state of the roles, as `membership_at` of tokens says it. */
  membershipAt: time,
  createdAt: time,
})
export type ServiceAccount = z.infer<typeof serviceAccount>

/** No organisation is called so. */
export const PLATFORM = 'platform'

const servicesCollection = defineCollection<ServiceAccount>({
  name: 'auth_service_accounts',
  schema: serviceAccount,
  indexes: { owner: { fields: ['owner', 'createdAt'] } },
})

export interface ServiceAccountsRepository {
  find(call: Call, clientId: string): Promise<Stored<ServiceAccount> | undefined>
  list(call: Call, owner: string, page: { readonly limit: number; readonly after?: string | undefined }): Promise<Page<ServiceAccount>>
  count(call: Call, owner: string, upTo: number): Promise<number>
  /** False when somebody was faster, as of each change. */
  insert(
    call: Call,
    service: ServiceAccount,
    made: { readonly client: StoredClient; readonly also: readonly Operation[]; readonly events: readonly EventDraft[] },
  ): Promise<boolean>
  updateRoles(
    call: Call,
    before: Stored<ServiceAccount>,
    change: {
      readonly roles: readonly string[]
      readonly at: number
      readonly also: readonly Operation[]
      readonly events: readonly EventDraft[]
    },
  ): Promise<boolean>
  updateScopes(
    call: Call,
    before: { readonly service: Stored<ServiceAccount>; readonly client: Stored<StoredClient> },
    change: {
      readonly scopes: readonly string[]
      readonly scopesByOperator: readonly string[]
      readonly at: number
      readonly also: readonly Operation[]
      readonly events: readonly EventDraft[]
    },
  ): Promise<boolean>
  /** For the commit that changes the client likewise. */
  proving(before: Stored<ServiceAccount>, authentication: ServiceAccount['authentication']): Operation
  /** The client as it is stored, also by a process that this one has not heard of yet. */
  findClient(call: Call, clientId: string): Promise<Stored<StoredClient> | undefined>
  updateClient(
    call: Call,
    before: Stored<StoredClient>,
    change: { readonly set: Change<StoredClient>['set']; readonly also: readonly Operation[]; readonly events: readonly EventDraft[] },
  ): Promise<boolean>
  remove(
    call: Call,
    before: Stored<ServiceAccount>,
    also: { readonly operations: readonly Operation[]; readonly events: readonly EventDraft[] },
  ): Promise<boolean>
}

export function createServiceAccountsRepository(database: Database): ServiceAccountsRepository {
  const services = database.collection(servicesCollection)
  const clients = database.collection(clientsCollection)
  const commit = async (call: Call, operations: readonly Operation[], events: readonly EventDraft[]): Promise<boolean> => {
    return await committed(database.commit(call, operations, events), 'conflict')
  }
  return {
    find: (call, clientId) => services.get(call, clientId),
    list: (call, owner, { limit, after }) =>
      services.list(call, { index: 'owner', where: { owner }, limit, ...(after === undefined ? {} : { after }) }),
    count: (call, owner, upTo) => services.count(call, { index: 'owner', where: { owner } }, upTo),
    insert: (call, service, { client, also, events }) =>
      commit(
        call,
        [...also, insertInto(servicesCollection, service), insertInto(clientsCollection, client)],
        [clientChanged(client.id), ...events],
      ),
    updateRoles: (call, { value, version }, { roles, at, also, events }) =>
      commit(
        call,
        [updateIn(servicesCollection, value.id, { set: { roles: [...roles], membershipAt: at }, ifVersion: version }), ...also],
        events,
      ),
    updateScopes: (call, { service, client }, { scopes, scopesByOperator, at, also, events }) =>
      commit(
        call,
        [...rescoped({ service, client }, { scopes, scopesByOperator, at }), ...also],
        [clientChanged(client.value.id), ...events],
      ),
    proving: ({ value, version }, authentication) =>
      updateIn(servicesCollection, value.id, { set: { authentication }, ifVersion: version }),
    findClient: (call, clientId) => clients.get(call, clientId, { fresh: true }),
    updateClient: (call, { value, version }, { set, also, events }) =>
      commit(call, [updateIn(clientsCollection, value.id, { set, ifVersion: version }), ...also], [clientChanged(value.id), ...events]),
    remove: (call, { value, version }, { operations, events }) =>
      commit(
        call,
        [
          deleteFrom(servicesCollection, value.id, { ifVersion: version }),
          deleteFrom(clientsCollection, value.id, { ifPresent: true }),
          ...operations,
        ],
        [clientChanged(value.id), ...events],
      ),
  }
}

type Rescoping = Parameters<ServiceAccountsRepository['updateScopes']>

function rescoped(
  { service, client }: Rescoping[1],
  { scopes, scopesByOperator, at }: Pick<Rescoping[2], 'scopes' | 'scopesByOperator' | 'at'>,
): Operation[] {
  return [
    updateIn(servicesCollection, service.value.id, {
      set: { scopes: [...scopes], scopesByOperator: [...scopesByOperator], membershipAt: at },
      ifVersion: service.version,
    }),
    updateIn(clientsCollection, client.value.id, {
      set: { definition: { ...client.value.definition, scopes: [...scopes] } },
      ifVersion: client.version,
    }),
  ]
}
