// A clock that stands still until the test moves it.
import type { Clock } from '../../src/kernel/clock.ts'

export interface FakeClock extends Clock {
  advance(ms: number): void
}

export function fakeClock(start = Date.UTC(2026, 0, 5, 12)): FakeClock {
  let now = start
  return {
    now: () => now,
    advance(ms) {
      now += ms
    },
  }
}
