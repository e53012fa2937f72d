// Access tokens that only we can read: random values, and those that are encrypted for their resource server. Kept under the hash of the value, so
// that whoever reads the database has no token (RFC 7662 is how the resource server learns what one says).
import type { Adapter } from 'oidc-provider'
import type { Clock } from '#kernel/clock.ts'
import { insertInto } from '#kernel/collection.ts'
import { z } from '#kernel/schema.ts'
import type { Collection } from '../../database/contract.ts'
import { type AccessTokenRecord, accessTokensCollection } from './collections.ts'
import { recordId, sidOf } from './ids.ts'
import { noStorage } from './no-storage.ts'
import type { Pending } from './pending.ts'
import { currentCall } from './scope.ts'
import { sweepTokens } from './sweep.ts'
import { type Vault, withoutId } from './vault.ts'

export interface AccessTokenStorageDependencies {
  readonly tokens: Collection<AccessTokenRecord>
  readonly pending: Pick<Pending, 'defer'>
  readonly vault: Vault
  readonly clock: Clock
}

/** An exchanged token has no grant of its own, and ends with that of the token that it came from. */
const withSession = z.looseObject({ extra: z.looseObject({ sid: z.string() }) })

/** Of tokens that no person stands behind. */
const NO_GRANT = 'none'

export function createAccessTokenStorage({ tokens, pending, vault, clock }: AccessTokenStorageDependencies): Adapter {
  const place = (id: string): { collection: string; id: string } => ({ collection: accessTokensCollection.name, id })
  return {
    ...noStorage,
    async upsert(token, payload, expiresIn = 0) {
      const id = recordId(token)
      const { grantId } = payload
      const call = currentCall()
      const record = {
        id,
        grant: grantId === undefined ? (withSession.safeParse(payload).data?.extra.sid ?? NO_GRANT) : sidOf(grantId),
        payload: vault.seal(place(id), withoutId(payload)),
        expiresAt: clock.now() + expiresIn * 1000,
      }
      await pending.defer({ operations: [insertInto(accessTokensCollection, record)], alone: () => tokens.insert(call, record) })
    },
    async find(token) {
      const id = recordId(token)
      const stored = await tokens.get(currentCall(), id)
      const payload = stored === undefined ? undefined : vault.open(place(id), stored.value.payload)
      return payload === undefined ? undefined : { ...payload, jti: token }
    },
    async destroy(token) {
      await tokens.delete(currentCall(), recordId(token))
    },
    async revokeByGrantId(grantId) {
      await sweepTokens(tokens, currentCall(), sidOf(grantId))
    },
  }
}
