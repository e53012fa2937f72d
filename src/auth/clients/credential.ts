// Which secret or key a client has at present, for whoever replaces it: a second press, or a request that is sent again, would else replace what the first one
// has made, and end what the deployed machines have.
import { createPublicKey } from 'node:crypto'
import { sha256 } from '#kernel/keyring.ts'
import { authErrors } from '../errors.ts'
import type { PublicKeyDefinition } from './contract.ts'
import type { StoredClient } from './schemas.ts'

const MARK_CHARACTERS = 22

/** Of this client alone, and another one for each secret and key. It tells nothing of them: secrets have 256 random bits, keys are public. */
export function credentialOf({ id, secretHash, definition: { authentication } }: StoredClient): string | undefined {
  const keys = authentication?.method === 'private_key_jwt' ? authentication.keys : undefined
  if (secretHash === undefined && keys === undefined) return undefined
  return marked([id, secretHash ?? '', (keys ?? []).map(keyThumbprint)])
}

/**
 * RFC 7638: the same of one key whatever is said beside it, and in whatever order, which PostgreSQL's documents do not keep. Written anew before that, since
 * base64url is read generously.
 */
export function keyThumbprint(key: PublicKeyDefinition): string {
  const { crv, e, kty, n, x, y } = writtenAnew(key)
  return sha256(JSON.stringify({ crv, e, kty, n, x, y }))
}

function writtenAnew(key: PublicKeyDefinition): Readonly<Record<string, unknown>> {
  try {
    return { ...createPublicKey({ key: { ...key }, format: 'jwk' }).export({ format: 'jwk' }) }
  } catch {
    // One that a version before took, and that nothing can be signed with.
    return key
  }
}

/** Whoever says which one they replace, replaces no other. */
export function refuseOther(client: StoredClient, replacing: string | undefined): void {
  if (replacing === undefined || replacing === credentialOf(client)) return
  const when = client.renewed === undefined ? '' : `, since ${new Date(client.renewed.at).toISOString()}`
  throw authErrors.credential_changed({
    detail: `Nothing was changed: ${JSON.stringify(client.id)} has another secret or key than the one to be replaced${when}.`,
  })
}

/** A person is told whether it was them: their id itself would outlast their account here. */
export function renewerOf(clientId: string, accountId: string): string {
  return marked([clientId, accountId])
}

function marked(what: readonly unknown[]): string {
  return sha256(JSON.stringify(what)).slice(0, MARK_CHARACTERS)
}
