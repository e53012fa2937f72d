// Clients, as the engine looks them up: the present state of those that are not in the app definition. It never writes them.
import type { Adapter } from 'oidc-provider'
import type { ClientRegistry } from './clients.ts'
import { noStorage } from './no-storage.ts'
import { currentCall } from './scope.ts'

export function createClientStorage(clients: ClientRegistry): Adapter {
  return {
    ...noStorage,
    async find(clientId) {
      return (await clients.find(currentCall(), clientId))?.metadata
    },
  }
}
