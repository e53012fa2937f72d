// Refresh tokens as the engine stores and finds them. What happens when one is used is in rotation.ts.
import type { Adapter, AdapterPayload } from 'oidc-provider'
import Provider from 'oidc-provider'
import type { Clock } from '#kernel/clock.ts'
import { insertInto } from '#kernel/collection.ts'
import type { Collection, Database } from '../../database/contract.ts'
import { type RefreshTokenRecord, refreshTokensCollection } from './collections.ts'
import { recordId, sidOf } from './ids.ts'
import { noStorage } from './no-storage.ts'
import type { Pending } from './pending.ts'
import { type Reuse, refreshingContext } from './reuse.ts'
import { createRotation } from './rotation.ts'
import { currentCall } from './scope.ts'
import { sweepTokens } from './sweep.ts'
import { type Vault, withoutId } from './vault.ts'

/** A token that nobody uses for this long is gone, however long it could have lived (RFC 10017 section 6.3.2.3). */
const IDLE_MS = 14 * 86_400_000

export interface RefreshStorageDependencies {
  readonly database: Database
  readonly tokens: Collection<RefreshTokenRecord>
  readonly pending: Pick<Pending, 'commit'>
  readonly vault: Vault
  readonly clock: Clock
  readonly reuse: Pick<Reuse, 'inGrace'>
}

export function createRefreshStorage({ database, tokens, pending, vault, clock, reuse }: RefreshStorageDependencies): Adapter {
  const place = (id: string): { collection: string; id: string } => ({ collection: refreshTokensCollection.name, id })

  const rotation = createRotation({ database, tokens, clock, reuse })

  return {
    ...noStorage,
    async upsert(token, payload, expiresIn = 0) {
      const call = currentCall()
      const id = recordId(token)
      const { grantId } = payload
      if (grantId === undefined) throw new TypeError('A refresh token needs a grant.')
      const record: RefreshTokenRecord = {
        id,
        grant: sidOf(grantId),
        payload: vault.seal(place(id), withoutId(payload)),
        expiresAt: clock.now() + Math.min(expiresIn * 1000, IDLE_MS),
      }
      const rotated = Provider.ctx?.oidc.entities.RotatedRefreshToken
      const insert = { operations: [insertInto(refreshTokensCollection, record)] }
      if (rotated === undefined) {
        if (!(await pending.commit(call, insert))) await tokens.insert(call, record)
      } else await rotation.replace(call, rotated, record)
    },

    async find(token): Promise<AdapterPayload | undefined> {
      const call = currentCall()
      const id = recordId(token)
      const stored = await tokens.get(call, id)
      if (stored === undefined) return undefined
      const opened = vault.open(place(id), stored.value.payload)
      if (opened === undefined) return undefined
      const payload = { ...opened, jti: token }
      const { consumedAt, grant } = stored.value
      if (consumedAt === undefined) return payload
      // One that is bound to a key or a certificate has no grace: its client proves itself anew with each request, and can ask again with the new one.
      const isBound = payload.jkt !== undefined || payload['x5t#S256'] !== undefined
      if (!isBound && (await rotation.isInGrace(call, stored.value))) {
        if (refreshingContext()?.client?.clientId === payload.clientId) {
          await rotation.noteReuse(call, id, { accountId: payload.accountId, clientId: payload.clientId, sid: grant })
        }
        return payload
      }
      return { ...payload, consumed: Math.floor(consumedAt / 1000) }
    },

    // Using it up and storing its successor is one commit, in `upsert`: a crash in between would leave neither half.
    async consume() {},

    async destroy(token) {
      await tokens.delete(currentCall(), recordId(token))
    },

    async revokeByGrantId(grantId) {
      await sweepTokens(tokens, currentCall(), sidOf(grantId))
    },
  }
}
