// The write that ends something: it is marked, and listed as revoked, in one commit. Its refresh tokens are worthless from then on, since the
// engine looks at session and grant, and are swept up afterwards.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { type EventDraft, type Operation, updateIn } from '#kernel/collection.ts'
import { hasCode } from '#kernel/errors.ts'
import type { Database } from '../../database/contract.ts'
import type { Revocations } from '../revocations/revocations.ts'
import { grantsCollection, sessionsCollection } from './collections.ts'

/** A request that loaded the record before it ended may still want to save it; after this long there is none. */
const MARK_KEPT_MS = 10 * 60_000
const GRANTS_PER_COMMIT = 40

export interface MarkingDependencies {
  readonly database: Database
  readonly revocations: Revocations
  readonly clock: Clock
  /** Removes what can no longer be used: refresh tokens and codes of a grant. */
  sweep(call: Call, sid: string): Promise<void>
}

export interface Ending {
  readonly sids: readonly string[]
  /** What the mark of each of these grants tells of. */
  readonly told?: ReadonlyMap<string, readonly EventDraft[]>
  readonly uid?: string
  /** What the mark of the session tells of. */
  readonly events?: readonly EventDraft[]
}

export interface Marking {
  /** Grants, and the session that they were in if that ends too. What has ended already stays as it is. */
  end(call: Call, what: Ending): Promise<void>
}

/** What is written together or not at all. */
interface Part {
  readonly operations: readonly Operation[]
  readonly events?: readonly EventDraft[]
}

export function createMarking({ database, revocations, clock, sweep }: MarkingDependencies): Marking {
  const ended = (): { endedAt: number; accountId: undefined; payload: ''; expiresAt: number } => {
    const now = clock.now()
    return { endedAt: now, accountId: undefined, payload: '', expiresAt: now + MARK_KEPT_MS }
  }
  const sessionMark = (uid: string): Operation => updateIn(sessionsCollection, uid, { set: ended(), where: { endedAt: undefined } })
  const grantMark = (sid: string, told: Ending['told']): Part => ({
    events: told?.get(sid) ?? [],
    operations: [
      updateIn(grantsCollection, sid, { set: { ...ended(), sessionUid: undefined }, where: { endedAt: undefined } }),
      revocations.operation('session', sid),
    ],
  })
  /** All or nothing; when one of several was already ended by somebody else, each for itself. */
  const commit = async (call: Call, parts: readonly Part[]): Promise<void> => {
    if (parts.length === 0) return
    try {
      const events = parts.flatMap((part) => part.events ?? [])
      await database.commit(
        call,
        parts.flatMap(({ operations }) => operations),
        events,
      )
    } catch (error) {
      if (!hasCode(error, 'database.conflict')) throw error
      if (parts.length > 1) for (const part of parts) await commit(call, [part])
    }
  }
  return {
    async end(call, { sids, uid, told, events = [] }) {
      const marks = (some: readonly string[]): Part[] => some.map((sid) => grantMark(sid, told))
      const first = uid === undefined ? [] : [{ operations: [sessionMark(uid)], events }]
      await commit(call, [...first, ...marks(sids.slice(0, GRANTS_PER_COMMIT))])
      for (let from = GRANTS_PER_COMMIT; from < sids.length; from += GRANTS_PER_COMMIT) {
        await commit(call, marks(sids.slice(from, from + GRANTS_PER_COMMIT)))
      }
      await revocations.announce(call, 'session', sids)
      for (const sid of sids) await sweep(call, sid)
    },
  }
}
