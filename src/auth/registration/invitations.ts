// Initial access tokens (RFC 7591 section 3): each is good for one registration within a day, and kept as a hash.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { defineCollection, deleteFrom, type Operation } from '#kernel/collection.ts'
import { randomToken } from '#kernel/ids.ts'
import { sha256 } from '#kernel/keyring.ts'
import { z } from '#kernel/schema.ts'
import type { Database } from '../../database/contract.ts'

const GOOD_MS = 86_400_000

const invitation = z.strictObject({ id: z.string(), expiresAt: z.int() })

const invitationsCollection = defineCollection<z.infer<typeof invitation>>({
  name: 'auth_client_invitations',
  schema: invitation,
  indexes: {},
  expiry: 'expiresAt',
})

export interface Invitations {
  create(call: Call): Promise<string>
  isGood(call: Call, token: string): Promise<boolean>
  /** Uses it up, for the one commit that comes first. */
  redemption(token: string): Operation
}

export function createInvitations({ database, clock }: { readonly database: Database; readonly clock: Clock }): Invitations {
  const invitations = database.collection(invitationsCollection)
  return {
    async create(call) {
      const token = randomToken()
      await invitations.insert(call, { id: sha256(token), expiresAt: clock.now() + GOOD_MS })
      return token
    },
    isGood: async (call, token) => (await invitations.get(call, sha256(token))) !== undefined,
    redemption: (token) => deleteFrom(invitationsCollection, sha256(token)),
  }
}
