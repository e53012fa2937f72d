// Which language a browser reads: what the app asked for at the start of this sign-in (`ui_locales`), what the person chose here, what the browser prefers.
import { askedLanguages, chosenLanguage, languageTags, wantedLanguages } from '#kernel/http/accept-language.ts'
import type { Exchange } from '#kernel/http/route.ts'
import type { Speech } from './speech.ts'

const ASKED_SECONDS = 3600

type Read = Pick<Exchange, 'request' | 'cookies'>

/** For the page that answers the request with which the interaction begins. */
const askedNow = new WeakMap<object, readonly string[]>()

/** OpenID Connect Core section 3.1.2.1: a wish, so what cannot be read is left out. */
export function keepUiLocales(exchange: Pick<Exchange, 'addCookie'>, interaction: string, uiLocales: unknown): void {
  const asked = typeof uiLocales === 'string' ? languageTags(uiLocales) : []
  if (asked.length === 0) return
  askedNow.set(exchange, asked)
  exchange.addCookie(askedLanguages(asked, { path: `/interaction/${interaction}`, seconds: ASKED_SECONDS }))
}

/** For good, and at once on the pages of the interaction that the person may be in. */
export function keepChoice(exchange: Pick<Exchange, 'addCookie'>, tag: string, back = ''): void {
  exchange.addCookie(chosenLanguage(tag))
  const path = /^\/interaction\/[\w-]{1,64}/.exec(back)?.[0]
  if (path !== undefined) exchange.addCookie(askedLanguages([tag], { path, seconds: ASKED_SECONDS }))
}

/** The same for those who know no texts. */
export function languageReader(speech: Speech): (exchange: Read) => string {
  return (exchange) => languageOf(speech, exchange)
}

export function languageOf(speech: Speech, exchange: Read, uiLocales?: unknown): string {
  const asked = typeof uiLocales === 'string' ? languageTags(uiLocales) : askedNow.get(exchange)
  return speech.match(wantedLanguages(exchange, asked)) ?? speech.fallback
}
