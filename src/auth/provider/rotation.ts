// Rotation that survives tabs, retries and thieves (RFC 9700 section 4.14.2). The successor of a refresh token is computed from it, so racers
// agree on one; using the old token up and storing the new one is one commit. For a short grace the old token still leads to the same
// successor, unless that was used already: then two parties hold the family, and it ends (docs/decisions/0023).
import type { RefreshToken } from 'oidc-provider'
import { errors } from 'oidc-provider'
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { insertInto, updateIn } from '#kernel/collection.ts'
import { hasCode } from '#kernel/errors.ts'
import type { Collection, Database } from '../../database/contract.ts'
import { type RefreshTokenRecord, refreshTokensCollection } from './collections.ts'
import { recordId } from './ids.ts'
import type { Reuse, Used } from './reuse.ts'

const GRACE_MS = 10_000

export interface RotationDependencies {
  readonly database: Database
  readonly tokens: Collection<RefreshTokenRecord>
  readonly clock: Clock
  readonly reuse: Pick<Reuse, 'inGrace'>
}

export interface Rotation {
  /** Whether a used token may still lead to its successor. */
  isInGrace(call: Call, used: RefreshTokenRecord): Promise<boolean>
  /** Once for each token, however many tabs there are. */
  noteReuse(call: Call, id: string, used: Used): Promise<void>
  /** Uses the old token up and stores the new one, both or neither; when somebody was faster, agrees or refuses. */
  replace(call: Call, old: RefreshToken, successor: RefreshTokenRecord): Promise<void>
}

export function createRotation({ database, tokens, clock, reuse }: RotationDependencies): Rotation {
  const isInGrace: Rotation['isInGrace'] = async (call, used) => {
    if (used.consumedAt === undefined || clock.now() - used.consumedAt > GRACE_MS) return false
    if (used.successor === undefined) return false
    const successor = await tokens.get(call, used.successor)
    return successor !== undefined && successor.value.consumedAt === undefined
  }
  const noteReuse: Rotation['noteReuse'] = async (call, id, used) => {
    const stored = await tokens.get(call, id)
    if (stored === undefined || stored.value.reusedAt !== undefined) return
    const change = { set: { reusedAt: clock.now() }, where: { reusedAt: undefined } }
    await tokens.update(call, id, change, { events: await reuse.inGrace(call, used) })
  }
  return {
    isInGrace,
    noteReuse,
    async replace(call, old, successor) {
      const oldId = recordId(old.jti)
      const set = { consumedAt: clock.now(), successor: successor.id }
      try {
        await database.commit(call, [
          updateIn(refreshTokensCollection, oldId, { set, where: { consumedAt: undefined } }),
          insertInto(refreshTokensCollection, successor),
        ])
      } catch (error) {
        if (!hasCode(error, 'database.conflict') && !hasCode(error, 'database.duplicate')) throw error
        // Somebody was faster with the same token. Both hold the same successor, unless the token is bound to a key: then no grace.
        const used = (await tokens.get(call, oldId))?.value
        const isSame = used?.successor === successor.id && !old.isSenderConstrained()
        if (!isSame || !(await isInGrace(call, used))) throw new errors.InvalidGrant('refresh token already used')
        await noteReuse(call, oldId, { accountId: old.accountId, clientId: old.clientId, sid: successor.grant })
      }
    },
  }
}
