// What we know of a client and the engine does not, carried by the engine's own record of it, so that it is at hand where nothing can be waited for.
import type { Client } from 'oidc-provider'
import { equalSecrets, sha256 } from '#kernel/keyring.ts'
import { z } from '#kernel/schema.ts'
import { clientLifetimes } from '../clients/schemas.ts'

/** The name of the member, which no client can send: registrations are taken apart before they come here. */
export const FACTS = 'ninefold_facts'

const shape = z.strictObject({
  origins: z.array(z.string()),
  lifetimes: clientLifetimes.optional(),
  earlierSecret: z.strictObject({ hash: z.string(), until: z.number() }).optional(),
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

/** The registered secret is a hash already, so the presented one is hashed before they are compared. Of a rotated one both are taken for a while. */
export function isSecretOf(client: Client, presented: string, now: number): boolean {
  const hash = sha256(presented)
  const { earlierSecret } = factsOf(client)
  const isPresent = client.clientSecret !== undefined && equalSecrets(client.clientSecret, hash)
  return isPresent || (earlierSecret !== undefined && now < earlierSecret.until && equalSecrets(earlierSecret.hash, hash))
}
