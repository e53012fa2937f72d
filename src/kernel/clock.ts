// Time as a dependency: services never ask the machine, so that tests own the clock.

export interface Clock {
  /** Epoch milliseconds. */
  now(): number
}

export const systemClock: Clock = { now: () => Date.now() }
