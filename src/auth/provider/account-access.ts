// What the account page shows and ends: the sessions of a person's browsers, and the apps that the person has let in.
import type { Collection } from '../../database/contract.ts'
import type { BrowserSession, Engine } from '../engine.ts'
import { securityEventOf } from '../security-events/security-event.ts'
import type { ClientRegistry } from './clients.ts'
import type { SessionRecord } from './collections.ts'
import type { Consents } from './consents.ts'
import type { Endings } from './endings.ts'

export interface AccountAccessDependencies {
  readonly clients: ClientRegistry
  readonly sessions: Collection<SessionRecord>
  readonly consents: Consents
  readonly endings: Endings
}

const SHOWN_SESSIONS = 100

type AccountAccess = Pick<Engine, 'sessions' | 'endBrowserSession' | 'authorisedApps' | 'revokeApp' | 'revokeAccount' | 'revokeUntil'>

export function createAccountAccess({ clients, sessions, consents, endings }: AccountAccessDependencies): AccountAccess {
  return {
    async sessions(call, accountId) {
      const page = await sessions.list(call, { index: 'account', where: { accountId }, order: 'descending', limit: SHOWN_SESSIONS })
      return page.items.flatMap(({ value }) => browserSession(value) ?? [])
    },

    async endBrowserSession(call, accountId, sessionId) {
      const stored = await sessions.get(call, sessionId)
      if (stored?.value.accountId === accountId) await endings.endSession(call, sessionId)
    },

    async authorisedApps(call, accountId) {
      const given = await consents.list(call, accountId)
      const shown = given.map(async ({ clientId, scopes, since }) => {
        const client = await clients.find(call, clientId)
        if (client === undefined || client.firstParty) return []
        return [{ clientId, name: client.name, scopes: withWords(scopes, clients), since }]
      })
      return (await Promise.all(shown)).flat()
    },

    async revokeApp(call, accountId, clientId) {
      // The consent first: a grant that is made at this moment then has nothing to be made from.
      const about = (await clients.find(call, clientId))?.name ?? clientId
      await consents.remove(call, { accountId, clientId, events: [securityEventOf({ type: 'app.revoked', accountId, about })] })
      await endings.endClient(call, accountId, clientId)
    },

    async revokeAccount(call, accountId, exceptSessionId) {
      // What somebody has allowed who knew the old password must not come back by itself, with the next visit to that app.
      await consents.removeAll(call, accountId)
      await endings.endAccount(call, accountId, { uid: exceptSessionId })
    },

    async revokeUntil(call, accountId, { until, exceptSessionId }) {
      // All of them, by whomever: to be asked once more harms nobody, and what a thief has allowed would come back by itself.
      await consents.removeAll(call, accountId)
      await endings.endAccount(call, accountId, { uid: exceptSessionId, since: until })
    },
  }
}

export function browserSession({ id, accountId, signedInAt, lastUsedAt, device, endedAt }: SessionRecord): BrowserSession | undefined {
  if (accountId === undefined || endedAt !== undefined) return undefined
  return { id, accountId, signedInAt: signedInAt ?? lastUsedAt, lastUsedAt, device }
}

/** For people: `openid` alone tells an app nothing but that it is the same person again. */
export function withWords(scopes: readonly string[], clients: ClientRegistry): { readonly name: string; readonly words: string }[] {
  return scopes.filter((scope) => scope !== 'openid').map((name) => ({ name, words: clients.words(name) }))
}
