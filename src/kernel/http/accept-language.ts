// Which language a browser is answered in: what an app asked for, what its person chose, what the browser prefers, and what of that is offered.
import { isLanguageTag } from '../language-tag.ts'
import { cookieOf, serialiseCookie, type SentCookies } from './cookie.ts'

/** More is nobody's list. */
const MAX_RANGES = 10

/** What was chosen for this browser: on the accounts origin by the person, on a frontend by the account that is signed in there. */
export const LANGUAGE_COOKIE = '__Host-Http-language'
const CHOSEN_SECONDS = 365 * 24 * 3600
/** What an app has asked for, within one sign-in: below one path, tags with dots between them. */
const ASKED_COOKIE = '__Secure-asked-language'

export interface LanguageReader extends SentCookies {
  readonly request: { readonly headers: { readonly cookie?: string | undefined; readonly 'accept-language'?: string | undefined } }
}

/** Of a list of tags those that can be read: `ui_locales` is a wish (OpenID Connect Core section 3.1.2.1). */
export function languageTags(text: string, separator: ' ' | '.' = ' '): readonly string[] {
  return text.slice(0, 1000).split(separator).filter(isLanguageTag).slice(0, MAX_RANGES)
}

export function chosenLanguage(tag: string): string {
  return serialiseCookie(LANGUAGE_COOKIE, tag, { sameSite: 'Lax', maxAgeSeconds: CHOSEN_SECONDS })
}

export function noChosenLanguage(): string {
  return serialiseCookie(LANGUAGE_COOKIE, '', { sameSite: 'Lax', maxAgeSeconds: 0 })
}

export function askedLanguages(tags: readonly string[], { path, seconds }: { readonly path: string; readonly seconds: number }): string {
  return serialiseCookie(ASKED_COOKIE, tags.join('.'), { path, sameSite: 'Lax', maxAgeSeconds: seconds })
}

export function askedLanguagesOf(reader: SentCookies): readonly string[] {
  return languageTags(cookieOf(reader, ASKED_COOKIE) ?? '', '.')
}

/** What comes first of this that is offered is spoken. `asked`: by the app, in this request itself. */
export function wantedLanguages(reader: LanguageReader, asked?: readonly string[]): readonly string[] {
  return [
    ...(asked ?? askedLanguagesOf(reader)),
    ...languageTags(cookieOf(reader, LANGUAGE_COOKIE) ?? '', '.'),
    ...acceptedLanguages(reader.request.headers['accept-language']),
  ]
}

/** RFC 9110 section 12.5.4: the ranges by their weight, without those that weigh nothing. */
export function acceptedLanguages(header: string | undefined): string[] {
  const entries = (header ?? '').slice(0, 500).split(',').slice(0, MAX_RANGES)
  const weighed = entries.map((entry) => {
    const [range = '', ...parameters] = entry.split(';').map((part) => part.trim())
    const weight = parameters.find((parameter) => /^q=/i.test(parameter))?.slice(2)
    return { range, weight: weight === undefined ? 1 : Number(weight) }
  })
  return weighed
    .filter(({ range, weight }) => isLanguageTag(range) && weight > 0)
    .toSorted((a, b) => b.weight - a.weight)
    .map(({ range }) => range)
}

/** RFC 4647 section 3.4: as it is, or by a shorter tag. `offered`: by tags in small letters. */
export function lookUpLanguage<T>(offered: ReadonlyMap<string, T>, range: string): T | undefined {
  const parts = range.toLowerCase().split('-')
  for (let length = parts.length; length > 0; length -= 1) {
    const found = offered.get(parts.slice(0, length).join('-'))
    if (found !== undefined) return found
  }
  return undefined
}
