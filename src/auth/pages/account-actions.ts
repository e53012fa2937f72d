// What can be done on the account page, for whoever is signed in at the accounts origin in this browser.
import type { Call } from '#kernel/call.ts'
import { httpErrors } from '#kernel/http/problem.ts'
import { type Answer, type Exchange, seeOther } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { deviceOf, rememberDevice, whence } from '../browser.ts'
import type { AccountDirectory } from '../engine.ts'
import { en, type Texts } from '../texts/en.ts'
import { keepChoice } from '../texts/language.ts'
import { accountPage, inOrder } from './account-page.ts'
import { ownSections } from './account-sections.ts'
import { featuresOf } from './features.ts'
import type { SignedIn } from './parts.ts'
import type { KeptForm } from './kept-form.ts'
import { type FormFailure, formFailure, formPage, type PageParts, refused, skinOf } from './handling.ts'
import { firstSignIn, unlessRecent } from './recent.ts'

export type { SignedIn } from './parts.ts'

export type Done = keyof Texts['account']['done']

/** Of `?done=`, which says nothing by itself (see just-done.ts); nor does a word of an earlier release, or of somebody's own. */
export const doneWord = z
  .custom<Done>((word) => typeof word === 'string' && Object.hasOwn(en.account.done, word))
  .optional()
  .catch(undefined)

/** Who is told: that account, and not whoever signs in next in this browser. */
export interface Told extends Pick<SignedIn, 'exchange'> {
  readonly session: Pick<SignedIn['session'], 'accountId'>
}

export function doneAnswer({ justDone }: Pick<PageParts, 'justDone'>, { exchange, session }: Told, done: Done): Answer {
  return justDone.leadTo(exchange, { page: '/account', word: done, accountId: session.accountId })
}

/** The word in the address of a page, where that was done. `again` is none of those: it is part of an address to come back to, and tells of nothing. */
export function saidHere<Word extends string>(
  { justDone }: Pick<PageParts, 'justDone'>,
  { exchange, session: { accountId } }: Told,
  word?: Word,
): Word | undefined {
  return word === undefined || word === 'again' || justDone.on(exchange, { word, accountId }) !== undefined ? word : undefined
}

/**
 * Whose account it is, as it was while the session was still good: what is written on the strength of it is written to that account or not at all.
 * `undefined` when the session has ended.
 */
export async function ownerOf(
  { engine, accounts }: Pick<PageParts, 'engine' | 'accounts'>,
  { call, exchange, session }: SignedIn,
): ReturnType<AccountDirectory['find']> {
  const owner = await accounts.find(call, session.accountId)
  return (await engine.browserSession(exchange))?.id === session.id ? owner : undefined
}

interface AskedLately {
  readonly returnTo?: string
  readonly typed?: Pick<KeptForm, 'form' | 'values'> | undefined
  run(who: SignedIn): Promise<Answer>
}

export interface AccountActions {
  /** Runs it for whoever is signed in, or asks to sign in first. */
  signedIn(call: Call, exchange: Exchange, run: (who: SignedIn) => Promise<Answer>): Promise<Answer>
  /**
   * The same for whoever has signed in within the last minutes; all others prove once more who they are, and their session gets another id. They come
   * back to `returnTo`, or to the account page to press the button again; what they had typed stands in the form again.
   */
  lately(call: Call, exchange: Exchange, asked: AskedLately): Promise<Answer>
  /** The same for a page with a form: with time enough left to fill it, for what a device or an app has made for it meanwhile would be of no use. */
  toFill(call: Call, exchange: Exchange, asked: { returnTo: string; run: (who: SignedIn) => Promise<Answer> }): Promise<Answer>
  /** The page, with what has just been done, or with what is wrong in the form of one section. */
  show(who: SignedIn, shown?: { done?: Done | undefined; failure?: FormFailure; section?: string }): Promise<Answer>
  rename(who: SignedIn, name: string): Promise<Answer>
  /** For the account, and for this browser. */
  chooseLanguage(who: SignedIn, tag: string): Promise<Answer>
  changePassword(who: SignedIn, typed: { current: string; password: string }): Promise<Answer>
  signOut(exchange: Exchange): Promise<Answer>
}

