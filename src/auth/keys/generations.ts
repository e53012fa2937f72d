// Which key of an algorithm signs, which ones are published beside it, and when the next one is due: decisions on plain data.
//
//   next      published, does not sign yet: everybody who keeps our key set has it before it is used
//   current   signs
//   previous  signs no more, and is published while something that it signed may still be shown
//   revoked   is neither used nor published

/** How long others may keep our key set (`max-age` of the JWKS). */
export const KEY_SET_SECONDS = 300
/** Every process looks for keys of the others this often. */
export const LOOK_MS = 1000
/** A key that is wanted soon waits this long: what others keep of our key set is older by then, and every process has the key. */
export const PUBLISHED_BEFORE_USE_MS = KEY_SET_SECONDS * 1000 + 60_000
/**
 * A key that is wanted now waits until every process has it: each has to look and to be set up anew, and a gateway that has read the set just before may
 * read it again after a second.
 */
export const KNOWN_HERE_MS = 3 * LOOK_MS
/** How long operators are shown what they have revoked. */
export const REVOKED_SHOWN_MS = 31 * 86_400_000
/** For clocks that do not agree. */
const LONGER_MS = 86_400_000

/**
 * Access tokens live for minutes and ID tokens for an hour, but an ID token is also what a client names the session with that it wants to end, and it is
 * taken as long as that session lasts, expired or not (OpenID Connect RP-Initiated Logout section 2). The last one that a key has signed may name a
 * session that was just begun.
 */
export function publishedAfterUseMs(longestSessionMs: number): number {
  return longestSessionMs + LONGER_MS
}

/** A scheduled key is published this long before it is used. */
const ANNOUNCED_MS = 86_400_000

export interface Generation {
  readonly id: string
  readonly generation: number
  /** Epoch milliseconds. */
  readonly activeFrom: number
  readonly revokedAt?: number | undefined
}

export interface Arranged<G extends Generation> {
  readonly current: G | undefined
  readonly next: readonly G[]
  readonly previous: readonly G[]
  readonly revoked: readonly G[]
  /** To be removed. */
  readonly gone: readonly G[]
}

export interface Arranging {
  readonly now: number
  /** How long a key is published that signs no more. */
  readonly afterUseMs: number
}

/** `newestFirst` are all generations of one algorithm. */
export function arrange<G extends Generation>(newestFirst: readonly G[], { now, afterUseMs }: Arranging): Arranged<G> {
  const usable = newestFirst.filter(({ revokedAt }) => revokedAt === undefined)
  const revoked = newestFirst.filter(({ revokedAt }) => revokedAt !== undefined && revokedAt + REVOKED_SHOWN_MS > now)
  // A clock that is behind must not leave us without a key: then the one that begins first.
  const at = usable.findIndex(({ activeFrom }) => activeFrom <= now)
  const split = at === -1 ? usable.length - 1 : at
  const isPublished = (_generation: G, index: number): boolean => {
    const follower = usable[split + index]
    return follower !== undefined && follower.activeFrom + afterUseMs > now
  }
  const previous = usable.slice(split + 1).filter(isPublished)
  const current = usable[split]
  const next = usable.slice(0, Math.max(0, split))
  const kept = new Set([...next, current, ...previous, ...revoked])
  return { current, next, previous, revoked, gone: newestFirst.filter((generation) => !kept.has(generation)) }
}

/** When the next key has to be made now: the moment from which it signs. */
export function nextDue(arranged: Arranged<Generation>, now: number, periodMs: number): number | undefined {
  const { current, next } = arranged
  if (periodMs === 0 || current === undefined || next.length > 0) return undefined
  const wanted = current.activeFrom + periodMs
  return wanted - ANNOUNCED_MS <= now ? Math.max(wanted, now + PUBLISHED_BEFORE_USE_MS) : undefined
}
