// In which language the gateway's pages speak: the first that is wanted of those that the app offers.
import { acceptedLanguages, LANGUAGE_COOKIE, lookUpLanguage } from '#kernel/http/accept-language.ts'
import { parseCookies } from '#kernel/http/cookie.ts'
import { de } from './de.ts'
import { en, type PageTexts } from './en.ts'

/** The headers of a request, since an error may come before anybody has looked at its cookies. */
export interface ReaderHeaders {
  readonly 'accept-language'?: string | undefined
  readonly cookie?: string | undefined
}

export type Speaker = (this: void, headers: ReaderHeaders) => PageTexts

const OURS: ReadonlyMap<string, PageTexts> = new Map([
  ['en', en],
  ['de', de],
])

/** `offered`: the languages of the app, the first for who asks for none of them; ours unless told. One that is not ours is said in English, as auth does. */
export function createSpeaker(offered: readonly string[] = [...OURS.keys()]): Speaker {
  const byTag = new Map(offered.map((tag) => [tag.toLowerCase(), lookUpLanguage(OURS, tag) ?? en]))
  const [fallback = en] = byTag.values()
  return ({ cookie, 'accept-language': accepted }) => {
    const chosen = parseCookies(cookie).cookies.get(LANGUAGE_COOKIE)
    const wanted = [chosen ?? '', ...acceptedLanguages(accepted)]
    return wanted.map((range) => lookUpLanguage(byTag, range)).find((texts) => texts !== undefined) ?? fallback
  }
}
