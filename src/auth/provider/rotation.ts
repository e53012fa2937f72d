// Rotation that survives tabs, retries and thieves (RFC 9700 section 4.14.2). The successor of a refresh token is computed from it, so racers
// agree on one; using the old token up and storing the new one is one commit. For a short grace the old token still leads to what counts,
// unless its successor has been in use for longer than requests overtake each other: then two parties hold the family, and it ends
// (docs/decisions/0023, 0030).
import type { RefreshToken } from 'oidc-provider'
import { errors } from 'oidc-provider'
import type { Call } from '#kernel/call.ts'
import type { Operation } from '#kernel/collection.ts'
import type { Clock } from '#kernel/clock.ts'
import type { Collection } from '../../database/contract.ts'
import { factsOf } from './client-facts.ts'
import type { RefreshTokenRecord } from './collections.ts'
import type { Endings } from './endings.ts'
import type { Pending } from './pending.ts'
import { type Reuse, refreshingContext, type Used } from './reuse.ts'

const GRACE_SECONDS = 10

/** Of two tabs, one may refresh twice before the request of the other is here and judged. No thief's request is likely to fall into that. */
export const OVERTAKING_MS = 3_000

/** For how long a used token leads on, in milliseconds: of the client that shows it. Whoever else looks (introspection) is told by the usual time. */
export function graceMs(): number {
  return (factsOf(refreshingContext()?.client).lifetimes?.refreshGrace ?? GRACE_SECONDS) * 1000
}

/** What is known of a token that we have made. */
export interface HeldToken {
  readonly record: RefreshTokenRecord
  /** Absent while it is the one that counts. Of one that is long gone, when another of its family was used last. */
  readonly usedAt?: number
  /** The one that counts, while this one may still lead to it. */
  readonly leadsTo?: string
}

/** How the records of tokens are kept. */
export interface TokenKeeping {
  find(call: Call, value: string): Promise<HeldToken | undefined>
  /** Uses a token up and stores its successor, if it is the one that counts. */
  replacing(held: HeldToken, successor: RefreshTokenRecord): readonly Operation[]
}

export interface RotationDependencies {
  readonly pending: Pick<Pending, 'commit'>
  readonly tokens: Collection<RefreshTokenRecord>
  readonly clock: Clock
  readonly reuse: Pick<Reuse, 'inGrace' | 'alarm'>
  readonly endings: Pick<Endings, 'endGrant'>
  /** By the value. */
  keepingOf(value: string): TokenKeeping
}

/** The token that a request shows. */
export interface Shown {
  readonly token: RefreshToken
  /** What was known of it when the request was judged. */
  readonly held: HeldToken
}

export interface Rotation {
  /** Uses the old token up and stores the new one with all that waits, or nothing. When somebody was faster, gives what counts by now, or refuses. */
  replace(call: Call, old: Shown, successor: RefreshTokenRecord): Promise<string | undefined>
}

export function createRotation({ pending, tokens, clock, reuse, endings, keepingOf }: RotationDependencies): Rotation {
  // Once for each token, however many tabs there are.
  const noteReuse = async (call: Call, record: RefreshTokenRecord, used: Used): Promise<void> => {
    if (record.reusedAt !== undefined) return
    // Of the token that was used last: another one of the family may have been meanwhile.
    const change = { set: { reusedAt: clock.now() }, where: { generation: record.generation, reusedAt: undefined } }
    await tokens.update(call, record.id, change, { events: await reuse.inGrace(call, used) })
  }
  return {
    async replace(call, { token, held }, successor) {
      const keeping = keepingOf(token.jti)
      if (held.usedAt === undefined && (await pending.commit(call, { operations: keeping.replacing(held, successor) }))) return undefined
      // As late as can be: what counted when the request was judged may have been used since.
      const now = await keeping.find(call, token.jti)
      if (now?.leadsTo === undefined) {
        if (now?.usedAt !== undefined) await endings.endGrant(call, successor.grant, await reuse.alarm(call, successor.grant, token))
        throw new errors.InvalidGrant('refresh token already used')
      }
      await noteReuse(call, now.record, { accountId: token.accountId, clientId: token.clientId, sid: successor.grant })
      return now.leadsTo
    },
  }
}
