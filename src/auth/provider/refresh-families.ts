// A family of refresh tokens: one record, which says which of its tokens counts. What the others were they say themselves (refresh-values.ts), so
// a token that was used a thousand refreshes ago is known for what it is, and costs no row.
import type { Clock } from '#kernel/clock.ts'
import { updateIn } from '#kernel/collection.ts'
import type { Logger } from '#kernel/log.ts'
import type { Collection } from '../../database/contract.ts'
import { type RefreshTokenRecord, refreshTokensCollection } from './collections.ts'
import type { RefreshValues } from './refresh-values.ts'
import { graceMs, OVERTAKING_MS, type TokenKeeping } from './rotation.ts'

/** Refreshed more often than this within the grace, it is nobody's tabs; and a record must not grow. */
const MOST_ROTATIONS = 8

export interface RefreshFamiliesDependencies {
  readonly tokens: Collection<RefreshTokenRecord>
  readonly values: RefreshValues
  readonly clock: Clock
  readonly logger: Logger
}

export function createRefreshFamilies({ tokens, values, clock, logger }: RefreshFamiliesDependencies): TokenKeeping {
  return {
    async find(call, value) {
      const made = values.read(value)
      if (made === undefined) return undefined
      const record = (await tokens.get(call, made.family))?.value
      if (record?.generation === undefined) return undefined
      if (made.generation > record.generation) {
        // We have made it, so the database is older than it: of a backup. Nobody has used it here, so nothing ends. Otherwise somebody has our secret.
        logger.warn({ event: 'refresh.unknown_generation', sid: record.grant }, 'a refresh token is newer than the database')
        return undefined
      }
      if (made.generation === record.generation) return { record }
      const { generation, rotations = [] } = record
      const stepsBehind = generation - made.generation
      const usedAt = rotations[stepsBehind - 1]
      if (usedAt === undefined) return { record, usedAt: rotations[0] ?? 0 }
      const overtakenAt = rotations[stepsBehind - 2] ?? Infinity
      const leadsOn = clock.now() < Math.min(usedAt + graceMs(), overtakenAt + OVERTAKING_MS)
      return { record, usedAt, ...(leadsOn ? { leadsTo: values.inFamilyOf(value, generation) } : {}) }
    },
    replacing({ record }, { id, generation, payload, expiresAt }) {
      const now = clock.now()
      const { rotations = [] } = record
      // Whole from the newest on, since a place says which token it is of; the clocks of several processes differ.
      const old = rotations.findIndex((at) => now - at >= graceMs())
      const recent = old === -1 ? rotations : rotations.slice(0, old)
      const set = { generation, rotations: [now, ...recent].slice(0, MOST_ROTATIONS), reusedAt: undefined, payload, expiresAt }
      return [updateIn(refreshTokensCollection, id, { set, where: { generation: record.generation } })]
    },
  }
}
