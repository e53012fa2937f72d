// The clients of the tests by strict libraries.
import { createHash } from 'node:crypto'
import type { ClientDefinition } from '../../src/auth/clients/contract.ts'

export const SECRET = 'a secret of a service, forty characters.'
export const CALLBACK = 'https://app.example/callback'
export const secretHashes = [createHash('sha256').update(SECRET).digest('base64url')]

/** One that people sign in with. */
export const person = (clientId: string, change: Partial<ClientDefinition> = {}): ClientDefinition => ({
  clientId,
  name: clientId,
  redirectUris: [CALLBACK],
  origins: [],
  scopes: ['photos:read', 'profile'],
  ...change,
})

/** One that acts for itself. */
export const service = (clientId: string, change: Partial<ClientDefinition> = {}): ClientDefinition =>
  person(clientId, {
    redirectUris: [],
    grants: ['client_credentials'],
    authentication: { method: 'client_secret_basic', secretHashes },
    ...change,
  })
