// Which way a language is written, and how what people and apps are called stands in a sentence without turning it round (Unicode Standard Annex 9).
import { type Html, html } from './html.ts'

export type TextDirection = 'ltr' | 'rtl'

/** Tags are those of app definitions: few. */
const known = new Map<string, TextDirection>()

export function directionOf(tag: string): TextDirection {
  const found = known.get(tag)
  if (found !== undefined) return found
  const direction = new Intl.Locale(tag).getTextInfo().direction === 'rtl' ? 'rtl' : 'ltr'
  known.set(tag, direction)
  return direction
}

/** The attributes of an element in this language: `dir` where the text around it goes the other way. */
export function spokenIn(tag: string, around = 'en'): Html {
  const direction = directionOf(tag)
  return html`lang="${tag}"${direction === directionOf(around) ? undefined : html` dir="${direction}"`}`
}

/** Explicit embeddings, overrides and isolates: in a name they are there to deceive. */
const CONTROLS = /[\u202a-\u202e\u2066-\u2069]/g
/** Letters of scripts that are written from right to left. */
const FROM_THE_RIGHT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u

/** As `<bdi>` does it, for what may also be a title or a label; as it is where nothing could be turned round. */
export function isolated(text: string, around: TextDirection): string {
  const bare = text.replace(CONTROLS, '')
  return bare === '' || (around === 'ltr' && !FROM_THE_RIGHT.test(bare)) ? bare : `\u2068${bare}\u2069`
}
