// Pseudonyms of client addresses: an HMAC under a random key that lives for the day and is destroyed 24 hours after it.
import { type Call, systemCall } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { hmacSha256 } from '#kernel/keyring.ts'
import type { Logger } from '#kernel/log.ts'
import { normalAddress } from './address.ts'
import { createAnswerMemory, createKeyMemory } from './memory.ts'
import type { DayKeys } from './repository.ts'

const DAY_MS = 24 * 60 * 60 * 1000
/** How long after the end of its day a key stays, for an operator who looks into last night. */
const KEEP_MS = DAY_MS
/** The next day's key is ready this long before it is needed. */
const AHEAD_MS = 10 * 60 * 1000
/** 96 bits: no two addresses of a day will meet. */
const PSEUDONYM_BYTES = 12
const MOST_REMEMBERED = 20_000

export interface Pseudonyms {
  /** Never waits. */
  of(address: string): string
  /** Stores the keys of today and, shortly before midnight, of tomorrow; destroys those whose time has come. Every minute or so. */
  upkeep(): Promise<void>
  /** Forgets the keys that are in memory. */
  forget(): void
}

export interface PseudonymParts {
  readonly keys: DayKeys
  readonly clock: Clock
  readonly logger: Logger
}

/** The switch is off: the keys of the days are in memory alone. Limits still tell clients apart, or one of them could use up those of all. */
export const unstoredKeys: DayKeys = { settle: async (_call, candidate) => candidate, destroyUntil: async () => 0 }

export function createPseudonyms({ keys, clock, logger }: PseudonymParts): Pseudonyms {
  const call: Call = systemCall('monitoring')
  const memory = createKeyMemory()
  const answers = createAnswerMemory(MOST_REMEMBERED)
  let today = -1

  const settle = async (day: number): Promise<void> => {
    if (memory.isSettled(day)) return
    const mine = memory.of(day)
    const id = new Date(day * DAY_MS).toISOString().slice(0, 10)
    const stored = await keys.settle(call, { id, key: mine.toString('base64url'), destroyAt: (day + 1) * DAY_MS + KEEP_MS })
    const bytes = Buffer.from(stored.key, 'base64url')
    // Another process was faster: its key counts for both.
    if (!bytes.equals(mine) && day === today) answers.clear()
    memory.settle(day, bytes)
  }

  return {
    of(address) {
      const day = Math.floor(clock.now() / DAY_MS)
      if (day !== today) {
        today = day
        answers.clear()
        memory.forgetBefore(day)
      }
      const known = answers.get(address)
      if (known !== undefined) return known
      const code = hmacSha256(memory.of(day), normalAddress(address))
      return answers.keep(address, code.subarray(0, PSEUDONYM_BYTES).toString('base64url'))
    },
    async upkeep() {
      const now = clock.now()
      try {
        await keys.destroyUntil(call, now)
        await settle(Math.floor(now / DAY_MS))
        await settle(Math.floor((now + AHEAD_MS) / DAY_MS))
        memory.forgetBefore(Math.floor(now / DAY_MS))
      } catch (error) {
        logger.warn({ err: error }, 'the keys of pseudonyms could not be looked after; trying again in a minute')
      }
    },
    forget() {
      answers.clear()
      memory.forgetBefore(Number.POSITIVE_INFINITY)
    },
  }
}
