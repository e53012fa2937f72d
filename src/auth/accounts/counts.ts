// Counts and gates for the throttle. They live in the cache; what this process has seen itself is the floor, so that losing the cache gives no
// guesser a new start.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import type { Cache } from '../../cache/contract.ts'
import { LocalCounts } from './local-counts.ts'

/** What stands before the first colon of a key says what kind it is: kinds do not push each other out. */
export interface Counts {
  /** The sum so far. Looking stores nothing, so whoever may look at many keys takes no room. */
  seen(call: Call, key: string): Promise<number>
  /** The sum after adding. */
  add(call: Call, key: string, options: { readonly by: number; readonly ttlMs: number }): Promise<number>
  forget(call: Call, key: string): Promise<void>
  /** For how many milliseconds the gate stays closed; 0 or less when it is open. */
  closedFor(call: Call, key: string): Promise<number>
  /** True for the one caller that closed it. */
  close(call: Call, key: string, ms: number): Promise<boolean>
  open(call: Call, key: string): Promise<void>
}

/** The cache may be down: then the local count is all there is, and that is enough to refuse. */
async function orUndefined<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch {
    return undefined
  }
}

const countName = (key: string): string => `auth:tries:${key}`
const gateName = (key: string): string => `auth:wait:${key}`

export function createCounts(cache: Cache, clock: Clock): Counts {
  const local = new LocalCounts(clock)
  return {
    async seen(call, key) {
      const everywhere = await orUndefined(cache.get(call, countName(key)))
      return Math.max(local.count(key), Number(everywhere ?? 0))
    },
    async add(call, key, { by, ttlMs }) {
      const here = local.add(key, by, ttlMs)
      const everywhere = await orUndefined(cache.increment(call, countName(key), { by, ttlMs }))
      return Math.max(here, everywhere ?? 0)
    },
    async forget(call, key) {
      local.forget(key)
      await orUndefined(cache.delete(call, countName(key)))
    },
    async closedFor(call, key) {
      const shared = Number((await orUndefined(cache.get(call, gateName(key)))) ?? 0)
      return Math.max(shared, local.closedUntil(key)) - clock.now()
    },
    async close(call, key, ms) {
      if (local.closedUntil(key) > 0) return false
      local.close(key, ms)
      return (await orUndefined(cache.add(call, gateName(key), String(clock.now() + ms), { ttlMs: ms }))) ?? true
    },
    async open(call, key) {
      local.open(key)
      await orUndefined(cache.delete(call, gateName(key)))
    },
  }
}
