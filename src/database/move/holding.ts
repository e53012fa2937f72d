// Holds writes for less than a second while something is done that must not be disturbed. What takes longer is given up, and writes go on.
import type { Relay } from './relay.ts'

const HOLD_MS = 700
/** Timers may be early. */
const MARGIN_MS = 50

/** Thrown when the time was up. Nothing has changed; try again. */
export class HeldTooLong extends Error {
  override readonly name = 'HeldTooLong'
}

/** `inTime` throws when the time is up: call it right before what cannot be taken back, and let nothing be awaited in between. */
export async function whileHeld<T>(relay: Relay, work: (inTime: () => void) => Promise<T>): Promise<T> {
  const until = performance.now() + HOLD_MS - MARGIN_MS
  const inTime = (): void => {
    if (performance.now() > until) throw new HeldTooLong('Writes were held too long.')
  }
  const doing = (async () => {
    await relay.hold()
    inTime()
    return await work(inTime)
  })()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), HOLD_MS)
  })
  try {
    const first = await Promise.race([doing, late])
    if (first !== 'late') return first
    // It sees for itself that it is late. Until it has ended, nobody may begin again.
    relay.release()
    return await doing
  } finally {
    clearTimeout(timer)
    relay.release()
  }
}
