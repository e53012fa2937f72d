// Which record of the engine goes into which storage.
import type { Adapter, AdapterFactory } from 'oidc-provider'
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
  const known = new Map<string, Adapter>(Object.entries(storages))
  return (name) => known.get(name) ?? noStorage
}
