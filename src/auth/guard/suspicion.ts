// From when on a form asks for more than what is typed into it, and how much more.
import type { Call } from '#kernel/call.ts'
import type { Counts } from '../accounts/counts.ts'
import type { Asker, DoorName, Doors } from '../accounts/doors.ts'
import { EASIEST_BITS, HARDEST_BITS } from './puzzle.ts'

/** Failed tries that are still nothing special. */
const USUAL: Readonly<Record<DoorName, number>> = { account: 4, client: 10, network: 50, password: 10, everybody: 300 }

export interface SuspicionSettings {
  readonly suspicionFactor?: number | undefined
  readonly easiestBits?: number | undefined
}

export interface SuspicionDependencies {
  readonly counts: Counts
  readonly doors: Doors
  readonly settings?: SuspicionSettings
}

export interface Suspicion {
  /** The bits of the puzzle that is due, or `undefined` while all is as usual. */
  bits(call: Call, asker: Asker): Promise<number | undefined>
}

export function createSuspicion({ counts, doors, settings = {} }: SuspicionDependencies): Suspicion {
  const { suspicionFactor = 1, easiestBits = EASIEST_BITS } = settings
  return {
    async bits(call, asker) {
      const found = await Promise.all(
        doors.of(asker).map(async ({ name, key, rule }) => {
          const tries = await counts.add(call, key, { by: 0, ttlMs: rule.windowMs })
          const usual = USUAL[name] * suspicionFactor
          return tries < usual ? undefined : Math.floor(Math.log2(tries / usual))
        }),
      )
      const doublings = found.filter((one) => one !== undefined)
      if (doublings.length === 0) return undefined
      return Math.min(HARDEST_BITS, easiestBits + Math.max(...doublings))
    },
  }
}
