// Which record of the engine goes into which storage.
import type { Adapter, AdapterFactory } from 'oidc-provider'
import { breath } from '#kernel/breath.ts'
import { noStorage } from './no-storage.ts'

export interface Storages {
  readonly Client: Adapter
  readonly Session: Adapter
  readonly Grant: Adapter
  readonly RefreshToken: Adapter
  readonly AuthorizationCode: Adapter
  readonly DeviceCode: Adapter
  readonly AccessToken: Adapter
  readonly ClientCredentials: Adapter
  readonly Interaction: Adapter
  readonly PushedAuthorizationRequest: Adapter
  readonly ReplayDetection: Adapter
}

/** Everything else is never stored. Of access tokens only those are that are no signed ones. */
export function adapterFactory(storages: Storages): AdapterFactory {
  const known = new Map<string, Adapter>(Object.entries(storages).map(([name, storage]) => [name, breathing(storage)]))
  return (name) => known.get(name) ?? noStorage
}

/** A request to the engine is milliseconds of work in one go when nothing in it waits; where it asks for a record, others may go first. */
function breathing(storage: Adapter): Adapter {
  const { find, findByUid, upsert } = storage
  return Object.assign(Object.create(storage), {
    async find(id) {
      await breath()
      return find.call(storage, id)
    },
    async findByUid(uid) {
      await breath()
      return findByUid.call(storage, uid)
    },
    async upsert(id, payload, expiresIn) {
      await breath()
      return upsert.call(storage, id, payload, expiresIn)
    },
  } satisfies Partial<Adapter>)
}
