// The session endpoints of every frontend, on its own origin: /session and what is below it.
import type { Call } from '#kernel/call.ts'
import { askedLanguagesOf, languageTags, noChosenLanguage } from '#kernel/http/accept-language.ts'
import { problemAnswer } from '#kernel/http/answer.ts'
import { httpErrors } from '#kernel/http/problem.ts'
import { type Answer, type Exchange, ok, type Route, route, seeOther } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import type { OwnProfile } from '../../auth/contract.ts'
import type { GatewayFrontend } from '../contract.ts'
import { type BrowserSession, GatewayExchange } from '../exchange.ts'
import { wantsPage } from '../navigation.ts'
import { actionLink, bouncePage, smallPage, textsFor } from '../pages/pages.ts'
import { keepLanguage, keepWish } from '../pages/speaker.ts'
import { clearSession } from './cookies.ts'
import type { Refusal } from './relying-party.ts'
import { safeReturnTo } from './return-to.ts'
import type { Outcome, Renewed, Sessions } from './service.ts'

const returnToQuery = z.object({ return_to: z.string().max(4096).optional() })
/** With what a challenge of the API has asked for (RFC 9470), and in which languages (OpenID Connect Core section 3.1.2.1). */
const signInQuery = returnToQuery.extend({
  acr_values: z
    .string()
    .regex(/^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/)
    .max(500)
    .optional(),
  max_age: z
    .string()
    .regex(/^\d{1,8}$/)
    .optional(),
  /** A wish: what cannot be read of it is left out. */
  ui_locales: z.string().optional(),
})
const callbackQuery = z.looseObject({ state: z.string().max(1024).optional() })
const sessionAnswer = z.object({
  signedIn: z.boolean(),
  account: z.object({ id: z.string(), name: z.string(), locale: z.string().optional() }).optional(),
  expiresAt: z.number().optional(),
  csrfToken: z.string(),
})
const refreshAnswer = z.object({ expiresAt: z.number(), accessToken: z.string().optional() })

const BY_COOKIE = 'the refresh cookie, which only these paths receive, is what is asked for'
/** What this origin has stored goes (ASVS V14.3.1). Cookies are cleared by name, since "cookies" would reach sibling hosts too. */
const CLEAR = '"cache", "storage"'

function gatewayExchange(exchange: Exchange): GatewayExchange {
  if (exchange instanceof GatewayExchange) return exchange
  throw new TypeError('Session routes run in the gateway only')
}

function again(returnTo: string, asked: readonly string[] = []): string {
  const languages = asked.length === 0 ? '' : `&ui_locales=${asked.join('+')}`
  return `/session/sign-in?return_to=${encodeURIComponent(returnTo)}${languages}`
}

const REFUSED_STATUS: Readonly<Record<Refusal, number>> = { declined: 403, ended: 400, failed: 503 }

/** `href`: where it can be tried once more. */
function refusedPage(
  exchange: GatewayExchange,
  refusal: Refusal,
  { href, asked }: { href: string; asked?: readonly string[] | undefined },
): Answer {
  const texts = textsFor(exchange, asked)
  const html = smallPage(exchange, { ...texts.refusals[refusal], action: actionLink(href, texts.tryAgain), texts })
  return { status: REFUSED_STATUS[refusal], body: { html } }
}

function unavailable(outcome: { readonly error?: unknown }): Error {
  return httpErrors.unavailable({
    detail: 'The session cannot be renewed just now.',
    cause: outcome.error,
    headers: { 'retry-after': '1' },
  })
}

// Not thrown: the cookies of a session that has ended for good are cleared with the answer.
function ended(exchange: GatewayExchange): Answer {
  const { headers, ...answer } = problemAnswer(
    httpErrors.unauthenticated({ headers: { 'www-authenticate': 'Bearer' } }),
    exchange.requestId,
  )
  return { ...answer, headers: { ...headers, 'set-cookie': clearSession() } }
}

interface Desk {
  readonly frontend: GatewayFrontend
  readonly site: `frontend:${string}`
  readonly sessions: Sessions
}

function accountOf({ accountId, name, language }: OwnProfile): { id: string; name: string; locale?: string } {
  return { id: accountId, name, ...(language === undefined ? {} : { locale: language }) }
}

/** In memory mode the token is the page's own. */
function expiryOf({ mode }: GatewayFrontend, session: BrowserSession | undefined): { expiresAt?: number } {
  const expiresAt = mode === 'cookie' ? session?.live?.expiresAt : undefined
  return expiresAt === undefined ? {} : { expiresAt }
}

function statusRoute({ frontend, site, sessions }: Desk): Route {
  return route({
    method: 'GET',
    path: '/session',
    site,
    allow: { who: 'anyone' },
    rate: 'api',
    answers: { 200: sessionAnswer },
    summary: 'Whether this browser is signed in, and its CSRF token',
    async handle(call, _input, exchange) {
      const own = gatewayExchange(exchange)
      const { session } = own
      const sub = session?.refresh?.sub ?? session?.live?.principal.accountId
      const profile = sub === undefined ? undefined : await sessions.profile(call, sub)
      const csrfToken = own.csrfToken()
      keepLanguage(exchange, profile?.language)
      if (profile === undefined) return ok({ signedIn: false, csrfToken })
      return ok({ signedIn: true, account: accountOf(profile), ...expiryOf(frontend, session), csrfToken })
    },
  })
}

