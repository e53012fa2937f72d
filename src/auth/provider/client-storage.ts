// Clients, as the engine looks them up: the present state of those that are not in the app definition. It never writes them.
import type { Adapter, ClientMetadata } from 'oidc-provider'
import Provider, { errors } from 'oidc-provider'
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
      if (found?.source === 'document' && !isDocument) return undefined
      return found?.earlierMetadata !== undefined && isShown(found.earlierMetadata) ? found.earlierMetadata : found?.metadata
    },
  }
}

/** Whether this request proves a client in that way. */
function isShown({ token_endpoint_auth_method: method }: ClientMetadata): boolean {
  const { oidc, headers } = Provider.ctx ?? {}
  if (method === 'private_key_jwt') return oidc?.params?.['client_assertion'] !== undefined
  return oidc?.params?.['client_secret'] !== undefined || /^basic /i.test(headers?.authorization ?? '')
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
