// Many that change one record at once, each from what it has read: one of them is first each time. Whoever waits for a random while, the longer the more
// often they were late, comes when the others are through; whoever comes back at once runs out of rounds.
import { setTimeout as delay } from 'node:timers/promises'

const FIRST_MS = 4
const MOST_MS = 128

/** In front of each try; `late` is how often it was in vain. */
export async function apart(late: number): Promise<void> {
  if (late > 0) await delay(Math.random() * Math.min(MOST_MS, FIRST_MS * 2 ** (late - 1)))
}
