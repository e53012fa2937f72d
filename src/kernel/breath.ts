// Long requests let others in between their steps: what takes milliseconds of this thread in one go makes everybody else wait for milliseconds.

// So long may a turn of the event loop last before who asks gives way.
const LONG_MS = 0.1
// Of those who wait, one in so many goes on in each turn: few at a time, so that what came in meanwhile is answered.
const SHARE = 8
// At most, however many wait.
const MOST = 4
// Turns that have become long before those who wait could go on are left as they are, but not for longer than this.
const PATIENCE_MS = 1

const waiting: (() => void)[] = []
// When the first request of this turn came in, or when it was asked first in it.
let turnBegan: number | undefined
// Since when turns have been left.
let leftSince: number | undefined
let isScheduled = false

/** At the end of a turn, when what has come in with it has been begun. */
function goOn(): void {
  if (waiting.length === 0) return
  const now = performance.now()
  if (turnBegan !== undefined && now - turnBegan >= LONG_MS) {
    leftSince ??= now
    if (now - leftSince < PATIENCE_MS) return
  }
  leftSince = undefined
  turnBegan = now
  for (const resume of waiting.splice(0, Math.min(MOST, Math.ceil(waiting.length / SHARE)))) resume()
}

/** Behind it, when those who went on have given way again or are done. */
function endTurn(): void {
  isScheduled = false
  turnBegan = undefined
  if (waiting.length > 0) schedule()
}

function schedule(): void {
  if (isScheduled) return
  isScheduled = true
  setImmediate(goOn)
  setImmediate(endTurn)
}

function wait(): Promise<void> {
  return new Promise((resolve) => waiting.push(resolve))
}

/** At the beginning of each request: what it needs before it can give way is part of the turn as well. */
export function turnHasBegun(now: number): void {
  turnBegan ??= now
  schedule()
}

/** To be awaited between the steps of a long request. `undefined` when this turn of the event loop is young: then there is nothing to wait for. */
export function breath(): Promise<void> | undefined {
  const now = performance.now()
  turnBegan ??= now
  schedule()
  return waiting.length === 0 && now - turnBegan < LONG_MS ? undefined : wait()
}

/**
 * To be awaited where one event lets several requests go on. By `breath` all of them would pass, since all ask before any of them has begun to work: here the
 * first one passes, and the others wait.
 */
export function ownTurn(): Promise<void> | undefined {
  const isFirst = turnBegan === undefined && waiting.length === 0
  turnBegan ??= performance.now()
  schedule()
  return isFirst ? undefined : wait()
}