export function accountActions(parts: PageParts): AccountActions {
  const { engine } = parts
  const show = showAccount(parts)
  const textsFor = ({ exchange }: SignedIn): Texts => skinOf(parts, exchange).texts
  return {
    show,
    async signedIn(call: Call, exchange: Exchange, run: (who: SignedIn) => Promise<Answer>) {
      const session = await engine.browserSession(exchange)
      return session === undefined ? seeOther(engine.signInPath('/account')) : run({ call, exchange, session })
    },
    async lately(call, exchange, { returnTo = '/account?done=again', typed, run }) {
      const session = await engine.browserSession(exchange)
      if (session === undefined) return seeOther(engine.signInPath(returnTo))
      const first = unlessRecent(parts, session, returnTo)
      if (first === undefined) return run({ call, exchange, session })
      if (typed !== undefined) parts.keptForms.keep(exchange, session.accountId, { page: returnTo.replace(/[?#].*/, ''), ...typed })
      return first
    },
    async toFill(call, exchange, { returnTo, run }) {
      const session = await engine.browserSession(exchange)
      if (session === undefined) return seeOther(engine.signInPath(returnTo))
      const first = firstSignIn(parts, session, { returnTo, filled: false })
      return first === undefined ? run({ call, exchange, session }) : seeOther(first)
    },
    ...profileActions(parts, { show, textsFor }),
    ...passwordActions(parts, { show, textsFor }),
    async signOut(exchange: Exchange) {
      if (!(await engine.signOutHere(exchange))) return seeOther(engine.signInPath('/account'))
      exchange.renewCsrf()
      return seeOther('/signed-out', { 'clear-site-data': '"storage"' })
    },
  }
}

interface Shared {
  readonly show: AccountActions['show']
  textsFor(this: void, who: SignedIn): Texts
}

function passwordActions(parts: PageParts, { show, textsFor }: Shared): Pick<AccountActions, 'changePassword'> {
  const { engine, accounts } = parts
  return {
    async changePassword(who: SignedIn, { current, password }: { current: string; password: string }) {
      const { call, exchange, session } = who
      const owner = await ownerOf(parts, who)
      if (owner === undefined) return seeOther(engine.signInPath('/account'))
      const { accountId, credential, emailVerified, hasPassword } = owner
      // There is no field on the page that this could stand at.
      if (!emailVerified)
        return show(who, { section: 'password', failure: refused({ problem: textsFor(who).problems.address_unconfirmed }) })
      const choice = { accountId, sessionId: session.id, next: password, device: deviceOf(exchange), by: whence(exchange) }
      // With what the account is opened by at that moment: once it is another password again, nobody must hear that it is this one.
      const pressed = async (): Promise<string> =>
        parts.justDone.pressIn(session.id, [accountId, current, password, (await accounts.find(call, accountId))?.credential ?? ''])
      const again = hasPassword ? undefined : unlessRecent(parts, session, '/account?done=again')
      if (again !== undefined) return again
      try {
        const device = hasPassword
          ? await accounts.changePassword(call, { ...choice, current })
          : await accounts.choosePassword(call, { ...choice, credential })
        // Pressed twice: after the first press the password now is another one.
        if (device === undefined && (await parts.justDone.wasDone(call, await pressed()))) return doneAnswer(parts, who, 'password')
        if (device === undefined)
          return await show(who, {
            section: 'password',
            failure: refused({ problems: { current: textsFor(who).problems.password_wrong } }),
          })
        await parts.justDone.did(call, await pressed())
        rememberDevice(exchange, device)
      } catch (error) {
        return show(who, { section: 'password', failure: formFailure(textsFor(who), error, {}) })
      }
      await engine.revokeAccount(call, session.accountId, session.id)
      exchange.renewCsrf()
      return doneAnswer(parts, who, 'password')
    },
  }
}

function profileActions(parts: PageParts, { show, textsFor }: Shared): Pick<AccountActions, 'rename' | 'chooseLanguage'> {
  const { accounts, settings } = parts
  return {
    async rename(who: SignedIn, name: string) {
      try {
        await accounts.rename(who.call, { accountId: who.session.accountId, name, by: whence(who.exchange) })
        return doneAnswer(parts, who, 'name')
      } catch (error) {
        return show(who, { section: 'profile', failure: formFailure(textsFor(who), error, { name }) })
      }
    },
    async chooseLanguage({ call, exchange, session }, tag) {
      if (!settings.speech.languages.some((offered) => offered.tag === tag))
        throw httpErrors.invalid({ detail: 'This language is not offered.' })
      await accounts.chooseLanguage(call, session.accountId, tag)
      keepChoice(exchange, tag)
      return doneAnswer(parts, { exchange, session }, 'language')
    },
  }
}

function showAccount(parts: PageParts): AccountActions['show'] {
  const { engine, accounts, clock } = parts
  const sections = inOrder([...ownSections(parts), ...featuresOf(parts).flatMap(({ accountSections = [] }) => accountSections)])
  return async (who, { done, failure, section: failed } = {}) => {
    const { call, exchange, session } = who
    const person = await accounts.find(call, session.accountId)
    if (person === undefined) return seeOther(engine.signInPath('/account'))
    const skin = skinOf(parts, exchange, '/account')
    const { texts } = skin
    const { name, email, emailVerified, hasPassword } = person
    const language = person.language === undefined ? undefined : parts.settings.speech.match([person.language])
    const kept = done === 'again' ? parts.keptForms.take(exchange, session.accountId, '/account') : undefined
    const state = failure?.state ?? (kept === undefined ? {} : { values: kept.values })
    const typedIn = failed ?? kept?.form
    const view = { skin, csrfToken: exchange.csrfToken(), now: clock.now(), person: { name, email, emailVerified, hasPassword, language } }
    const shown = await Promise.all(
      sections.map(async (section) => {
        const filled = section.id === typedIn
        const first = firstSignIn(parts, session, { returnTo: `/account#${section.id}`, filled })
        const body = await section.body(who, { ...view, first, state: filled ? state : {} })
        return body === undefined ? undefined : { id: section.id, heading: section.heading(texts), body }
      }),
    )
    const body = accountPage(skin, {
      person,
      csrfToken: view.csrfToken,
      sections: shown.filter((section) => section !== undefined),
      done: done === undefined ? undefined : texts.account.done[done],
      state,
    })
    return formPage(body, failure)
  }
}
