// Refresh tokens as the engine stores and finds them. What happens when one is used is in rotation.ts.
import type { Adapter, AdapterPayload } from 'oidc-provider'
import Provider from 'oidc-provider'
import type { Clock } from '#kernel/clock.ts'
import type { Logger } from '#kernel/log.ts'
import type { Collection, Database } from '../../database/contract.ts'
import { type RefreshTokenRecord, refreshTokensCollection } from './collections.ts'
import { recordId, sidOf } from './ids.ts'
import { noStorage } from './no-storage.ts'
import { createRotation } from './rotation.ts'
import { currentCall } from './scope.ts'
import { sweepTokens } from './sweep.ts'
import { type Vault, withoutId } from './vault.ts'

/** A token that nobody uses for this long is gone, however long it could have lived (RFC 10017 section 6.3.2.3). */
const IDLE_MS = 14 * 86_400_000

export interface RefreshStorageDependencies {
  readonly database: Database
  readonly tokens: Collection<RefreshTokenRecord>
  readonly vault: Vault
  readonly clock: Clock
  readonly logger: Logger
}

export function createRefreshStorage({ database, tokens, vault, clock, logger }: RefreshStorageDependencies): Adapter {
  const place = (id: string): { collection: string; id: string } => ({ collection: refreshTokensCollection.name, id })

  const rotation = createRotation({ database, tokens, clock, logger })

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
      if (rotated === undefined) await tokens.insert(call, record)
      else await rotation.replace(call, rotated, record)
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
      const facts = { client: payload.clientId, sid: grant }
      const { jkt } = payload
      if (jkt === undefined && (await rotation.isInGrace(call, stored.value))) {
        logger.info({ event: 'refresh.reuse_in_grace', ...facts }, 'a refresh token was used twice within the grace')
        return payload
      }
      logger.warn({ event: 'refresh.reuse_detected', ...facts }, 'a used refresh token came again; its family ends')
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
