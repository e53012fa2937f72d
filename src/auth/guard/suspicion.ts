// From when on a form asks for more than what is typed into it, and how much more.
import type { Call } from '#kernel/call.ts'
import type { Counts } from '../accounts/counts.ts'
import type { Asker, DoorName, Doors } from '../accounts/doors.ts'
import { EASIEST_BITS, HARDEST_BITS } from './puzzle.ts'

type Usual = Readonly<Record<DoorName, number>>

/** Failed tries with a password that are still nothing special. */
const USUAL: Usual = { account: 4, client: 10, network: 50, password: 10, everybody: 300 }

/** What else forms let strangers do again and again: have mails sent, and guess at codes. Each is counted by itself, before it is done. */
const COUNTED = {
  mail: { account: 3, client: 20, network: 100, password: Number.POSITIVE_INFINITY, everybody: 300 },
  code: { account: 3, client: 10, network: 50, password: Number.POSITIVE_INFINITY, everybody: 300 },
} as const satisfies Readonly<Record<string, Usual>>

/** What a form is for, when it is not a password. */
export type Counted = keyof typeof COUNTED

export interface Suspect extends Asker {
  readonly for?: Counted
}

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
  /** The bits of the puzzle that is due, or `undefined` while all is as usual. With `taking`, as it was before the try that is counted already. */
  bits(call: Call, suspect: Suspect, taking?: boolean): Promise<number | undefined>
  /** Counts what the form is for, or with -1 takes it back. */
  count(call: Call, suspect: Suspect, by: 1 | -1): Promise<void>
}

export function createSuspicion({ counts, doors, settings = {} }: SuspicionDependencies): Suspicion {
  const { suspicionFactor = 1, easiestBits = EASIEST_BITS } = settings
  const own = (suspect: Suspect) => {
    const { for: counted } = suspect
    if (counted === undefined) return []
    const met = doors.of({ ...suspect, password: undefined })
    return met.map(({ name, key, rule }) => ({ key: `${counted}:${key}`, usual: COUNTED[counted][name], windowMs: rule.windowMs, own: 1 }))
  }
  const shared = (suspect: Suspect) => doors.of(suspect).map(({ name, key }) => ({ key, usual: USUAL[name], own: 0 }))
  return {
    async bits(call, suspect, taking = false) {
      const found = await Promise.all(
        [...shared(suspect), ...own(suspect)].map(async ({ key, usual, own: mine }) => {
          const tries = (await counts.seen(call, key)) - (taking ? mine : 0)
          const enough = usual * suspicionFactor
          return tries < enough ? undefined : Math.floor(Math.log2(tries / enough))
        }),
      )
      const doublings = found.filter((one) => one !== undefined)
      return doublings.length === 0 ? undefined : Math.min(HARDEST_BITS, easiestBits + Math.max(...doublings))
    },
    async count(call, suspect, by) {
      await Promise.all(own(suspect).map(({ key, windowMs }) => counts.add(call, key, { by, ttlMs: windowMs })))
    },
  }
}
