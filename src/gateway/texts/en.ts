// What the gateway's pages say, in English.
import type { Refusal } from '../session/relying-party.ts'

export interface Words {
  readonly title: string
  readonly text: string
  /** In English, where errors say more by themselves than the language has words for. */
  readonly detail?: string | undefined
}

export interface Told {
  readonly status: number
  readonly title: string
  readonly detail?: string | undefined
}

export interface PageTexts {
  readonly language: string
  readonly tryAgain: string
  readonly toStart: string
  readonly startAgain: string
  readonly goOn: string
  readonly moment: string
  /** Shown small, so that a person can name it to support. */
  requestNumber(this: void, id: string): string
  readonly refusals: Readonly<Record<Refusal, Words>>
  /** An error, for a person who came here. */
  problem(this: void, told: Told): Words
}

/** Nothing that the reader could change. */
export const isOurFault = (status: number): boolean => status >= 500 && status !== 503

/** By status: what a person can do about it. */
const WORDS: ReadonlyMap<number, string> = new Map([
  [401, 'Please sign in, then try again.'],
  [403, 'This is not open to you, or the page was out of date. Go back, load it again and try once more.'],
  [404, 'There is nothing at this address.'],
  [429, 'That was a lot at once. Wait a moment and try again.'],
  [503, 'This is not available just now. Please try again in a moment.'],
])

export const en: PageTexts = {
  language: 'en',
  tryAgain: 'Try again',
  toStart: 'To the start page',
  startAgain: 'Start again',
  goOn: 'Continue',
  moment: 'One moment',
  requestNumber: (id) => `Request ${id}`,
  refusals: {
    declined: { title: 'Sign-in was cancelled', text: 'Nothing was changed. You can try again whenever you like.' },
    ended: {
      title: 'This sign-in has ended',
      text: 'It took too long, was finished already, or began in another browser. Please start again.',
    },
    failed: { title: 'Sign-in is not available just now', text: 'This is on our side. Please try again in a moment.' },
  },
  problem({ status, title, detail }) {
    if (isOurFault(status)) return { title, text: 'Something went wrong on our side. Please try again.' }
    return { title, text: detail ?? WORDS.get(status) ?? 'This request could not be answered.' }
  },
}
