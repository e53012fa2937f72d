// Tags of languages as browsers, apps and accounts have them.

/** A language range of RFC 4647 section 2.1, without wildcards; a BCP 47 tag looks the same. */
const RANGE = /^[A-Za-z0-9]{1,8}(?:-[A-Za-z0-9]{1,8}){0,8}$/
/** RFC 5646 section 4.4.1 asks for room for so many characters at least. */
export const MAX_LANGUAGE_TAG = 35

/** In the usual letters (RFC 5646 section 4.5), as those compare it who know few tags; `undefined` for what is none. */
export function canonicalLanguageTag(text: string): string | undefined {
  try {
    const [tag = ''] = Intl.getCanonicalLocales(text)
    return isLanguageTag(tag) ? tag : undefined
  } catch {
    return undefined
  }
}

export function isLanguageTag(text: string): boolean {
  return text.length <= MAX_LANGUAGE_TAG && RANGE.test(text)
}
