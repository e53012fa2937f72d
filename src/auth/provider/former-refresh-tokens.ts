// Refresh tokens of a former release: random values with a record each, kept when they were used. They go on: the successor of one begins a family
// (refresh-families.ts), and one that comes again after its use ends everything that came from it. None is made any more, and the last record is gone two
// weeks after the update: then this file may go, for whoever comes from that release.
import type { Clock } from '#kernel/clock.ts'
import { insertInto, updateIn } from '#kernel/collection.ts'
import type { Collection } from '../../database/contract.ts'
import { type RefreshTokenRecord, refreshTokensCollection } from './collections.ts'
import { recordId } from './ids.ts'
import { FIRST_GENERATION, type RefreshValues } from './refresh-values.ts'
import { graceMs, type TokenKeeping } from './rotation.ts'

export interface FormerRefreshTokensDependencies {
  readonly tokens: Collection<RefreshTokenRecord>
  readonly values: RefreshValues
  readonly clock: Clock
}

export function createFormerRefreshTokens({ tokens, values, clock }: FormerRefreshTokensDependencies): TokenKeeping {
  return {
    async find(call, value) {
      const record = (await tokens.get(call, recordId(value)))?.value
      if (record === undefined || record.generation !== undefined) return undefined
      const { consumedAt, successor } = record
      if (consumedAt === undefined) return { record }
      const next = (await tokens.get(call, successor ?? ''))?.value
      if (next === undefined || wasUsed(next) || clock.now() - consumedAt >= graceMs()) return { record, usedAt: consumedAt }
      // An answer of the release before may have been lost while the platform was updated.
      const leadsTo = next.generation === undefined ? values.formerSuccessorOf(value) : values.successorOf(value)
      return { record, usedAt: consumedAt, leadsTo }
    },
    replacing({ record }, successor) {
      const set = { consumedAt: clock.now(), successor: successor.id }
      return [
        updateIn(refreshTokensCollection, record.id, { set, where: { consumedAt: undefined } }),
        insertInto(refreshTokensCollection, successor),
      ]
    },
  }
}

function wasUsed({ generation, consumedAt }: RefreshTokenRecord): boolean {
  return generation === undefined ? consumedAt !== undefined : generation > FIRST_GENERATION
}
