// What the frame of every page needs to know: names, texts and language of this answer.
import type { Exchange } from '#kernel/http/route.ts'
import { languageOf } from '../texts/language.ts'
import type { Speech } from '../texts/speech.ts'
import type { Looks } from '../theme/looks.ts'
import type { Skin } from './layout.ts'

export interface FrameSettings {
  readonly productName: string
  /** The front page of the app. */
  readonly home: string
  readonly speech: Speech
  readonly looks: Looks
}

export const LANGUAGE_PATH = '/language'
/** A longer way back is cut to its path. */
export const MAX_BACK = 2000

interface Shown {
  /** Where the same page is shown in another language. */
  readonly here?: string
  /** Of the request itself, where it has them. */
  readonly uiLocales?: unknown
}

export function skinFor({ productName, home, speech, looks }: FrameSettings, exchange: Exchange, { here, uiLocales }: Shown = {}): Skin {
  const language = languageOf(speech, exchange, uiLocales)
  const whole = here ?? (exchange.search === '' ? exchange.path : `${exchange.path}?${exchange.search}`)
  const back = whole.length > MAX_BACK ? exchange.path : whole
  return {
    productName,
    home,
    looks,
    nonce: exchange.nonce(),
    texts: speech.textsOf(language),
    language,
    here: here === exchange.path ? undefined : here,
    languages: speech.languages.map(({ tag, name }) => ({
      tag,
      name,
      path: `${LANGUAGE_PATH}?${new URLSearchParams({ to: tag, back }).toString()}`,
    })),
  }
}
