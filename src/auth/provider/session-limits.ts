// How long somebody stays signed in: so long without doing anything, and so long at most. Using a frontend counts as doing something.
import type { AuthDefinition } from '../contract.ts'

const DAY_MS = 86_400_000
/** Longer than a refresh token, which is given up without use after 30 days. */
const IDLE_DAYS = 31
const LIMIT_DAYS = 90
/** What was written lately is not written again. People tell by it whose a session is, so it must not be older than a visit; see USED_LATELY_MS of the pages. */
const NOTED_EVERY_MS = 10 * 60_000

export interface SessionLimits {
  /** What no session outlives, however it is used. */
  readonly longestMs: number
  /** The moment at which a session ends unless it is used again, in milliseconds. */
  endOf(session: { readonly signedInAt: number; readonly usedAt: number }): number
  /** Whether its use is worth a write. */
  isWorthNoting(lastUsedAt: number, now: number): boolean
}

export function sessionLimits({ idleDays = IDLE_DAYS, limitDays = LIMIT_DAYS }: AuthDefinition['sessions'] = {}): SessionLimits {
  return {
    longestMs: limitDays * DAY_MS,
    endOf: ({ signedInAt, usedAt }) => Math.min(usedAt + idleDays * DAY_MS, signedInAt + limitDays * DAY_MS),
    isWorthNoting: (lastUsedAt, now) => now - lastUsedAt >= NOTED_EVERY_MS,
  }
}
