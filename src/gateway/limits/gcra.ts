// The generic cell rate algorithm: one number per key, exact at any moment, no burst at the edge of a window.

export interface Allowance {
  readonly allowed: boolean
  /** Requests that would be allowed at once now. */
  readonly remaining: number
  /** Until the whole quota is there again. */
  readonly resetMs: number
  /** Until one more is allowed; 0 when one is. */
  readonly retryMs: number
}

export interface Limiter {
  readonly quota: number
  readonly windowMs: number
  take(key: string, nowMs: number): Allowance
}

/** Memory for at most so many keys. Forgetting the idlest is all that an attacker with more addresses gains. */
export const MAX_KEYS = 100_000

export function createLimiter(quota: number, windowMs: number, maxKeys = MAX_KEYS): Limiter {
  const interval = windowMs / quota
  // Two generations instead of a list in order of use: a key that is used moves to the young one, the old one is dropped whole.
  let young = new Map<string, number>()
  let old = new Map<string, number>()
  return {
    quota,
    windowMs,
    take(key, nowMs) {
      // The theoretical arrival time: when the key's quota will be whole again.
      const due = Math.max(young.get(key) ?? old.get(key) ?? 0, nowMs)
      const next = due + interval
      const over = next - nowMs - windowMs
      // Half an interval would be a whole request; less is the dust of the division.
      if (over > interval / 1e6) return { allowed: false, remaining: 0, resetMs: due - nowMs, retryMs: over }
      young.set(key, next)
      if (young.size * 2 >= maxKeys) {
        old = young
        young = new Map()
      }
      return { allowed: true, remaining: Math.floor((windowMs - (next - nowMs)) / interval + 1e-6), resetMs: next - nowMs, retryMs: 0 }
    },
  }
}
