// In which language to speak: ours and the app's own texts joined at start, and the choice among them for one reader (RFC 4647 lookup).
import { type Html, html, isHtml } from '#kernel/html.ts'
import { lookUpLanguage } from '#kernel/http/accept-language.ts'
import type { Logger } from '#kernel/log.ts'
import { directionOf, isolated, type TextDirection } from '#kernel/text-direction.ts'
import type { AuthDefinition } from '../contract.ts'
import { de } from './de.ts'
import { en, type Texts } from './en.ts'
import { waitWords } from './wait.ts'

export interface Speech {
  /** What people can choose from, in the order of the definition; the first is for those who ask for none of them. */
  readonly languages: readonly { readonly tag: string; readonly name: string }[]
  /** The texts of a language that is offered, or those of the first. */
  textsOf(tag: string): Texts
  /** The first of what is wanted that is offered, as it is or by a shorter tag: `de-AT` finds `de`. */
  match(wanted: readonly string[]): string | undefined
  readonly fallback: string
  /** What the gateway says on its pages, by language. */
  readonly gatewayTexts: ReadonlyMap<string, GatewayTexts>
  gatewayTextsOf(tag: string): GatewayTexts
}

/** `language` is English where the texts are. */
export type GatewayTexts = Texts['gateway'] &
  Pick<Texts['frame'], 'requestNumber'> & { readonly language: string; wait(this: void, seconds: number): string }

const OURS: Readonly<Record<string, Texts>> = { en, de }

interface Offer {
  readonly languages?: readonly string[] | undefined
  readonly texts?: Readonly<Record<string, unknown>> | undefined
}

/** The first is for those who ask for none of them. */
export function offeredLanguages({ languages, texts = {} }: Offer): readonly string[] {
  return languages ?? [...new Set([...Object.keys(OURS), ...Object.keys(texts)])]
}

/** Says that a text of the app's own threw; the built-in one is shown. */
export type TextFailed = (failure: { readonly language: string; readonly text: string; readonly error: unknown }) => void

export function createSpeech(definition: Pick<AuthDefinition, 'languages' | 'texts'> = {}, failed: TextFailed = () => {}): Speech {
  const { texts: own = {} } = definition
  const tags = offeredLanguages(definition)
  const joined = tags.map((tag) => {
    const base = baseOf(tag) ?? en
    const texts = join(base, own[tag], { language: tag, path: '', failed })
    const apart = setApart(texts, own[tag], directionOf(tag))
    return [tag, isTexts(apart) ? apart : base] as const
  })
  const byTag = new Map(joined)
  const lower = new Map(tags.map((tag) => [tag.toLowerCase(), tag]))
  const fallback = tags[0] ?? 'en'
  const isSaid = (tag: string): boolean => isOurs(tag) || own[tag]?.gateway !== undefined
  const gatewayTexts = new Map(joined.map(([tag, texts]) => [tag, gatewayTextsIn(isSaid(tag) ? tag : 'en', texts)]))
  return {
    languages: joined.map(([tag, texts]) => ({ tag, name: texts.languageName })),
    textsOf: (tag) => byTag.get(tag) ?? byTag.get(fallback) ?? en,
    match: (wanted) => wanted.map((range) => lookUpLanguage(lower, range)).find((tag) => tag !== undefined),
    fallback,
    gatewayTexts,
    gatewayTextsOf: (tag) => gatewayTexts.get(tag) ?? gatewayTextsIn('en', en),
  }
}

function gatewayTextsIn(language: string, texts: Texts): GatewayTexts {
  const { gateway, frame } = texts
  return { ...gateway, requestNumber: frame.requestNumber, wait: (seconds) => waitWords(texts, seconds), language }
}

/** Whether it is a language of ours, or a kind of one: others need texts of the app under exactly their tag, or their pages would be ours under its name. */
export const isOurs = (tag: string): boolean => baseOf(tag) !== undefined

/** A kind of ours (`de-AT`) says as we do what it lacks; a language that is not ours says that in English. */
function baseOf(tag: string): Texts | undefined {
  return OURS[tag.split('-')[0] ?? '']
}

/** The same, with a line in the log for each text of the app that throws. */
export function loggedSpeech(definition: AuthDefinition | undefined, logger: Logger): Speech {
  return createSpeech(definition, ({ language, text, error }) => {
    logger.error({ event: 'auth.text_failed', language, text, err: error }, 'a text of the app failed')
  })
}

interface Joining {
  readonly language: string
  readonly path: string
  readonly failed: TextFailed
}

/** `join` keeps every member of its base, so the joined value is as whole as the base is. */
function isTexts(value: unknown): value is Texts {
  return typeof value === 'object' && value !== null
}

function join(base: unknown, own: unknown, joining: Joining): unknown {
  if (own === undefined) return base
  if (typeof base === 'function') return guarded(base, own, joining)
  if (typeof base !== 'object') return typeof own === typeof base ? own : base
  const inside = (name: string): Joining => ({ ...joining, path: joining.path === '' ? name : `${joining.path}.${name}` })
  const [ours, theirs] = [Object.entries(Object(base)), new Map(Object.entries(Object(own)))]
  return {
    ...Object(own),
    ...Object.fromEntries(ours.map(([name, member]) => [name, join(member, theirs.get(name), inside(name))])),
  }
}

/** Those are no words of a sentence. */
const KEPT: ReadonlySet<string> = new Set(['languageName', 'locale'])

/**
 * Names of people, apps and organisations come into sentences as text: one that is written the other way must not turn round what is beside it. Nor may a
 * sentence of ours in a language that goes the other way and lacks it.
 */
function setApart(text: unknown, own: unknown, around: TextDirection): unknown {
  if (typeof text === 'object') {
    const theirs = new Map(Object.entries(Object(own)))
    const members = Object.entries(Object(text)).map(([name, member]) => [
      name,
      KEPT.has(name) ? member : setApart(member, theirs.get(name), around),
    ])
    return Object.fromEntries(members)
  }
  const isForeign = own === undefined && around === 'rtl'
  const whole = (said: unknown): unknown => (isForeign ? inEnglish(said) : said)
  if (typeof text !== 'function') return whole(text)
  const within = isForeign ? 'ltr' : around
  return (...values: unknown[]): unknown =>
    whole(text(...values.map((value) => (typeof value === 'string' ? isolated(value, within) : value))))
}

function inEnglish(said: unknown): unknown {
  return isHtml(said) ? html`<bdi lang="en" dir="ltr">${said}</bdi>` : `\u2066${String(said)}\u2069`
}

/** Foreign code must not take a page away. */
function guarded(base: Function, own: unknown, { language, path, failed }: Joining): unknown {
  if (typeof own !== 'function') return base
  return (...values: unknown[]): Html | string => {
    try {
      const text: unknown = own(...values)
      if (typeof text === 'string') return text
      if (isHtml(text)) return text
      throw new TypeError('The text is neither a string nor made with html`...`')
    } catch (error) {
      failed({ language, text: path, error })
      return base(...values)
    }
  }
}
