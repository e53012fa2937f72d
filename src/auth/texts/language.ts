// Which language a browser reads: what the app asked for at the start of this sign-in (`ui_locales`), what the person chose here, what the browser prefers.
import { acceptedLanguages, LANGUAGE_COOKIE, MAX_RANGES, RANGE } from '#kernel/http/accept-language.ts'
import { serialiseCookie } from '#kernel/http/cookie.ts'
import type { Exchange } from '#kernel/http/route.ts'
import type { Speech } from './speech.ts'

/** What holds within one interaction alone, by its path: the wish of the app, until the person says otherwise. */
const ASKED = '__Secure-asked-language'

const CHOSEN_SECONDS = 365 * 24 * 3600
const ASKED_SECONDS = 3600

type Read = Pick<Exchange, 'request' | 'cookies'>

/** For the page that answers the request with which the interaction begins. */
const askedNow = new WeakMap<object, readonly string[]>()

/** OpenID Connect Core section 3.1.2.1: a wish, so what cannot be read is left out. */
export function keepUiLocales(exchange: Pick<Exchange, 'addCookie'>, interaction: string, uiLocales: unknown): void {
  const ranges = typeof uiLocales === 'string' ? uiLocales.split(' ').filter((range) => RANGE.test(range)) : []
  if (ranges.length === 0) return
  const asked = ranges.slice(0, MAX_RANGES)
  askedNow.set(exchange, asked)
  const path = `/interaction/${interaction}`
  exchange.addCookie(serialiseCookie(ASKED, asked.join('.'), { path, sameSite: 'Lax', maxAgeSeconds: ASKED_SECONDS }))
}

/** For good, and at once on the pages of the interaction that the person may be in. */
export function keepChoice(exchange: Pick<Exchange, 'addCookie'>, tag: string, back: string): void {
  exchange.addCookie(serialiseCookie(LANGUAGE_COOKIE, tag, { sameSite: 'Lax', maxAgeSeconds: CHOSEN_SECONDS }))
  const path = /^\/interaction\/[\w-]{1,64}/.exec(back)?.[0]
  if (path !== undefined) exchange.addCookie(serialiseCookie(ASKED, tag, { path, sameSite: 'Lax', maxAgeSeconds: ASKED_SECONDS }))
}

export function languageOf(speech: Speech, exchange: Read, uiLocales?: unknown): string {
  const { request, cookies } = exchange
  const asked = typeof uiLocales === 'string' ? uiLocales.split(' ') : (askedNow.get(exchange) ?? cookies.get(ASKED)?.split('.') ?? [])
  const chosen = cookies.get(LANGUAGE_COOKIE)
  const preferred = acceptedLanguages(request.headers['accept-language'])
  const wanted = [...asked, ...(chosen === undefined ? [] : [chosen]), ...preferred]
  return speech.match(wanted.filter((range) => RANGE.test(range))) ?? speech.fallback
}
