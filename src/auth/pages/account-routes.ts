// The account page over HTTP.
import { type Route, route, seeOther, page } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { accountActions, type AccountActions, doneAnswer, doneWord, saidHere } from './account-actions.ts'
import { KEPT_DAYS } from '../security-events/service.ts'
import { signedOutPage, stillSignedInPage } from './engine-pages.ts'
import { csrfToken, emptyForm, formAnswers, formText, friendly, type PageParts, skinOf } from './handling.ts'
import { sessionRoutes } from './session-routes.ts'
import { securityEventsPage } from './security-events-page.ts'

const EVENTS_A_PAGE = 50

const common = {
  site: 'accounts',
  allow: { who: 'handler', reason: 'For the person whose sign-in cookie of the accounts origin the browser holds.' },
} as const
const doneQuery = z.strictObject({ done: doneWord })
const nameForm = z.strictObject({ csrf_token: csrfToken, name: formText })
/** An id can be an address, which no path carries. */
const appForm = z.strictObject({ csrf_token: csrfToken, client_id: formText })
const languageForm = z.strictObject({ csrf_token: csrfToken, language: formText })
const passwordForm = z.strictObject({ csrf_token: csrfToken, username: z.string().optional(), current: formText, password: formText })

export function accountRoutes(parts: PageParts): Route[] {
  const actions = accountActions(parts)
  const { signedIn, show, changePassword, signOut } = actions
  return [
    route({
      ...common,
      method: 'GET',
      path: '/account',
      rate: 'page',
      summary: 'The account page',
      input: { query: doneQuery },
      answers: formAnswers,
      handle: friendly(parts, (call, { query }, exchange) =>
        signedIn(call, exchange, (who) => show(who, { done: saidHere(parts, who, query.done) })),
      ),
    }),
    ...profileRoutes(parts, actions),
    route({
      ...common,
      method: 'POST',
      path: '/account/password',
      rate: 'sign-in',
      summary: 'Change the password and end the other sessions',
      body: 'form',
      input: { body: passwordForm },
      answers: formAnswers,
      handle: friendly(parts, (call, { body }, exchange) => signedIn(call, exchange, (who) => changePassword(who, body))),
    }),
    route({
      ...common,
      method: 'POST',
      path: '/account/sign-out',
      rate: 'page',
      summary: 'Sign out here',
      body: 'form',
      input: { body: emptyForm },
      answers: formAnswers,
      handle: friendly(parts, (_call, _input, exchange) => signOut(exchange)),
    }),
    ...sessionRoutes(parts, actions),
    ...appRoutes(parts, signedIn),
    ...eventRoutes(parts, signedIn),
    ...openRoutes(parts),
  ]
}

function profileRoutes(parts: PageParts, { signedIn, rename, chooseLanguage }: AccountActions): Route[] {
  return [
    route({
      ...common,
      method: 'POST',
      path: '/account/name',
      rate: 'page',
      summary: 'Change the name that others see',
      body: 'form',
      input: { body: nameForm },
      answers: formAnswers,
      handle: friendly(parts, (call, { body }, exchange) => signedIn(call, exchange, (who) => rename(who, body.name))),
    }),
    route({
      ...common,
      method: 'POST',
      path: '/account/language',
      rate: 'page',
      summary: 'Choose a language for the account and for this browser',
      body: 'form',
      input: { body: languageForm },
      answers: formAnswers,
      handle: friendly(parts, (call, { body }, exchange) => signedIn(call, exchange, (who) => chooseLanguage(who, body.language))),
    }),
  ]
}

function appRoutes(parts: PageParts, signedIn: AccountActions['signedIn']): Route[] {
  const { engine } = parts
  return [
    route({
      ...common,
      method: 'POST',
      path: '/account/apps/revoke',
      rate: 'page',
      summary: 'End the access of an app',
      body: 'form',
      input: { body: appForm },
      answers: formAnswers,
      handle: friendly(parts, (call, { body }, exchange) =>
        signedIn(call, exchange, async ({ session }) => {
          await engine.revokeApp(call, session.accountId, body.client_id)
          return doneAnswer(parts, { exchange, session }, 'app')
        }),
      ),
    }),
  ]
}

function eventRoutes(parts: PageParts, signedIn: AccountActions['signedIn']): Route[] {
  return [
    route({
      ...common,
      method: 'GET',
      path: '/account/events',
      rate: 'page',
      summary: 'What has happened to the account',
      input: { query: z.strictObject({ after: z.string().max(400).optional() }) },
      answers: formAnswers,
      handle: friendly(parts, (call, { query }, exchange) =>
        signedIn(call, exchange, async ({ session }) => {
          const { items, next } = await parts.securityEvents.list(call, session.accountId, { limit: EVENTS_A_PAGE, after: query.after })
          const olderPath = next === undefined ? undefined : `/account/events?after=${encodeURIComponent(next)}`
          return page(
            securityEventsPage(skinOf(parts, exchange), { events: items, now: parts.clock.now(), keptDays: KEPT_DAYS, olderPath }),
          )
        }),
      ),
    }),
  ]
}

function openRoutes(parts: PageParts): Route[] {
  const open = { method: 'GET', site: 'accounts', allow: { who: 'anyone' }, rate: 'page' } as const
  return [
    route({
      ...open,
      path: '/signed-out',
      summary: 'Says whether the person is signed out',
      answers: formAnswers,
      // By what is so now, whoever leads here: at a shared computer people walk away on these words.
      handle: friendly(parts, async (_call, _input, exchange) => {
        const skin = skinOf(parts, exchange, '/signed-out')
        const isSignedIn = (await parts.engine.browserSession(exchange)) !== undefined
        return page(isSignedIn ? stillSignedInPage(skin, exchange.csrfToken()) : signedOutPage(skin))
      }),
    }),
    route({
      ...open,
      path: '/',
      summary: 'Leads to the account page',
      answers: { 303: 'empty' },
      handle: async () => seeOther('/account'),
    }),
  ]
}
