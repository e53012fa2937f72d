// What can be done on the account page, for whoever is signed in at the accounts origin in this browser.
import type { Call } from '#kernel/call.ts'
import { type Answer, type Exchange, seeOther } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { whence } from '../browser.ts'
import type { BrowserSession } from '../engine.ts'
import { type AccountView, accountPage } from './account-page.ts'
import { type FormFailure, formFailure, formPage, type PageParts, skinOf } from './handling.ts'
import { unlessRecent } from './recent.ts'

const SHOWN_EVENTS = 8

/** What `?done=` may say. */
export const doneWord = z.enum([
  'name',
  'password',
  'session',
  'app',
  'passkey-added',
  'passkey-renamed',
  'passkey-removed',
  'passkey-last',
  'again',
])

export type Done = z.infer<typeof doneWord>

const DONE: Readonly<Record<Done, string>> = {
  name: 'Your name is saved.',
  password: 'Your password is changed. Every other session is signed out, and apps that you had let in have no access any more.',
  session: 'That session is signed out.',
  app: 'The app has no access any more.',
  'passkey-added': 'Your passkey is ready. You can sign in with it from now on.',
  'passkey-renamed': 'The passkey has its new name.',
  'passkey-removed': 'The passkey is removed. It opens nothing here any more; you can delete it on your device, too.',
  'passkey-last': 'This passkey is the only way into your account. Choose a password or add another passkey first.',
  again: 'Thank you. Please do it once more now.',
}

export function doneAnswer(done: Done): Answer {
  return seeOther(`/account?done=${done}`)
}

export interface SignedIn {
  readonly call: Call
  readonly exchange: Exchange
  readonly session: BrowserSession
}

export interface AccountActions {
  /** Runs it for whoever is signed in, or asks to sign in first. */
  signedIn(call: Call, exchange: Exchange, run: (who: SignedIn) => Promise<Answer>): Promise<Answer>
  /**
   * The same for whoever has signed in within the last minutes; all others prove once more who they are, and their session gets another id. They come
   * back to `returnTo`, or to the account page to press the button again.
   */
  lately(call: Call, exchange: Exchange, asked: { returnTo?: string; run: (who: SignedIn) => Promise<Answer> }): Promise<Answer>
  show(who: SignedIn, shown?: { done?: Done | undefined; failure?: FormFailure }): Promise<Answer>
  rename(who: SignedIn, name: string): Promise<Answer>
  changePassword(who: SignedIn, typed: { current: string; password: string }): Promise<Answer>
  signOut(who: SignedIn): Promise<Answer>
}

export function accountActions(parts: PageParts): AccountActions {
  const { engine, accounts } = parts
  const show = showAccount(parts)
  return {
    show,
    async signedIn(call: Call, exchange: Exchange, run: (who: SignedIn) => Promise<Answer>) {
      const session = await engine.browserSession(exchange)
      return session === undefined ? seeOther(engine.signInPath('/account')) : run({ call, exchange, session })
    },
    async lately(call, exchange, { returnTo = '/account?done=again', run }) {
      const session = await engine.browserSession(exchange)
      if (session === undefined) return seeOther(engine.signInPath(returnTo))
      return unlessRecent(parts, session, returnTo) ?? run({ call, exchange, session })
    },
    async rename(who: SignedIn, name: string) {
      try {
        await accounts.rename(who.call, { accountId: who.session.accountId, name, by: whence(who.exchange) })
        return doneAnswer('name')
      } catch (error) {
        return show(who, { failure: formFailure(error, { name }) })
      }
    },
    async changePassword(who: SignedIn, { current, password }: { current: string; password: string }) {
      const { call, exchange, session } = who
      const { accountId } = session
      const choice = { accountId, sessionId: session.id, next: password, by: whence(exchange) }
      const person = await accounts.find(call, accountId)
      const again = person?.hasPassword === false ? unlessRecent(parts, session, '/account') : undefined
      if (again !== undefined) return again
      try {
        const changed =
          person?.hasPassword === false
            ? await accounts.choosePassword(call, choice)
            : await accounts.changePassword(call, { ...choice, current })
        if (!changed)
          return await show(who, { failure: { status: 422, headers: {}, state: { problems: { current: 'This is not your password.' } } } })
      } catch (error) {
        return show(who, { failure: formFailure(error, {}) })
      }
      await engine.revokeAccount(call, session.accountId, session.id)
      exchange.renewCsrf()
      return doneAnswer('password')
    },
    async signOut({ call, exchange, session }: SignedIn) {
      await engine.endBrowserSession(call, session.accountId, session.id)
      exchange.renewCsrf()
      return seeOther('/signed-out', { 'clear-site-data': '"storage"' })
    },
  }
}

function showAccount(parts: PageParts): AccountActions['show'] {
  const { engine, accounts, securityEvents, passkeys, methods, clock } = parts
  return async ({ call, exchange, session }, { done, failure } = {}) => {
    const { accountId } = session
    const [person, sessions, apps, events, keys] = await Promise.all([
      accounts.find(call, accountId),
      engine.sessions(call, accountId),
      engine.authorisedApps(call, accountId),
      securityEvents.list(call, accountId, { limit: SHOWN_EVENTS }),
      methods.passkey ? passkeys.list(call, accountId) : undefined,
    ])
    if (person === undefined) return seeOther(engine.signInPath('/account'))
    const { problem, problems = {}, values = {} } = failure?.state ?? {}
    const view: AccountView = {
      person,
      sessions,
      apps,
      events: events.items,
      passkeys: keys,
      currentSessionId: session.id,
      csrfToken: exchange.csrfToken(),
      now: clock.now(),
      done: done === undefined ? undefined : DONE[done],
      problem,
      problems,
      typedName: values['name'],
    }
    return formPage(accountPage(skinOf(parts, exchange), view), failure)
  }
}
