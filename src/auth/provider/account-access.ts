// What the account page shows and ends: the sessions of a person's browsers, and the apps that have access.
import type { BrowserSession, Engine } from '../engine.ts'
import { securityEventOf } from '../security-events/security-event.ts'
import { type AuthorisedAppsDependencies, createAuthorisedApps } from './authorised-apps.ts'
import type { SessionRecord } from './collections.ts'
import type { Endings } from './endings.ts'

export interface AccountAccessDependencies extends AuthorisedAppsDependencies {
  readonly endings: Endings
}

const SHOWN_SESSIONS = 100

type AccountAccess = Pick<Engine, 'sessions' | 'endBrowserSession' | 'authorisedApps' | 'revokeApp' | 'revokeAccount' | 'revokeUntil'>

export function createAccountAccess(dependencies: AccountAccessDependencies): AccountAccess {
  const { clients, sessions, consents, endings } = dependencies
  return {
    async sessions(call, accountId) {
      const page = await sessions.list(call, { index: 'account', where: { accountId }, order: 'descending', limit: SHOWN_SESSIONS })
      return page.items.flatMap(({ value }) => browserSession(value) ?? [])
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
