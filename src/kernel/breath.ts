// Long requests let others in between their steps: what takes milliseconds of this thread in one go makes everybody else wait for milliseconds.

/** So long may a turn of the event loop last before who asks gives way. */
const LONG_MS = 0.2
/** Of those who wait, one in so many goes on in each turn: few at a time, so that what came in meanwhile is answered. */
const SHARE = 8
/** At most, however many wait. */
const MOST = 4

const waiting: (() => void)[] = []
/** When it was asked first in this turn. */
let turnBegan: number | undefined
let scheduled = false

function nextTurn(): void {
  scheduled = false
  turnBegan = undefined
  if (waiting.length === 0) return
  turnBegan = performance.now()
  for (const goOn of waiting.splice(0, Math.min(MOST, Math.ceil(waiting.length / SHARE)))) goOn()
  schedule()
}

function schedule(): void {
  if (scheduled) return
  scheduled = true
  setImmediate(nextTurn)
}

/** To be awaited between the steps of a long request. `undefined` when this turn of the event loop is young: then there is nothing to wait for. */
export function breath(): Promise<void> | undefined {
  const now = performance.now()
  turnBegan ??= now
  schedule()
  if (waiting.length === 0 && now - turnBegan < LONG_MS) return undefined
  return new Promise((resolve) => waiting.push(resolve))
}
