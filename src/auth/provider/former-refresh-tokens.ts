// Refresh tokens of a former release: random values with a record each, kept when they were used. They go on: the successor of one begins a family
// (refresh-families.ts), and one that comes again after its use ends everything that came from it. None is made any more, and the last record is gone two
// weeks after the update: then this file may go, for whoever comes from that release.
import Provider from 'oidc-provider'
import type { Clock } from '#kernel/clock.ts'
import { insertInto, updateIn } from '#kernel/collection.ts'
import type { Collection } from '../../database/contract.ts'
import { type RefreshTokenRecord, refreshTokensCollection } from './collections.ts'
import { recordId } from './ids.ts'
import { FIRST_GENERATION, type RefreshValues } from './refresh-values.ts'
import type { TokenKeeping } from './rotation.ts'

export interface FormerRefreshTokensDependencies {
  readonly tokens: Collection<RefreshTokenRecord>
  readonly values: RefreshValues
  readonly clock: Clock
}

export interface FormerRefreshTokens extends TokenKeeping {
  successorOf(value: string): string
}

export function createFormerRefreshTokens({ tokens, values, clock }: FormerRefreshTokensDependencies): FormerRefreshTokens {
  /** Requests whose token had its successor from the release before: an answer that was lost while the platform was updated. */
  const answeredBefore = new WeakSet<object>()
  return {
    async find(call, value) {
      const record = (await tokens.get(call, recordId(value)))?.value
      if (record === undefined || record.generation !== undefined) return undefined
      const { consumedAt, successor } = record
      if (consumedAt === undefined) return { record }
      const next = (await tokens.get(call, successor ?? ''))?.value
      if (next === undefined || wasUsed(next)) return { record, usedAt: consumedAt }
      if (next.generation === undefined && Provider.ctx !== undefined) answeredBefore.add(Provider.ctx)
      return { record, usedAt: consumedAt, successor: next.id }
    },
    replacing(value, successor) {
      const set = { consumedAt: clock.now(), successor: successor.id }
      return [
        updateIn(refreshTokensCollection, recordId(value), { set, where: { consumedAt: undefined } }),
        insertInto(refreshTokensCollection, successor),
      ]
    },
    successorOf(value) {
      const context = Provider.ctx
      return context !== undefined && answeredBefore.has(context) ? values.formerSuccessorOf(value) : values.successorOf(value)
    },
  }
}

function wasUsed({ generation, consumedAt }: RefreshTokenRecord): boolean {
  return generation === undefined ? consumedAt !== undefined : generation > FIRST_GENERATION
}
