// How long a failed try waits for the next one: exponential, with full jitter, so that a crowd of failures does not come back as a crowd.

const FIRST_MS = 2000
const LONGEST_MS = 60 * 60 * 1000

/** `random` gives 0 to below 1. */
export function backoffMs(tries: number, random: () => number): number {
  return Math.floor(random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.max(0, tries - 1)))
}
