// Clients, as the engine looks them up: the present state of those that are not in the app definition. It never writes them.
import type { Adapter } from 'oidc-provider'
import { errors } from 'oidc-provider'
import type { ClientDocuments } from '../client-documents/documents.ts'
import { RegistrationError } from '../registration/errors.ts'
import type { ClientRegistry } from './clients.ts'
import { noStorage } from './no-storage.ts'
import { currentCall, currentExchange } from './scope.ts'

/** Where a client may come that is not known yet; everywhere else it has been here before. */
const BEGINNINGS: ReadonlySet<string> = new Set(['/authorize', '/par', '/device-authorization'])

export function createClientStorage(clients: ClientRegistry, documents: ClientDocuments): Adapter {
  return {
    ...noStorage,
    async find(clientId) {
      const isDocument = documents.isOne(clientId)
      if (isDocument) await resolve(documents, clientId)
      const found = await clients.find(currentCall(), clientId)
      // One that was known before documents were switched off.
      return found?.source === 'document' && !isDocument ? undefined : found?.metadata
    },
  }
}

async function resolve(documents: ClientDocuments, clientId: string): Promise<void> {
  const exchange = currentExchange()
  const mayBeNew = exchange !== undefined && BEGINNINGS.has(exchange.path)
  const newcomer = mayBeNew ? { client: exchange.client, network: exchange.network() } : undefined
  try {
    await documents.resolve(currentCall(), clientId, newcomer)
  } catch (error) {
    if (error instanceof RegistrationError) throw new errors.InvalidClient(error.message, error.message)
    throw error
  }
}
