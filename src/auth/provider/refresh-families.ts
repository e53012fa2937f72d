// A family of refresh tokens: one record, which says which of its tokens counts. What the others were they say themselves (refresh-values.ts), so
// a token that was used a thousand refreshes ago is known for what it is, and costs no row.
import type { Clock } from '#kernel/clock.ts'
import { updateIn } from '#kernel/collection.ts'
import type { Collection } from '../../database/contract.ts'
import { type RefreshTokenRecord, refreshTokensCollection } from './collections.ts'
import type { RefreshValues } from './refresh-values.ts'
import type { TokenKeeping } from './rotation.ts'

export interface RefreshFamiliesDependencies {
  readonly tokens: Collection<RefreshTokenRecord>
  readonly values: RefreshValues
  readonly clock: Clock
}

export function createRefreshFamilies({ tokens, values, clock }: RefreshFamiliesDependencies): TokenKeeping {
  return {
    async find(call, value) {
      const made = values.read(value)
      if (made === undefined) return undefined
      const record = (await tokens.get(call, made.family))?.value
      // One that is yet to come was made by us if the database is older than it: of a backup. Nobody has used it here, so nothing ends.
      if (record?.generation === undefined || made.generation > record.generation) return undefined
      if (made.generation === record.generation) return { record }
      const isJustUsed = made.generation === record.generation - 1
      return { record, usedAt: record.rotatedAt ?? 0, ...(isJustUsed ? { successor: record.id } : {}) }
    },
    replacing(value, { id, generation, payload, expiresAt }) {
      const set = { generation, rotatedAt: clock.now(), reusedAt: undefined, payload, expiresAt }
      return [updateIn(refreshTokensCollection, id, { set, where: { generation: values.read(value)?.generation } })]
    },
  }
}
