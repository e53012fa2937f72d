// Changing the address of an account, over HTTP. No GET uses anything up.
import type { Call } from '#kernel/call.ts'
import { type Answer, type Exchange, page, type Route, route, seeOther } from '#kernel/http/route.ts'
import { randomToken } from '#kernel/ids.ts'
import { z } from '#kernel/schema.ts'
import { deviceOf, nameBrowser, whence } from '../browser.ts'
import { accountActions, doneAnswer, type SignedIn } from '../pages/account-actions.ts'
import { endOthers } from '../pages/end-others.ts'
import { errorPage } from '../pages/engine-pages.ts'
import { csrfToken, formAnswers, formFailure, formText, friendly, type PageParts, skinOf } from '../pages/handling.ts'
import { stayKnown } from '../pages/stay-known.ts'
import { needsPasskey } from '../methods.ts'
import { confirmAddressPage, restoreAddressPage, restoredPage } from './pages.ts'
import type { Link, Outcome } from './service.ts'

const own = {
  site: 'accounts',
  allow: { who: 'handler', reason: 'For the person whose sign-in cookie of the accounts origin the browser holds.' },
} as const
const open = { site: 'accounts', allow: { who: 'anyone' } } as const
const answers = { ...formAnswers, 410: 'html' } as const
const linkToken = z.string().max(200).default('')
const linkQuery = z.strictObject({ token: linkToken })
const linkForm = z.strictObject({ csrf_token: csrfToken, token: linkToken })
const addressForm = z.strictObject({ csrf_token: csrfToken, email: formText })

export function addressRoutes(parts: PageParts): Route[] {
  return [askRoute(parts), ...confirmRoutes(parts), ...restoreRoutes(parts)]
}

function dead(parts: PageParts, exchange: Exchange): Answer {
  // Without the link: the pages of all dead ones are the same.
  const skin = skinOf(parts, exchange, '/account')
  const { dead: heading, deadWords: words } = skin.texts.address
  return page(errorPage(skin, { heading, words }), 410)
}

function askRoute(parts: PageParts): Route {
  const { lately, show } = accountActions(parts)
  const ask = async (who: SignedIn, email: string): Promise<Answer> => {
    const { call, exchange, session } = who
    try {
      const asker = { email, client: exchange.client, device: deviceOf(exchange) }
      await parts.byMail.addresses.ask(call, { ...asker, accountId: session.accountId })
      return doneAnswer(parts, who, 'email-asked')
    } catch (error) {
      return show(who, { section: 'email', failure: formFailure(skinOf(parts, exchange).texts, error, { email }) })
    }
  }
  return route({
    ...own,
    method: 'POST',
    path: '/account/email',
    rate: 'sign-in',
    summary: 'Ask for another address; a link goes to it',
    body: 'form',
    input: { body: addressForm },
    answers: formAnswers,
    handle: friendly(parts, (call, { body }, exchange) =>
      lately(call, exchange, { typed: { form: 'email', values: { email: body.email } }, run: (who) => ask(who, body.email) }),
    ),
  })
}

function confirmRoutes(parts: PageParts): Route[] {
  const { addresses } = parts.byMail
  const here = (token: string): string => `/account/email/confirm?${new URLSearchParams({ token }).toString()}`
  /** In the browser where its owner is signed in: whoever has got the mail by a slip in the address must not come into the account by it. */
  const signedIn = async (
    call: Call,
    exchange: Exchange,
    asked: { token: string; run: (who: SignedIn) => Promise<Answer> },
  ): Promise<Answer> => {
    const session = await parts.engine.browserSession(exchange)
    return session === undefined ? seeOther(parts.engine.signInPath(here(asked.token))) : asked.run({ call, exchange, session })
  }
  const over = async (who: SignedIn, link: Link): Promise<Answer> =>
    (await addresses.isConfirmed(who.call, link)) ? doneAnswer(parts, who, 'email') : dead(parts, who.exchange)
  return [
    route({
      ...own,
      method: 'GET',
      path: '/account/email/confirm',
      rate: 'page',
      summary: 'Asks to confirm a new address; changes nothing',
      input: { query: linkQuery },
      answers,
      handle: friendly(parts, (call, { query: { token } }, exchange) =>
        signedIn(call, exchange, {
          token,
          run: async (who) => {
            const { accountId } = who.session
            const email = await addresses.pending(call, { token, accountId })
            if (email === undefined) return over(who, { token, accountId })
            return page(confirmAddressPage(skinOf(parts, exchange, here(token)), { email, token, csrfToken: exchange.csrfToken() }))
          },
        }),
      ),
    }),
    route({
      ...own,
      method: 'POST',
      path: '/account/email/confirm',
      rate: 'sign-in',
      summary: 'Gives the account its new address, and tells the old one',
      body: 'form',
      input: { body: linkForm },
      answers,
      handle: friendly(parts, (call, { body: { token } }, exchange) =>
        signedIn(call, exchange, {
          token,
          async run(who) {
            const asked = { token, accountId: who.session.accountId, by: whence(exchange) }
            const confirmed = await stayKnown(parts, who, { run: () => addresses.confirm(call, asked), emailAfter: (email) => email })
            return confirmed === undefined ? over(who, asked) : doneAnswer(parts, who, 'email')
          },
        }),
      ),
    }),
  ]
}

function restoreRoutes(parts: PageParts): Route[] {
  const { addresses } = parts.byMail
  return [
    route({
      ...open,
      method: 'GET',
      path: '/restore-address',
      rate: 'page',
      summary: 'Asks whether to take a change of address back; changes nothing',
      input: { query: linkQuery },
      answers,
      handle: friendly(parts, async (call, { query: { token } }, exchange) => {
        const pending = await addresses.pendingUndo(call, token)
        if (pending === undefined) return dead(parts, exchange)
        // So that a second press of the button is known to be of the same browser.
        nameBrowser(exchange)
        const skin = skinOf(parts, exchange, `/restore-address?${new URLSearchParams({ token }).toString()}`)
        const view = { ...pending, token, csrfToken: exchange.csrfToken(), hasPasswords: parts.methods.password }
        return page(restoreAddressPage(skin, view))
      }),
    }),
    route({
      ...open,
      method: 'POST',
      path: '/restore-address',
      rate: 'sign-in',
      summary: 'Takes a change of address back, and ends all access',
      body: 'form',
      input: { body: linkForm },
      answers,
      handle: friendly(parts, async (call, { body: { token } }, exchange) => {
        const press = parts.justDone.pressOf(exchange, [token])
        const passkeyToken = needsPasskey(parts.methods) ? (parts.justDone.linkAfter(exchange, token) ?? randomToken()) : undefined
        const restored = await addresses.undo(call, token, { press, passkeyToken })
        const outcome = restored ?? (await addresses.undoneBefore(call, token, press))
        if (outcome === undefined) return dead(parts, exchange)
        if (restored !== undefined) await endOthers(parts, call, restored.accountId)
        // Nobody is signed in by this, so the form is as good as before: the page that answers it is loaded again by sending it once more.
        return restoredAnswer(parts, exchange, { ...outcome, passkeyToken: outcome.offered ? passkeyToken : undefined })
      }),
    }),
  ]
}

function restoredAnswer(parts: PageParts, exchange: Exchange, outcome: Outcome & { readonly passkeyToken: string | undefined }): Answer {
  const view = { ...outcome, hasPasswords: parts.methods.password, hasOrganisations: parts.organisations.isOn }
  return page(restoredPage(skinOf(parts, exchange, '/account'), view))
}
