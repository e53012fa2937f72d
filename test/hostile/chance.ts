// Random choices that can be repeated: one seed, one run.

export interface Chance {
  /** From 0 up to, not including, 1. */
  next(): number
  below(limit: number): number
  /** True with this probability. */
  is(probability: number): boolean
  pick<T>(choices: readonly T[]): T
}

/** Mulberry32: small, fast, and good enough for choosing what to try. */
export function chanceFrom(seed: number): Chance {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  return {
    next,
    below,
    is: (probability) => next() < probability,
    pick: (choices) => {
      const choice = choices[below(choices.length)]
      if (choice === undefined) throw new Error('There is nothing to choose from.')
      return choice
    },
  }
}
