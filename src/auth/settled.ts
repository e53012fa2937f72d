// Decisions that others may overtake: taken on what is stored now, and again when somebody was faster. Of many at once one wins each time, so those who lose
// keep out of each other's way by chance: with a fixed number of tries in a row, most of a class that joins at once would be turned away.
import { setTimeout as delay } from 'node:timers/promises'
import type { Call } from '#kernel/call.ts'
import { authErrors } from './errors.ts'

/** Nobody waits longer for an answer. */
const LONGEST_MS = 5000
const FIRST_PAUSE_MS = 4
const LONGEST_PAUSE_MS = 250

/** `auth.changed_meanwhile` when others are faster all the time, or nobody waits for it any more. */
export async function settled<Result>(decide: () => Promise<Result | 'moved'>, call?: Pick<Call, 'signal'>): Promise<Result> {
  const began = performance.now()
  for (let round = 0; ; round += 1) {
    const result = await decide()
    if (result !== 'moved') return result
    if (performance.now() - began > LONGEST_MS || call?.signal.aborted === true) throw authErrors.changed_meanwhile()
    // Whoever lost once has met one other, who is done.
    if (round > 0) await delay(Math.random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** round))
  }
}
