// What we know of a client and the engine does not, carried by the engine's own record of it, so that it is at hand where nothing can be waited for.
import type { Client } from 'oidc-provider'
import Provider from 'oidc-provider'
import { equalSecrets, sha256 } from '#kernel/keyring.ts'
import { z } from '#kernel/schema.ts'
import { clientLifetimes } from '../clients/schemas.ts'
import { HASH_SEPARATOR } from './client-authentication.ts'

/** The name of the member, which no client can send: registrations are taken apart before they come here. */
export const FACTS = 'ninefold_facts'

const shape = z.strictObject({
  origins: z.array(z.string()),
  lifetimes: clientLifetimes.optional(),
  /** People are asked each time. */
  alwaysAsks: z.boolean().optional(),
  /** It came by itself: nobody who runs this knows who is behind it. */
  isStranger: z.boolean().optional(),
  earlierSecret: z.strictObject({ hash: z.string(), until: z.number() }).optional(),
  idTokenAtRefresh: z.boolean().optional(),
  /** In characters, of its access tokens. */
  tokenRoom: z.int().optional(),
})

export type ClientFacts = z.infer<typeof shape>

const known = new WeakMap<Client, ClientFacts>()
const NONE: ClientFacts = { origins: [] }

export function factsOf(client: Client | undefined): ClientFacts {
  if (client === undefined) return NONE
  const before = known.get(client)
  if (before !== undefined) return before
  const facts = shape.safeParse(Reflect.get(client, FACTS)).data ?? NONE
  known.set(client, facts)
  return facts
}

/** Of OpenID Connect's scopes those that the client is registered for by now: what was granted may be more than an operator has left it. */
export function openidScopesOf(client: Client | undefined): ReadonlySet<string> {
  return new Set(client?.scope?.split(' '))
}

/**
 * The registered secrets are hashes already, so the presented one is hashed before they are compared. Of a rotated one both are taken for a while. It
 * counts only where the client is registered to send it: the engine would take it from the form as well as from the header.
 */
export function isSecretOf(client: Client, presented: string, now: number): boolean {
  const isPosted = Provider.ctx?.oidc.params?.['client_secret'] !== undefined
  if (isPosted !== (client.tokenEndpointAuthMethod === 'client_secret_post')) return false
  const hash = sha256(presented)
  const { earlierSecret } = factsOf(client)
  const present = client.clientSecret?.split(HASH_SEPARATOR) ?? []
  // All of them, whichever it is: the time tells nothing of which one is in use.
  const isPresent = present.filter((registered) => equalSecrets(registered, hash)).length > 0
  return isPresent || (earlierSecret !== undefined && now < earlierSecret.until && equalSecrets(earlierSecret.hash, hash))
}
