// In which language the gateway's pages speak: what the browser prefers of what the app offers (RFC 4647 section 3.4), as far as they know it.
import { acceptedLanguages } from '#kernel/http/accept-language.ts'
import { de } from './de.ts'
import { en, type PageTexts } from './en.ts'

/** For the `Accept-Language` header of a request. */
export type Speaker = (this: void, acceptLanguage: string | undefined) => PageTexts

const OURS: ReadonlyMap<string, PageTexts> = new Map([
  ['en', en],
  ['de', de],
])

const textsOf = (tag: string): PageTexts | undefined => OURS.get(tag.toLowerCase().split('-')[0] ?? '')

/** `offered`: the languages of the app, the first for who asks for none of them; all unless told. */
export function createSpeaker(offered: readonly string[] = [...OURS.keys()]): Speaker {
  const known = new Set(offered.flatMap((tag) => textsOf(tag) ?? []))
  const [fallback = en] = known
  return (acceptLanguage) =>
    acceptedLanguages(acceptLanguage)
      .map(textsOf)
      .find((texts) => texts !== undefined && known.has(texts)) ?? fallback
}
