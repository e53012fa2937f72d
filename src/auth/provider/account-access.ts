// What the account page shows and ends: the sessions of a person's browsers, and the apps that have access.
import type { Call } from '#kernel/call.ts'
import type { Page } from '../../database/contract.ts'
import type { BrowserSession, Engine } from '../engine.ts'
import { securityEventOf } from '../security-events/security-event.ts'
import { type AuthorisedAppsDependencies, createAuthorisedApps } from './authorised-apps.ts'
import type { SessionRecord } from './collections.ts'
import { type Endings, everything } from './endings.ts'

export interface AccountAccessDependencies extends AuthorisedAppsDependencies {
  readonly endings: Endings
}

const PAGE = 500

type AccountAccess = Pick<
  Engine,
  'sessions' | 'sessionPage' | 'endBrowserSession' | 'authorisedApps' | 'revokeApp' | 'revokeAccount' | 'revokeUntil'
>

export function createAccountAccess(dependencies: AccountAccessDependencies): AccountAccess {
  const { clients, sessions, consents, endings } = dependencies
  const list = (call: Call, accountId: string, page: { limit: number; after?: string | undefined }): Promise<Page<SessionRecord>> => {
    const { limit, after } = page
    const from = after === undefined ? {} : { after }
    return sessions.list(call, { index: 'account', where: { accountId }, order: 'descending', limit, ...from })
  }
  return {
    async sessions(call, accountId) {
      const all = await everything((after) => list(call, accountId, { limit: PAGE, ...after }))
      return all.flatMap((session) => browserSession(session) ?? [])
    },

    async sessionPage(call, accountId, page) {
      const { items, next } = await list(call, accountId, page)
      return { items: items.flatMap(({ value }) => browserSession(value) ?? []), ...(next === undefined ? {} : { next }) }
    },

    async endBrowserSession(call, accountId, sessionId) {
      const stored = await sessions.get(call, sessionId)
      if (stored?.value.accountId === accountId) await endings.endSession(call, sessionId)
    },

    authorisedApps: createAuthorisedApps(dependencies),

    async revokeApp(call, accountId, clientId) {
      // The consent first: a grant that is made at this moment then has nothing to be made from.
      const about = (await clients.find(call, clientId))?.name ?? clientId
      const events = [securityEventOf({ type: 'app.revoked', accountId, about })]
      const isTold = await consents.remove(call, { accountId, clientId, events })
      await endings.endClient(call, { accountId, clientId, events: isTold ? [] : events })
    },

    async revokeAccount(call, accountId, exceptSessionId) {
      // What somebody has allowed who knew the old password must not come back by itself, with the next visit to that app.
      await consents.removeAll(call, accountId)
      await endings.endAccount(call, accountId, { uid: exceptSessionId })
      // And what was allowed in between, in a session that was there until now.
      await consents.removeAll(call, accountId)
    },

    async revokeUntil(call, accountId, { until, exceptSessionId }) {
      // All of them, by whomever: to be asked once more harms nobody, and what a thief has allowed would come back by itself.
      await consents.removeAll(call, accountId)
      await endings.endAccount(call, accountId, { uid: exceptSessionId, since: until })
      await consents.removeAll(call, accountId)
    },
  }
}

export function browserSession({ id, accountId, signedInAt, lastUsedAt, device, endedAt }: SessionRecord): BrowserSession | undefined {
  if (accountId === undefined || endedAt !== undefined) return undefined
  return { id, accountId, signedInAt: signedInAt ?? lastUsedAt, lastUsedAt, device }
}
