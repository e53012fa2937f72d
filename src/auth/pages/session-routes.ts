// The sessions of a person over HTTP: the list of all, the end of one, and the end of all others.
import { page, type Route, route } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { whence } from '../browser.ts'
import { type AccountActions, doneAnswer } from './account-actions.ts'
import { csrfToken, emptyForm, formAnswers, friendly, type PageParts, refused, skinOf } from './handling.ts'
import { morePath, sessionsPage } from './sessions-page.ts'

const SESSIONS_A_PAGE = 50

const common = {
  site: 'accounts',
  allow: { who: 'handler', reason: 'For the person whose sign-in cookie of the accounts origin the browser holds.' },
  answers: formAnswers,
} as const
const othersForm = z.strictObject({ csrf_token: csrfToken, sure: z.literal('yes').optional() })

export function sessionRoutes(parts: PageParts, { signedIn, show }: Pick<AccountActions, 'signedIn' | 'show'>): Route[] {
  const { engine, leaving, clock } = parts
  return [
    route({
      ...common,
      method: 'GET',
      path: '/account/sessions',
      rate: 'page',
      summary: 'Where somebody is signed in',
      input: { query: z.strictObject({ after: z.string().max(400).optional() }) },
      handle: friendly(parts, (call, { query }, exchange) =>
        signedIn(call, exchange, async ({ session }) => {
          const { items, next } = await engine.sessionPage(call, session.accountId, { limit: SESSIONS_A_PAGE, after: query.after })
          const view = { csrfToken: exchange.csrfToken(), now: clock.now(), hereId: session.id, morePath: morePath(next) }
          return page(sessionsPage(skinOf(parts, exchange), { ...view, sessions: items }))
        }),
      ),
    }),
    route({
      ...common,
      method: 'POST',
      path: '/account/sessions/:id/end',
      rate: 'page',
      summary: 'Sign out another browser',
      body: 'form',
      input: { params: z.strictObject({ id: z.string().min(1).max(128) }), body: emptyForm },
      handle: friendly(parts, (call, { params }, exchange) =>
        signedIn(call, exchange, async ({ session }) => {
          await engine.endBrowserSession(call, session.accountId, params.id)
          return doneAnswer(parts, { exchange, session }, 'session')
        }),
      ),
    }),
    route({
      ...common,
      method: 'POST',
      path: '/account/sessions/end',
      rate: 'sign-in',
      summary: 'Sign out everywhere but here, and end the access of apps',
      body: 'form',
      input: { body: othersForm },
      handle: friendly(parts, (call, { body }, exchange) =>
        signedIn(call, exchange, async (who) => {
          const { texts } = skinOf(parts, exchange)
          if (body.sure === undefined)
            return show(who, { section: 'sessions', failure: refused({ problem: texts.sessions.othersNotSure }) })
          const { accountId, id: sessionId } = who.session
          await leaving.signOutElsewhere(call, { accountId, sessionId, by: whence(exchange) })
          return doneAnswer(parts, who, 'sessions')
        }),
      ),
    }),
  ]
}
