// An error in words for a person, and the page that says it.
import type { Html } from '../html.ts'
import type { SiteName } from '../sites.ts'
import type { Exchange } from './route.ts'

/** What is wrong, as an error says it; in English. */
export interface Told {
  readonly status: number
  readonly title: string
  readonly detail?: string | undefined
  /** After which it may be tried again, where that is known. */
  readonly waitSeconds?: number | undefined
}

/** A heading, and what a person can do. */
export interface PageWords {
  readonly title: string
  readonly words: string
}

/** By HTTP status; `fault` is nothing that the person could change. */
export type StatusTexts = { readonly [Status in 401 | 403 | 404 | 413 | 503 | 'fault' | 'other']: PageWords } & {
  /** `after`: in place of `words` where it is known how long to wait. */
  readonly 429: PageWords & { after(this: void, wait: string): string }
}

/** What errors are said with, in one language. */
export interface ProblemTexts {
  /** The tag of the language. */
  readonly language: string
  readonly problems: StatusTexts
  /** `5 minutes`. */
  wait(this: void, seconds: number): string
}

/** `detail` is what the error says beyond that, in English. */
export interface StatusWords extends PageWords {
  readonly detail?: string | undefined
}

/** The page of an error, in the frame of the server whose host was asked. It must work when the database does not. */
export type ProblemPage = (this: void, exchange: Exchange, told: Told) => Html

/** The pages of one site. */
export interface ProblemPageOf {
  readonly site: SiteName
  readonly page: ProblemPage
}

/** What a person can do about it; nothing of what a fault of ours says. */
export function statusWords({ language, problems, wait }: ProblemTexts, { status, title, detail, waitSeconds }: Told): StatusWords {
  const { fault, other, ...known } = problems
  if (status >= 500 && status !== 503) return fault
  if (status === 429 && waitSeconds !== undefined) return { title: known[429].title, words: known[429].after(wait(waitSeconds)) }
  const words = new Map<string, PageWords>(Object.entries(known)).get(String(status))
  if (!/^en\b/i.test(language)) return { ...(words ?? other), detail }
  // Errors are in English: where that is read, what they say themselves is more exact, and nothing is said twice.
  return { title: words?.title ?? title, words: detail ?? words?.words ?? other.words }
}
