// Tags of languages as browsers and accounts have them.

/** A language range of RFC 4647 section 2.1, without wildcards: whatever is a BCP 47 tag is one. */
const RANGE = /^[A-Za-z0-9]{1,8}(?:-[A-Za-z0-9]{1,8}){0,4}$/

export function isLanguageTag(text: string): boolean {
  return RANGE.test(text)
}
