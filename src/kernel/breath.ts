// Long requests let others in between their steps: what takes milliseconds of this thread in one go makes everybody else wait for milliseconds.

/** So long may a turn of the event loop last before who asks gives way. */
const LONG_MS = 0.2
/** Of those who wait, one in so many goes on in each turn: few at a time, so that what came in meanwhile is answered. */
const SHARE = 8
/** At most, however many wait. */
const MOST = 4
/** So many turns in a row may be filled by what has come in, before those who wait go on all the same. */
const PATIENCE = 3

const waiting: (() => void)[] = []
/** When it was asked first in this turn. */
let turnBegan: number | undefined
let scheduled = false
let ends = false
let filled = 0

/** In each turn, after what has come in with it. */
function goOn(): void {
  scheduled = false
  if (waiting.length === 0) {
    turnBegan = undefined
    return
  }
  const now = performance.now()
  schedule()
  if (filled < PATIENCE && turnBegan !== undefined && now - turnBegan >= LONG_MS) {
    filled += 1
    return
  }
  filled = 0
  turnBegan = now
  for (const resume of waiting.splice(0, Math.min(MOST, Math.ceil(waiting.length / SHARE)))) resume()
}

/** After those who went on have given way again: what comes in then is asked for in the next turn. */
function endTurn(): void {
  ends = false
  turnBegan = undefined
  if (waiting.length > 0) schedule()
}

function schedule(): void {
  if (!scheduled) {
    scheduled = true
    setImmediate(goOn)
  }
  if (!ends && waiting.length > 0) {
    ends = true
    setImmediate(endTurn)
  }
}

/** To be awaited between the steps of a long request. `undefined` when this turn of the event loop is young: then there is nothing to wait for. */
export function breath(): Promise<void> | undefined {
  const now = performance.now()
  turnBegan ??= now
  schedule()
  if (waiting.length === 0 && now - turnBegan < LONG_MS) return undefined
  return wait()
}

/** The same for those who may be answered together: all but the first would ask before any of them has begun to work. */
export function ownTurn(): Promise<void> | undefined {
  const isFirst = turnBegan === undefined && waiting.length === 0
  turnBegan ??= performance.now()
  schedule()
  return isFirst ? undefined : wait()
}

function wait(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve)
    schedule()
  })
}
