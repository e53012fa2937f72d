// A client as operators are shown it.
import type { ClientDefinition, ClientView } from './contract.ts'
import type { Call } from '#kernel/call.ts'
import { foundPlace, isPlace } from '../client-documents/place.ts'
import { credentialOf } from './credential.ts'
import type { ClientsRepository } from './repository.ts'
import type { StoredClient } from './schemas.ts'

export function viewOf(client: StoredClient): ClientView {
  const { source, definition, secretHash, createdAt, earlierSecret, blockedAt, lapsed } = client
  const present = credentialOf(client)
  const credential = present === undefined ? {} : { credential: present }
  const earlier = earlierSecret === undefined ? {} : { earlierSecretUntil: earlierSecret.until }
  const blocked = blockedAt === undefined ? {} : { blockedAt }
  const hasSecret = secretHash !== undefined || bringsSecret(definition)
  const trust = lapsed === undefined ? {} : { lapsed }
  return { source, definition, hasSecret, ...credential, createdAt, ...earlier, ...blocked, ...trust }
}

/** Of an app's own, and of one that brought its secret along: the hash stands in the definition. */
export function bringsSecret({ authentication }: Pick<ClientDefinition, 'authentication'>): boolean {
  return authentication !== undefined && 'secretHashes' in authentication && authentication.secretHashes.length > 0
}

/** With what holds for the place that its document is at. `undefined` for a place that is let in again: there is nothing to show of it. */
export async function shown(repository: Pick<ClientsRepository, 'find'>, call: Call, value: StoredClient): Promise<ClientView | undefined> {
  if (value.source !== 'document' || value.blockedAt !== undefined) return viewOf(value)
  if (isPlace(value)) return undefined
  const blockedAt = (await foundPlace(repository, call, value.id))?.blockedAt
  return viewOf(blockedAt === undefined ? value : { ...value, blockedAt })
}

export function isShown(view: ClientView | undefined): view is ClientView {
  return view !== undefined
}
