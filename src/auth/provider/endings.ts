// How things end: browser sessions, authorisations of clients, everything of an account.
import type { Call } from '#kernel/call.ts'
import type { EventDraft } from '#kernel/collection.ts'
import type { Collection, Page } from '../../database/contract.ts'
import { securityEventOf } from '../security-events/security-event.ts'
import type { ClientRegistry } from './clients.ts'
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
  /** All authorisations of a client, whoever has given them. */
  endEverywhere(call: Call, clientId: string): Promise<void>
  /** Everything of an account, but for one session when told, and in that one the app's own frontends. */
  endAccount(call: Call, accountId: string, exceptUid?: string): Promise<void>
}

export interface EndingsDependencies extends MarkingDependencies {
  readonly sessions: Collection<SessionRecord>
  readonly grants: Collection<GrantRecord>
  readonly clients: ClientRegistry
}

export function createEndings(dependencies: EndingsDependencies): Endings {
  const { database, sessions, grants, clients, revocations } = dependencies

  const marking = createMarking(dependencies)
  const grantsOf = (call: Call, where: Partial<Pick<GrantRecord, 'accountId' | 'clientId'>>): Promise<GrantRecord[]> =>
    everything((after) => grants.list(call, { index: 'account', where, limit: PAGE, ...after }))

  return {
    async endGrant(call, sid) {
      await marking.end(call, { sids: [sid] })
    },
    async endSession(call, uid) {
      const present = (await sessions.get(call, uid))?.value
      const where = { sessionUid: uid }
      const inSession = await everything((after) => grants.list(call, { index: 'session', where, limit: PAGE, ...after }))
      const sids = inSession.filter(({ endsWithSession }) => endsWithSession).map(({ id }) => id)
      await marking.end(call, { sids, uid, events: present === undefined ? [] : endedEvent(present) })
    },
    async endClient(call, accountId, clientId) {
      const found = await grantsOf(call, { accountId, clientId })
      await marking.end(call, { sids: found.map(({ id }) => id) })
    },
    async endEverywhere(call, clientId) {
      const found = await everything((after) => grants.list(call, { index: 'client', where: { clientId }, limit: PAGE, ...after }))
      await marking.end(call, { sids: found.filter(({ endedAt }) => endedAt === undefined).map(({ id }) => id) })
    },
    async endAccount(call, accountId, exceptUid) {
      if (exceptUid === undefined) {
        // Covers tokens that are being issued just now, whose grant is not in the list below yet.
        await database.commit(call, [revocations.operation('account', accountId)])
        await revocations.announce(call, 'account', [accountId])
      }
      const where = { accountId }
      const present = await everything((after) => sessions.list(call, { index: 'account', where, limit: PAGE, ...after }))
      for (const { id } of present) if (id !== exceptUid) await marking.end(call, { sids: [], uid: id })
      const stays = ({ sessionUid, clientId }: GrantRecord): boolean =>
        exceptUid !== undefined && sessionUid === exceptUid && clients.isFirstParty(clientId)
      const found = await grantsOf(call, where)
      await marking.end(call, { sids: found.filter((grant) => !stays(grant)).map(({ id }) => id) })
    },
  }
}

function endedEvent({ accountId, device }: SessionRecord): EventDraft[] {
  return accountId === undefined ? [] : [securityEventOf({ type: 'session.ended', accountId, about: device })]
}

async function everything<T>(list: (after: { after?: string }) => Promise<Page<T>>): Promise<T[]> {
  const found: T[] = []
  let next: string | undefined
  do {
    const page = await list(next === undefined ? {} : { after: next })
    found.push(...page.items.map(({ value }) => value))
    next = page.next
  } while (next !== undefined)
  return found
}
