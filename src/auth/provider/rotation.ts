// Rotation that survives tabs, retries and thieves (RFC 9700 section 4.14.2). The successor of a refresh token is computed from it, so racers
// agree on one; using the old token up and storing the new one is one commit. For a short grace the old token still leads to the same
// successor, unless that was used already: then two parties hold the family, and it ends (docs/decisions/0023).
import type { RefreshToken } from 'oidc-provider'
import { errors } from 'oidc-provider'
import type { Call } from '#kernel/call.ts'
import type { Operation } from '#kernel/collection.ts'
import type { Clock } from '#kernel/clock.ts'
import { hasCode } from '#kernel/errors.ts'
import type { Collection, Database } from '../../database/contract.ts'
import type { RefreshTokenRecord } from './collections.ts'
import type { Reuse, Used } from './reuse.ts'

const GRACE_MS = 10_000

/** What is known of a token that we have made. */
export interface HeldToken {
  readonly record: RefreshTokenRecord
  /** Absent while it is the one that counts. Of one that is long gone, when another of its family was used last. */
  readonly usedAt?: number
  /** The id of the record in which its successor is and counts. Absent when that was used as well. */
  readonly successor?: string
}

/** How the records of tokens are kept. */
export interface TokenKeeping {
  find(call: Call, value: string): Promise<HeldToken | undefined>
  /** Uses a token up and stores its successor, if it is the one that counts. */
  replacing(value: string, successor: RefreshTokenRecord): readonly Operation[]
}

export interface RotationDependencies {
  readonly database: Database
  readonly tokens: Collection<RefreshTokenRecord>
  readonly clock: Clock
  readonly reuse: Pick<Reuse, 'inGrace'>
  /** By the value. */
  keepingOf(value: string): TokenKeeping
}

export interface Rotation {
  /** Whether a used token may still lead to its successor. */
  isInGrace(held: HeldToken): boolean
  /** Once for each token, however many tabs there are. */
  noteReuse(call: Call, held: HeldToken, used: Used): Promise<void>
  /** Uses the old token up and stores the new one, both or neither; when somebody was faster, agrees or refuses. */
  replace(call: Call, old: RefreshToken, successor: RefreshTokenRecord): Promise<void>
}

export function createRotation({ database, tokens, clock, reuse, keepingOf }: RotationDependencies): Rotation {
  const isInGrace: Rotation['isInGrace'] = ({ usedAt, successor }) =>
    usedAt !== undefined && successor !== undefined && clock.now() - usedAt <= GRACE_MS
  const noteReuse: Rotation['noteReuse'] = async (call, { record }, used) => {
    if (record.reusedAt !== undefined) return
    // Of the token that was used last: another one of the family may have been meanwhile.
    const change = { set: { reusedAt: clock.now() }, where: { generation: record.generation, reusedAt: undefined } }
    await tokens.update(call, record.id, change, { events: await reuse.inGrace(call, used) })
  }
  return {
    isInGrace,
    noteReuse,
    async replace(call, old, successor) {
      const keeping = keepingOf(old.jti)
      try {
        await database.commit(call, keeping.replacing(old.jti, successor))
      } catch (error) {
        if (!hasCode(error, 'database.conflict') && !hasCode(error, 'database.duplicate')) throw error
        // Somebody was faster with the same token. Both hold the same successor, unless the token is bound to a key: then no grace.
        const held = await keeping.find(call, old.jti)
        const isSame = held?.successor === successor.id && !old.isSenderConstrained()
        if (!isSame || !isInGrace(held)) throw new errors.InvalidGrant('refresh token already used')
        await noteReuse(call, held, { accountId: old.accountId, clientId: old.clientId, sid: successor.grant })
      }
    },
  }
}
