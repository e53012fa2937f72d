// Refresh tokens with rotation that survives tabs, retries and thieves (RFC 9700 section 4.14.2). The successor of a token is computed from
// it, so racers agree on one; using the old token up and storing the new one is one commit. For a short grace the old token still leads to the
// same successor, unless that was used already: then two parties hold the family, and it ends.
import type { Adapter, AdapterPayload, RefreshToken } from 'oidc-provider'
import Provider, { errors } from 'oidc-provider'
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { insertInto, updateIn } from '#kernel/collection.ts'
import { hasCode } from '#kernel/errors.ts'
import type { Logger } from '#kernel/log.ts'
import type { Collection, Database } from '../../database/contract.ts'
import { type RefreshTokenRecord, refreshTokensCollection } from './collections.ts'
import { recordId, sidOf } from './ids.ts'
import { noStorage } from './no-storage.ts'
import { currentCall } from './scope.ts'
import { type Vault, withoutId } from './vault.ts'

export const GRACE_MS = 10_000
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

  const isInGrace = async (call: Call, used: RefreshTokenRecord): Promise<boolean> => {
    if (used.consumedAt === undefined || clock.now() - used.consumedAt > GRACE_MS) return false
    if (used.successor === undefined) return false
    const successor = await tokens.get(call, used.successor)
    return successor !== undefined && successor.value.consumedAt === undefined
  }

  const replace = async (call: Call, old: RefreshToken, record: RefreshTokenRecord): Promise<void> => {
    const oldId = recordId(old.jti)
    try {
      await database.commit(call, [
        updateIn(refreshTokensCollection, oldId, {
          set: { consumedAt: clock.now(), successor: record.id },
          where: { consumedAt: undefined },
        }),
        insertInto(refreshTokensCollection, record),
      ])
    } catch (error) {
      if (!hasCode(error, 'database.conflict') && !hasCode(error, 'database.duplicate')) throw error
      // Somebody was faster with the same token. Both hold the same successor, unless the token is bound to a key: then no grace.
      const used = (await tokens.get(call, oldId))?.value
      const same = used?.successor === record.id && !old.isSenderConstrained()
      if (!same || !(await isInGrace(call, used))) throw new errors.InvalidGrant('refresh token already used')
      logger.info({ event: 'refresh.reuse_in_grace', client: old.clientId, sid: record.grant }, 'a refresh token was used twice at once')
    }
  }

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
      else await replace(call, rotated, record)
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
      if (jkt === undefined && (await isInGrace(call, stored.value))) {
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

/** Removes the records of a grant; they are dead already when it has ended. */
export async function sweepTokens(collection: Collection<{ id: string; grant: string }>, call: Call, sid: string): Promise<void> {
  const LIMIT = 200
  let found: number
  do {
    const page = await collection.list(call, { index: 'grant', where: { grant: sid }, limit: LIMIT })
    found = page.items.length
    for (const { value } of page.items) await collection.delete(call, value.id)
  } while (found === LIMIT)
}
