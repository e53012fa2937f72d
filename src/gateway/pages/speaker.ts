// In which language the gateway's pages speak: the first that is wanted of those that the app offers.
import {
  askedLanguages,
  askedLanguagesOf,
  chosenLanguage,
  LANGUAGE_COOKIE,
  type LanguageReader,
  lookUpLanguage,
  noChosenLanguage,
  wantedLanguages,
} from '#kernel/http/accept-language.ts'
import type { Exchange } from '#kernel/http/route.ts'
import type { PageTexts } from '../contract.ts'
import { SESSION_PATH, TRANSACTION_SECONDS } from '../session/cookies.ts'

/** `asked`: by the app, in this request itself. */
export type Speaker = (this: void, reader: LanguageReader, asked?: readonly string[]) => PageTexts

/** What the account that is signed in here reads, for the pages of this origin. */
export function keepLanguage(exchange: Pick<Exchange, 'cookies' | 'addCookie'>, tag: string | undefined): void {
  const kept = exchange.cookies.get(LANGUAGE_COOKIE)
  if (kept !== tag) exchange.addCookie(tag === undefined ? noChosenLanguage() : chosenLanguage(tag))
}

/** What the app asks for at one sign-in, for the page on which that may end here; nothing, once it is over. */
export function keepWish(exchange: Pick<Exchange, 'request' | 'cookies' | 'addCookie'>, tags: readonly string[] = []): void {
  if (tags.length === 0 && askedLanguagesOf(exchange).length === 0) return
  exchange.addCookie(askedLanguages(tags, { path: SESSION_PATH, seconds: tags.length === 0 ? 0 : TRANSACTION_SECONDS }))
}

/** `offered`: what the app says, by language; the first is for those who ask for none of them. */
export function createSpeaker(offered: ReadonlyMap<string, PageTexts>): Speaker {
  const byTag = new Map([...offered].map(([tag, texts]) => [tag.toLowerCase(), texts]))
  const [fallback] = byTag.values()
  if (fallback === undefined) throw new Error('The gateway was given no language to speak')
  return (reader, asked) =>
    wantedLanguages(reader, asked)
      .map((range) => lookUpLanguage(byTag, range))
      .find((texts) => texts !== undefined) ?? fallback
}
