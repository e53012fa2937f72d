// What runs beside what.
import { availableParallelism } from 'node:os'

/** A light task waits for most of its time, for a clock or a database; a heavy one is several processes, or a browser. Places are what both take of the machine. */
const PLACES = 3 * availableParallelism()
const HEAVY = 2
/** While there are light tasks to fill its waits. Later there are as many as there is room for. */
const HEAVY_AT_ONCE = availableParallelism()

interface Handling<T, R> {
  readonly run: (task: T) => Promise<R>
}

/** Each in its turn, so many at once. */
export async function atOnce<T, R>(tasks: readonly T[], { most, run }: Handling<T, R> & { readonly most: number }): Promise<R[]> {
  const queue = [...tasks]
  const results: R[] = []
  const worker = async (): Promise<void> => {
    for (let task = queue.shift(); task !== undefined; task = queue.shift()) results.push(await run(task))
  }
  await Promise.all(Array.from({ length: most }, worker))
  return results
}

/** Heavy and light ones side by side, each kind in its order, as long as there are both. */
export async function inPlaces<T, R>(
  tasks: readonly T[],
  { isLight, run }: Handling<T, R> & { readonly isLight: (task: T) => boolean },
): Promise<R[]> {
  const light = tasks.filter(isLight)
  const heavy = tasks.filter((task) => !isLight(task))
  const results: R[] = []
  const underWay = { light: new Set<Promise<unknown>>(), heavy: new Set<Promise<unknown>>() }
  const begin = (task: T, among: Set<Promise<unknown>>): void => {
    const running = run(task)
      .then((result) => results.push(result))
      .finally(() => among.delete(running))
    among.add(running)
  }
  const beginNext = (): boolean => {
    const free = PLACES - HEAVY * underWay.heavy.size - underWay.light.size
    const mayBeHeavy = heavy.length > 0 && free >= HEAVY && (light.length === 0 || underWay.heavy.size < HEAVY_AT_ONCE)
    const next = mayBeHeavy ? heavy.shift() : free > 0 ? light.shift() : undefined
    if (next === undefined) return false
    begin(next, mayBeHeavy ? underWay.heavy : underWay.light)
    return true
  }
  for (;;) {
    while (beginNext()) {
      // As many as there is room for.
    }
    const all = [...underWay.light, ...underWay.heavy]
    if (all.length === 0) return results
    await Promise.race(all)
  }
}
