// How things end: browser sessions, authorisations of clients, everything of an account.
import type { Call } from '#kernel/call.ts'
import type { Collection } from '../../database/contract.ts'
import type { GrantRecord, SessionRecord } from './collections.ts'
import { createMarking, type MarkingDependencies } from './marking.ts'

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

export interface EndingsDependencies extends MarkingDependencies {
  readonly sessions: Collection<SessionRecord>
  readonly grants: Collection<GrantRecord>
}

export function createEndings(dependencies: EndingsDependencies): Endings {
  const { database, sessions, grants, revocations } = dependencies

  const marking = createMarking(dependencies)
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

  return {
    async endGrant(call, sid) {
      await marking.end(call, { sids: [sid] })
    },
    async endSession(call, uid) {
      const inSession = await grants.list(call, { index: 'session', where: { sessionUid: uid }, limit: PAGE })
      const sids = inSession.items.filter(({ value }) => value.endsWithSession).map(({ value }) => value.id)
      await marking.end(call, { sids, uid })
    },
    async endClient(call, accountId, clientId) {
      const found = await listGrants(call, { accountId, clientId })
      await marking.end(call, { sids: found.map(({ id }) => id) })
    },
    async endAccount(call, accountId, exceptUid) {
      if (exceptUid === undefined) {
        // Covers tokens that are being issued just now, whose grant is not in the list below yet.
        await database.commit(call, [revocations.operation('account', accountId)])
        await revocations.announce(call, 'account', [accountId])
      }
      const page = await sessions.list(call, { index: 'account', where: { accountId }, limit: PAGE })
      const uids = page.items.map(({ value }) => value.id).filter((uid) => uid !== exceptUid)
      for (const uid of uids) await marking.end(call, { sids: [], uid })
      const found = await listGrants(call, { accountId })
      await marking.end(call, {
        sids: found.filter(({ sessionUid }) => exceptUid === undefined || sessionUid !== exceptUid).map(({ id }) => id),
      })
    },
  }
}
