// How things end: browser sessions, authorisations of clients, everything of an account.
import type { Call } from '#kernel/call.ts'
import type { EventDraft } from '#kernel/collection.ts'
import type { Collection, Page } from '../../database/contract.ts'
import { securityEventOf } from '../security-events/security-event.ts'
import type { ClientRegistry } from './clients.ts'
import type { GrantRecord, SessionRecord } from './collections.ts'
import { noticesOf } from '../logout/backchannel.ts'
import { createMarking, type MarkingDependencies } from './marking.ts'

const PAGE = 500

export interface Endings {
  /** One authorisation of one client in one browser. */
  endGrant(call: Call, sid: string, events?: readonly EventDraft[]): Promise<void>
  /** A browser session with every authorisation that was to end with it; with all that were made in it, where whoever made them had no right to it. */
  endSession(call: Call, uid: string, options?: { readonly withAll?: boolean }): Promise<void>
  /** All authorisations of a client for an account, in every browser. The events are told when there is one. */
  endClient(
    call: Call,
    of: { readonly accountId: string; readonly clientId: string; readonly events: readonly EventDraft[] },
  ): Promise<void>
  /** All authorisations of a client, whoever has given them. */
  endEverywhere(call: Call, clientId: string, until?: number): Promise<void>
  /** Everything of an account but what is spared. */
  endAccount(call: Call, accountId: string, spared?: Spared): Promise<void>
}

export interface Spared {
  /** One session, and in it the app's own frontends. */
  readonly uid?: string | undefined
  /** Sessions that somebody signed in to after this moment, in epoch milliseconds, with what was made in them since. */
  readonly since?: number | undefined
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
  const toldOf = async (call: Call, ended: readonly GrantRecord[]): Promise<Map<string, EventDraft[]>> => {
    const pairs = ended.map(async (grant) => [grant.id, await noticesOf(clients.find, call, grant)] as const)
    return new Map(await Promise.all(pairs))
  }
  const endAll = async (call: Call, ended: readonly GrantRecord[], events: readonly EventDraft[] = []): Promise<void> => {
    const told = await toldOf(call, ended)
    told.get(ended[0]?.id ?? '')?.push(...events)
    await marking.end(call, { sids: ended.map(({ id }) => id), told })
  }

  return {
    async endGrant(call, sid, events = []) {
      const found = (await grants.get(call, sid))?.value
      const notices = found === undefined ? [] : await noticesOf(clients.find, call, found)
      await marking.end(call, { sids: [sid], told: new Map([[sid, [...notices, ...events]]]) })
    },
    async endSession(call, uid, { withAll = false } = {}) {
      const present = (await sessions.get(call, uid))?.value
      const where = { sessionUid: uid }
      const inSession = await everything((after) => grants.list(call, { index: 'session', where, limit: PAGE, ...after }))
      const told = await toldOf(call, inSession)
      const ends = ({ endsWithSession }: GrantRecord): boolean => withAll || endsWithSession
      const sids = inSession.filter(ends).map(({ id }) => id)
      // Clients whose access goes on are told of the sign-out as well (Back-Channel Logout section 2.7).
      const others = inSession.filter((grant) => !ends(grant)).flatMap(({ id }) => told.get(id) ?? [])
      await marking.end(call, { sids, told, uid, events: [...(present === undefined ? [] : endedEvent(present)), ...others] })
    },
    endClient: async (call, { events, ...where }) => endAll(call, await grantsOf(call, where), events),
    async endEverywhere(call, clientId, until = Number.POSITIVE_INFINITY) {
      const found = await everything((after) => grants.list(call, { index: 'client', where: { clientId }, limit: PAGE, ...after }))
      await endAll(
        call,
        found.filter(({ endedAt, createdAt }) => endedAt === undefined && createdAt <= until),
      )
    },
    async endAccount(call, accountId, { uid: exceptUid, since } = {}) {
      if (exceptUid === undefined && since !== undefined) await database.commit(call, [revocations.endedUntil(accountId, since)])
      else if (exceptUid === undefined) {
        // Covers tokens that are being issued just now, whose grant is not in the list below yet.
        await database.commit(call, [revocations.operation('account', accountId)])
        await revocations.announce(call, 'account', [accountId])
      }
      const where = { accountId }
      const present = await everything((after) => sessions.list(call, { index: 'account', where, limit: PAGE, ...after }))
      const isNew = (began: number | undefined): boolean => since !== undefined && began !== undefined && began > since
      // Never a grant alone: one that a session made just before it ended is as old as that session is.
      const later = new Set(present.filter(({ signedInAt }) => isNew(signedInAt)).map(({ id }) => id))
      for (const { id } of present) if (id !== exceptUid && !later.has(id)) await marking.end(call, { sids: [], uid: id })
      const stays = ({ sessionUid, clientId, createdAt }: GrantRecord): boolean =>
        sessionUid !== undefined &&
        ((later.has(sessionUid) && isNew(createdAt)) || (sessionUid === exceptUid && clients.isFirstParty(clientId)))
      const found = await grantsOf(call, where)
      await endAll(
        call,
        found.filter((grant) => !stays(grant)),
      )
    },
  }
}

function endedEvent({ accountId, device }: SessionRecord): EventDraft[] {
  return accountId === undefined ? [] : [securityEventOf({ type: 'session.ended', accountId, about: device })]
}

export async function everything<T>(list: (after: { after?: string }) => Promise<Page<T>>): Promise<T[]> {
  const found: T[] = []
  let next: string | undefined
  do {
    const page = await list(next === undefined ? {} : { after: next })
    found.push(...page.items.map(({ value }) => value))
    next = page.next
  } while (next !== undefined)
  return found
}
