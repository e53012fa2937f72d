// What people see of a client that they are asked about: its name, and where it sends them. A client that came by itself can change both, and the address
// of a document can get another owner: what somebody allows it holds for the appearance that it has then. For all others an operator answers.
import type { KoaContextWithOIDC } from 'oidc-provider'
import { sha256 } from '#kernel/keyring.ts'
import { factsOf } from './client-facts.ts'
import { isLoopbackUri } from './client-rules.ts'

/** `undefined` where it does not matter. */
export function appearanceOf({ client, params }: KoaContextWithOIDC['oidc']): string | undefined {
  if (client === undefined || factsOf(client).isStranger !== true) return undefined
  return sha256(JSON.stringify([client.clientName, placeOf(params?.['redirect_uri'])]))
}

/** RFC 8252 section 7.3: on the person's own machine the port is another one each time. */
function placeOf(redirectUri: unknown): string {
  const uri = typeof redirectUri === 'string' ? redirectUri : ''
  if (!isLoopbackUri(uri)) return uri
  const url = new URL(uri)
  url.port = ''
  return url.href
}
