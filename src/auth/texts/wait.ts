// How long to wait, in the language of the reader.
import type { Texts } from './en.ts'

/** Up to here seconds are easier to read than a minute and some. */
const SHORT_WAIT_SECONDS = 90

export function waitWords({ times }: Pick<Texts, 'times'>, seconds: number): string {
  return seconds < SHORT_WAIT_SECONDS ? times.seconds(seconds) : times.minutes(Math.ceil(seconds / 60))
}
