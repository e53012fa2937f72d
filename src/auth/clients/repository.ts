// How clients are stored that are not in the app definition. Every request of a client reads its record, hence the cache; a write ends what is
// remembered of it, here at once and in other processes with the event of the write.
import type { Call } from '#kernel/call.ts'
import { type Change, defineCollection, type EventDraft, insertInto, type Operation } from '#kernel/collection.ts'
import { committed } from '#kernel/committed.ts'
import type { Database, Page, Stored } from '../../database/contract.ts'
import { type StoredClient, storedClient } from './schemas.ts'

/** No longer than a revocation may take, in case an event is late. */
const REMEMBERED_MS = 1000

export const clientsCollection = defineCollection<StoredClient>({
  name: 'auth_clients',
  schema: storedClient,
  // The database does not remove them by itself: nothing would end with them (see forgetting.ts).
  indexes: { source: { fields: ['source'] }, place: { fields: ['place'] }, unused: { fields: ['expiresAt'] } },
  cache: { lifetimeMs: REMEMBERED_MS, negative: true },
})

/** Tells everybody who keeps something about clients that one was written. */
export const CLIENT_CHANGED = 'auth.clients'

export const clientChanged = (clientId: string): EventDraft => ({ topic: CLIENT_CHANGED, key: clientId, data: { clientId } })

export interface ClientsRepository {
  find(call: Call, clientId: string): Promise<Stored<StoredClient> | undefined>
  /** As it is stored, also by a process that this one has not heard of yet. */
  findStored(call: Call, clientId: string): Promise<Stored<StoredClient> | undefined>
  list(call: Call, source: StoredClient['source'] | undefined, page: { limit: number; after?: string }): Promise<Page<StoredClient>>
  /** Those that the documents of a place describe. */
  listOf(call: Call, place: string, page: { limit: number; after?: string }): Promise<Page<StoredClient>>
  /** Those whose time was over by then, in epoch milliseconds, in the order in which it was. */
  listExpired(call: Call, now: number, limit: number): Promise<readonly Stored<StoredClient>[]>
  /** False when the id is taken. */
  insert(call: Call, client: StoredClient, events?: readonly EventDraft[]): Promise<boolean>
  /** False when its invitation was used up by somebody else, or the id is taken. */
  insertInvited(
    call: Call,
    client: StoredClient,
    written: { readonly redemption: Operation; readonly events: readonly EventDraft[] },
  ): Promise<boolean>
  /** `undefined` when it is gone or has another version. */
  update(
    call: Call,
    clientId: string,
    written: { change: Change<StoredClient>; events?: readonly EventDraft[] },
  ): Promise<Stored<StoredClient> | undefined>
  /** False when it is gone or has another version. */
  remove(call: Call, clientId: string, options?: { readonly events?: readonly EventDraft[]; readonly ifVersion?: number }): Promise<boolean>
}

export function createClientsRepository(database: Database): ClientsRepository {
  const clients = database.collection(clientsCollection)
  return {
    find: (call, clientId) => clients.get(call, clientId),
    findStored: (call, clientId) => clients.get(call, clientId, { fresh: true }),
    list: (call, source, page) => clients.list(call, { index: 'source', ...(source === undefined ? {} : { where: { source } }), ...page }),
    listOf: (call, place, page) => clients.list(call, { index: 'place', where: { place }, ...page }),
    listExpired: async (call, now, limit) => (await clients.list(call, { index: 'unused', range: { below: now + 1 }, limit })).items,
    async insert(call, client, events = []) {
      return await committed(clients.insert(call, client, { events: [clientChanged(client.id), ...events] }), 'duplicate')
    },
    async insertInvited(call, client, { redemption, events }) {
      return await committed(
        database.commit(call, [redemption, insertInto(clientsCollection, client)], [clientChanged(client.id), ...events]),
        'conflict',
        'duplicate',
      )
    },
    update: (call, clientId, { change, events = [] }) =>
      clients.update(call, clientId, change, { events: [clientChanged(clientId), ...events] }),
    remove: (call, clientId, { events = [], ...condition } = {}) =>
      clients.delete(call, clientId, { ...condition, events: [clientChanged(clientId), ...events] }),
  }
}
