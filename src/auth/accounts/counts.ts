// Counts and gates for the throttle. They live in the cache; what this process has seen itself is the floor, so that losing the cache gives no
// guesser a new start.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import type { Cache } from '../../cache/contract.ts'

export interface Counts {
  /** The sum after adding. */
  add(call: Call, key: string, options: { readonly by: number; readonly ttlMs: number }): Promise<number>
  forget(call: Call, key: string): Promise<void>
  /** For how many milliseconds the gate stays closed; 0 or less when it is open. */
  closedFor(call: Call, key: string): Promise<number>
  /** True for the one caller that closed it. */
  close(call: Call, key: string, ms: number): Promise<boolean>
  open(call: Call, key: string): Promise<void>
}

const MAX_LOCAL = 20_000

interface LocalEntry {
  value: number
  readonly expiresAt: number
}

/** What this process remembers, bounded: the oldest entry goes first. */
class LocalCounts {
  readonly #entries = new Map<string, LocalEntry>()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get(key: string): number {
    const entry = this.#entries.get(key)
    return entry === undefined || entry.expiresAt <= this.#clock.now() ? 0 : entry.value
  }

  add(key: string, by: number, ttlMs: number): number {
    const now = this.#clock.now()
    const entry = this.#entries.get(key)
    if (entry !== undefined && entry.expiresAt > now) {
      entry.value = Math.max(0, entry.value + by)
      return entry.value
    }
    this.delete(key)
    const oldest = this.#entries.size >= MAX_LOCAL ? this.#entries.keys().next().value : undefined
    if (oldest !== undefined) this.#entries.delete(oldest)
    this.#entries.set(key, { value: Math.max(0, by), expiresAt: now + ttlMs })
    return Math.max(0, by)
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }
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
    async add(call, key, { by, ttlMs }) {
      const here = local.add(countName(key), by, ttlMs)
      const everywhere = await orUndefined(cache.increment(call, countName(key), { by, ttlMs }))
      return Math.max(here, everywhere ?? 0)
    },
    async forget(call, key) {
      local.delete(countName(key))
      await orUndefined(cache.delete(call, countName(key)))
    },
    async closedFor(call, key) {
      const shared = Number((await orUndefined(cache.get(call, gateName(key)))) ?? 0)
      return Math.max(shared, local.get(gateName(key))) - clock.now()
    },
    async close(call, key, ms) {
      const until = clock.now() + ms
      if (local.get(gateName(key)) > 0) return false
      local.add(gateName(key), until, ms)
      return (await orUndefined(cache.add(call, gateName(key), String(until), { ttlMs: ms }))) ?? true
    },
    async open(call, key) {
      local.delete(gateName(key))
      await orUndefined(cache.delete(call, gateName(key)))
    },
  }
}
