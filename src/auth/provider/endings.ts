// How things end: browser sessions, authorisations of clients, everything of an account. What ends is marked and listed as revoked in one
// commit; its refresh tokens are worthless from then on, since the engine looks at session and grant, and are swept up afterwards.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { type Operation, updateIn } from '#kernel/collection.ts'
import { hasCode } from '#kernel/errors.ts'
import type { Collection, Database } from '../../database/contract.ts'
import type { Revocations } from '../revocations/revocations.ts'
import { type GrantRecord, grantsCollection, type SessionRecord, sessionsCollection } from './collections.ts'

/** A request that loaded the record before it ended may still want to save it; after this long there is none. */
const MARK_KEPT_MS = 10 * 60_000
const GRANTS_PER_COMMIT = 40
const PAGE = 500

export interface Endings {
  /** One authorisation of one client in one browser. */
  endGrant(call: Call, sid: string): Promise<void>
  /** A browser session with every authorisation that was to end with it. */
  endSession(call: Call, uid: string): Promise<void>
  /** All authorisations of a client for an account, in every browser. */
  endClient(call: Call, accountId: string, clientId: string): Promise<void>
  /** Everything of an account, but for one session when told. */
  endAccount(call: Call, accountId: string, exceptUid?: string): Promise<void>
}

export interface EndingsDependencies {
  readonly database: Database
  readonly sessions: Collection<SessionRecord>
  readonly grants: Collection<GrantRecord>
  readonly revocations: Revocations
  readonly clock: Clock
  /** Removes what can no longer be used: refresh tokens and codes of a grant. */
  sweep(call: Call, sid: string): Promise<void>
}

export function createEndings(dependencies: EndingsDependencies): Endings {
  const { database, sessions, grants, revocations, clock, sweep } = dependencies

  const sessionMark = (uid: string): Operation => {
    const now = clock.now()
    const set = { endedAt: now, accountId: undefined, payload: '', expiresAt: now + MARK_KEPT_MS }
    return updateIn(sessionsCollection, uid, { set, where: { endedAt: undefined } })
  }
  const grantMark = (sid: string): Operation[] => {
    const now = clock.now()
    const set = { endedAt: now, accountId: undefined, sessionUid: undefined, payload: '', expiresAt: now + MARK_KEPT_MS }
    return [updateIn(grantsCollection, sid, { set, where: { endedAt: undefined } }), revocations.operation('session', sid)]
  }
  /** All or nothing; when one of several was already ended by somebody else, each for itself. */
  const end = async (call: Call, parts: readonly (readonly Operation[])[]): Promise<void> => {
    if (parts.length === 0) return
    try {
      await database.commit(call, parts.flat())
    } catch (error) {
      if (!hasCode(error, 'database.conflict')) throw error
      if (parts.length > 1) for (const part of parts) await end(call, [part])
    }
  }
  const endGrants = async (call: Call, sids: readonly string[], first: readonly (readonly Operation[])[] = []): Promise<void> => {
    await end(call, [...first, ...sids.slice(0, GRANTS_PER_COMMIT).map(grantMark)])
    for (let from = GRANTS_PER_COMMIT; from < sids.length; from += GRANTS_PER_COMMIT) {
      await end(call, sids.slice(from, from + GRANTS_PER_COMMIT).map(grantMark))
    }
    await revocations.announce(call, 'session', sids)
    for (const sid of sids) await sweep(call, sid)
  }
  const listGrants = async (call: Call, where: { accountId?: string; clientId?: string }): Promise<GrantRecord[]> => {
    const found: GrantRecord[] = []
    let after: string | undefined
    do {
      const page = await grants.list(call, { index: 'account', where, limit: PAGE, ...(after === undefined ? {} : { after }) })
      found.push(...page.items.map(({ value }) => value))
      after = page.next
    } while (after !== undefined)
    return found
  }

  const endings: Endings = {
    async endGrant(call, sid) {
      await endGrants(call, [sid])
    },
    async endSession(call, uid) {
      const inSession = await grants.list(call, { index: 'session', where: { sessionUid: uid }, limit: PAGE })
      const sids = inSession.items.filter(({ value }) => value.endsWithSession).map(({ value }) => value.id)
      await endGrants(call, sids, [[sessionMark(uid)]])
    },
    async endClient(call, accountId, clientId) {
      const found = await listGrants(call, { accountId, clientId })
      await endGrants(
        call,
        found.map(({ id }) => id),
      )
    },
    async endAccount(call, accountId, exceptUid) {
      if (exceptUid === undefined) {
        // Covers tokens that are being issued just now, whose grant is not in the list below yet.
        await database.commit(call, [revocations.operation('account', accountId)])
        await revocations.announce(call, 'account', [accountId])
      }
      const page = await sessions.list(call, { index: 'account', where: { accountId }, limit: PAGE })
      const uids = page.items.map(({ value }) => value.id).filter((uid) => uid !== exceptUid)
      for (const uid of uids) await end(call, [[sessionMark(uid)]])
      const found = await listGrants(call, { accountId })
      await endGrants(
        call,
        found.filter(({ sessionUid }) => exceptUid === undefined || sessionUid !== exceptUid).map(({ id }) => id),
      )
    },
  }
  return endings
}
