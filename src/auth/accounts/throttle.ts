// Slows guessing down: some tries are free, then each next one must wait twice as long, up to a limit that is never for ever.
import type { Call } from '#kernel/call.ts'
import type { AppError } from '#kernel/errors.ts'
import { authErrors } from '../errors.ts'
import type { Counts } from './counts.ts'

export interface ThrottleRule {
  /** Tries within the window that need not wait. */
  readonly free: number
  readonly firstWaitMs: number
  readonly longestWaitMs: number
  readonly windowMs: number
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** About ten guesses per account and hour. */
export const PER_ACCOUNT: ThrottleRule = { free: 3, firstWaitMs: 30_000, longestWaitMs: 30 * MINUTE, windowMs: HOUR }
/** Many people may share an address, so it is given more. */
export const PER_CLIENT: ThrottleRule = { free: 30, firstWaitMs: 2000, longestWaitMs: 5 * MINUTE, windowMs: HOUR }

/** One try at one or more doors. */
export interface Attempt {
  /** The try was honest: what it counted is taken back, and doors that are named are open again. */
  succeed(forget: readonly string[]): Promise<void>
  /** The try never came to a verdict, for example because the queue was full. */
  cancel(): Promise<void>
}

export interface Throttle {
  /** Counts a try at every door. Throws `auth.too_many_tries` with `Retry-After` while one of them is closed; such a try counts nowhere. */
  enter(call: Call, doors: readonly { readonly key: string; readonly rule: ThrottleRule }[]): Promise<Attempt>
  /** How often within the window, this time included. */
  count(call: Call, key: string, windowMs: number): Promise<number>
}

export function waitAfter(tries: number, rule: ThrottleRule): number {
  if (tries <= rule.free) return 0
  return Math.min(rule.longestWaitMs, rule.firstWaitMs * 2 ** (tries - rule.free - 1))
}

function refusal(waitMs: number): AppError {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000))
  return authErrors.too_many_tries({
    detail: `Please wait ${inWords(seconds)} and try again.`,
    headers: { 'retry-after': String(seconds) },
  })
}

function inWords(seconds: number): string {
  if (seconds < 90) return seconds === 1 ? 'a second' : `${seconds} seconds`
  return `${Math.ceil(seconds / 60)} minutes`
}

export function createThrottle(counts: Counts): Throttle {
  return {
    count: (call, key, windowMs) => counts.add(call, key, { by: 1, ttlMs: windowMs }),
    async enter(call, doors) {
      for (const { key } of doors) {
        const waitMs = await counts.closedFor(call, key)
        if (waitMs > 0) throw refusal(waitMs)
      }
      const undo: (() => Promise<unknown>)[] = []
      const cancel = async (): Promise<void> => {
        await Promise.all(undo.map((step) => step()))
      }
      for (const { key, rule } of doors) {
        const tries = await counts.add(call, key, { by: 1, ttlMs: rule.windowMs })
        undo.push(() => counts.add(call, key, { by: -1, ttlMs: rule.windowMs }))
        const waitMs = waitAfter(tries, rule)
        if (waitMs === 0) continue
        // At most one of many simultaneous tries finds the gate open.
        if (!(await counts.close(call, key, waitMs))) {
          await cancel()
          throw refusal(waitMs)
        }
        undo.push(() => counts.open(call, key))
      }
      return {
        cancel,
        async succeed(forget) {
          await cancel()
          for (const key of forget) await counts.forget(call, key)
        },
      }
    },
  }
}
