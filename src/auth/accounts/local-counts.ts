// What this process remembers of counts and closed gates, bounded. Strangers choose many of the keys, and must not push out what keeps somebody else's door
// closed: each kind of key has room of its own, gates apart from counts, and what weighs least goes first.
import type { Clock } from '#kernel/clock.ts'

/** Of one kind, counts and gates each. */
export const MAX_LOCAL = 20_000
const WEIGHTS = 64

interface Entry {
  readonly value: number
  readonly expiresAt: number
  readonly weight: number
}

/** Entries by weight: how high a count is, or for how long a gate was closed. */
class Kept {
  readonly #entries = new Map<string, Entry>()
  /** The names of each weight, oldest first. */
  readonly #byWeight = Array.from({ length: WEIGHTS }, () => new Set<string>())
  #insertedSinceSweep = 0

  /** That has not expired. */
  get(key: string, now: number): Entry | undefined {
    const entry = this.#entries.get(key)
    return entry === undefined || entry.expiresAt <= now ? undefined : entry
  }

  /** What had to go for it, unless it had expired. */
  set(key: string, { weight, ...entry }: Entry, now: number): Entry | undefined {
    this.delete(key)
    const gone = this.#entries.size >= MAX_LOCAL ? this.#makeRoom(now) : undefined
    const within = Math.min(Math.max(weight, 0), WEIGHTS - 1)
    this.#entries.set(key, { ...entry, weight: within })
    this.#byWeight[within]?.add(key)
    this.#insertedSinceSweep += 1
    return gone
  }

  delete(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    this.#byWeight[entry.weight]?.delete(key)
  }

  #makeRoom(now: number): Entry | undefined {
    // Looking through all of it only now and then: whoever fills it would have us do nothing else.
    if (this.#insertedSinceSweep * 8 >= MAX_LOCAL) {
      this.#insertedSinceSweep = 0
      for (const [key, { expiresAt }] of this.#entries) if (expiresAt <= now) this.delete(key)
      if (this.#entries.size < MAX_LOCAL) return undefined
    }
    const [weakest] = this.#byWeight.find((keys) => keys.size > 0) ?? []
    if (weakest === undefined) return undefined
    const gone = this.get(weakest, now)
    this.delete(weakest)
    return gone
  }
}

/** Kinds whose counts were never forgotten too early, whatever it costs: what is guessed at. */
const NEVER_TOO_LOW: ReadonlySet<string> = new Set(['account'])

interface Kind {
  readonly counts: Kept
  readonly gates: Kept
  /** The highest count that had to go and would still count: whoever is new may be the one that it was of. */
  floor: { readonly value: number; readonly expiresAt: number }
}

export class LocalCounts {
  /** Few: what stands before the first colon of a key is written in our code. */
  readonly #kinds = new Map<string, Kind>()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  count(key: string): number {
    const kind = this.#kindOf(key)
    return kind.counts.get(key, this.#clock.now())?.value ?? this.#floorOf(kind)
  }

  add(key: string, by: number, ttlMs: number): number {
    const now = this.#clock.now()
    const kind = this.#kindOf(key)
    const before = kind.counts.get(key, now)
    const floor = this.#floorOf(kind)
    const value = Math.max(0, (before?.value ?? floor) + by)
    // Nothing is kept of what was taken back.
    if (value <= floor && by <= 0) {
      kind.counts.delete(key)
      return value
    }
    const gone = kind.counts.set(key, { value, expiresAt: before?.expiresAt ?? now + ttlMs, weight: value }, now)
    if (gone !== undefined && NEVER_TOO_LOW.has(nameOf(key)))
      kind.floor = { value: Math.max(floor, gone.value), expiresAt: Math.max(kind.floor.expiresAt, gone.expiresAt) }
    return value
  }

  forget(key: string): void {
    this.#kindOf(key).counts.delete(key)
  }

  /** Until when its gate is closed; 0 for one that is open. */
  closedUntil(key: string): number {
    return this.#kindOf(key).gates.get(key, this.#clock.now())?.value ?? 0
  }

  close(key: string, ms: number): void {
    const now = this.#clock.now()
    const until = now + ms
    this.#kindOf(key).gates.set(key, { value: until, expiresAt: until, weight: 32 - Math.clz32(ms) }, now)
  }

  open(key: string): void {
    this.#kindOf(key).gates.delete(key)
  }

  #kindOf(key: string): Kind {
    const name = nameOf(key)
    const known = this.#kinds.get(name)
    if (known !== undefined) return known
    const made: Kind = { counts: new Kept(), gates: new Kept(), floor: { value: 0, expiresAt: 0 } }
    this.#kinds.set(name, made)
    return made
  }

  #floorOf({ floor }: Kind): number {
    return floor.expiresAt > this.#clock.now() ? floor.value : 0
  }
}

function nameOf(key: string): string {
  const end = key.indexOf(':')
  return end === -1 ? key : key.slice(0, end)
}