function signInRoute({ frontend, site, sessions }: Desk): Route {
  return route({
    method: 'GET',
    path: '/session/sign-in',
    site,
    allow: { who: 'anyone' },
    rate: 'token',
    input: { query: signInQuery },
    answers: { 303: 'empty', 503: 'html' },
    summary: 'Goes to the sign-in page',
    async handle(call, { query }, exchange) {
      const returnTo = safeReturnTo(query.return_to, frontend.origin)
      const { acr_values: acrValues, max_age: maxAge, ui_locales: languages } = query
      const asked = languages === undefined ? [] : languageTags(languages)
      const uiLocales = asked.length === 0 ? undefined : asked
      const begun = await sessions.begin(call, frontend, { returnTo, acrValues, maxAge, uiLocales })
      if ('refused' in begun)
        return refusedPage(gatewayExchange(exchange), begun.refused, { href: again(returnTo, asked), asked: uiLocales })
      keepWish(exchange, uiLocales)
      exchange.addCookie(begun.done.cookie)
      return seeOther(begun.done.location)
    },
  })
}

function callbackRoute({ frontend, site, sessions }: Desk): Route {
  return route({
    method: 'GET',
    path: '/session/callback',
    site,
    allow: { who: 'handler', reason: 'the sealed transaction cookie proves the browser' },
    rate: 'token',
    input: { query: callbackQuery },
    answers: { 200: 'html', 400: 'html', 403: 'html', 503: 'html' },
    summary: 'Comes back from the sign-in page',
    async handle(call, { query }, exchange) {
      const own = gatewayExchange(exchange)
      const outcome = await sessions.complete(call, frontend, {
        search: exchange.search,
        state: query.state,
        cookies: exchange.cookies,
        nameBrowser: (seconds) => own.renameBrowser(seconds),
      })
      if ('refused' in outcome) return refusedPage(own, outcome.refused, { href: again('/', askedLanguagesOf(own)) })
      keepWish(exchange)
      const { cookies, sessionId, returnTo, spent } = outcome.done
      own.renewCsrf(frontend.mode === 'cookie' ? sessionId : undefined)
      return bouncePage(own, returnTo, [...cookies, spent])
    },
  })
}

async function renew({ frontend, sessions }: Desk, call: Call, exchange: GatewayExchange): Promise<Outcome<Renewed>> {
  const refresh = exchange.session?.refresh
  return refresh === undefined ? { refused: 'ended' } : await sessions.refresh(call, frontend, refresh)
}

function refreshRoute(desk: Desk): Route {
  return route({
    method: 'POST',
    path: '/session/refresh',
    site: desk.site,
    allow: { who: 'handler', reason: BY_COOKIE },
    rate: 'token',
    answers: { 200: refreshAnswer, 401: 'problem' },
    summary: 'A fresh access token for this browser',
    async handle(call, _input, exchange) {
      const own = gatewayExchange(exchange)
      const outcome = await renew(desk, call, own)
      if ('refused' in outcome) {
        if (outcome.refused === 'failed') throw unavailable(outcome)
        return ended(own)
      }
      const { expiresAt, accessToken, cookies } = outcome.done
      // The token is for pages that call an API of another origin; all others have their cookie.
      return ok(desk.frontend.mode === 'memory' ? { expiresAt, accessToken } : { expiresAt }, { 'set-cookie': cookies })
    },
  })
}

function refreshOnTheWayRoute(desk: Desk): Route {
  return route({
    method: 'GET',
    path: '/session/refresh',
    site: desk.site,
    allow: { who: 'handler', reason: BY_COOKIE },
    rate: 'token',
    input: { query: returnToQuery },
    answers: { 303: 'empty', 503: 'html' },
    summary: 'A fresh access token on the way to a page, without script',
    async handle(call, { query }, exchange) {
      const own = gatewayExchange(exchange)
      const from = exchange.request.headers['sec-fetch-site']
      if (from !== undefined && from !== 'same-origin' && from !== 'none')
        throw httpErrors.forbidden({ detail: 'This address is for this site itself.' })
      const returnTo = safeReturnTo(query.return_to, desk.frontend.origin)
      const outcome = await renew(desk, call, own)
      if ('done' in outcome) return seeOther(returnTo, { 'set-cookie': outcome.done.cookies })
      if (outcome.refused === 'failed')
        return refusedPage(own, 'failed', { href: `/session/refresh?return_to=${encodeURIComponent(returnTo)}` })
      return seeOther(again(returnTo), { 'set-cookie': clearSession() })
    },
  })
}

function signOutRoute({ site, sessions }: Desk): Route {
  return route({
    method: 'POST',
    path: '/session/sign-out',
    site,
    allow: { who: 'handler', reason: BY_COOKIE },
    rate: 'api',
    body: 'form',
    answers: { 200: z.object({}), 303: 'empty' },
    summary: 'Ends the session, here and at the authorization server',
    async handle(call, _input, exchange) {
      const own = gatewayExchange(exchange)
      if (own.session !== undefined) await sessions.end(call, own.session.sid)
      own.renewCsrf()
      // The next person at this browser may read another language.
      const headers = { 'set-cookie': [...clearSession(), noChosenLanguage()], 'clear-site-data': CLEAR }
      // A form without script, or a call of one.
      return wantsPage(own) ? seeOther('/', headers) : ok({}, headers)
    },
  })
}

export function sessionRoutes(frontends: readonly GatewayFrontend[], sessions: Sessions): Route[] {
  return frontends.flatMap((frontend) => {
    const desk: Desk = { frontend, site: `frontend:${frontend.name}`, sessions }
    return [statusRoute(desk), signInRoute(desk), callbackRoute(desk), refreshRoute(desk), refreshOnTheWayRoute(desk), signOutRoute(desk)]
  })
}
