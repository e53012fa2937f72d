// What a form asks for after suspicion: a puzzle, or the challenge of the app. Whoever is known here is never asked.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import { limited } from '#kernel/limited.ts'
import type { Logger } from '#kernel/log.ts'
import type { Counts } from '../accounts/counts.ts'
import type { Devices, Steps } from '../accounts/devices.ts'
import type { Doors } from '../accounts/doors.ts'
import type { ChallengeDefinition } from './contract.ts'
import { createPuzzles, type Puzzle, type PuzzlePlace } from './puzzle.ts'
import { createSuspicion, type Suspect, type SuspicionSettings } from './suspicion.ts'

export type Due =
  | { readonly kind: 'puzzle'; readonly puzzle: Puzzle }
  | { readonly kind: 'challenge'; readonly definition: ChallengeDefinition }

export interface Guard {
  /** The field of the app's own challenge. */
  readonly field: string | undefined
  /** What the form has to carry, for a page that shows it: at least what a try has just lacked. */
  due(call: Call, asker: GuardAsker, shown: { readonly place: PuzzlePlace; readonly lacked?: number | undefined }): Promise<Due | undefined>
  /** What the form lacked to be taken, in bits of a puzzle; `undefined` lets it pass. Uses a puzzle up, and counts what the form is for. */
  lacks(call: Call, asker: GuardAsker, said: Said): Promise<number | undefined>
  /** It came to nothing, or it was honest: what was counted is taken back. */
  takeBack(call: Call, asker: GuardAsker): Promise<void>
}

export interface GuardAsker extends Suspect {
  /** What an earlier sign-in gave this browser to be known by. */
  readonly device?: string | undefined
  /** In how many steps that sign-in must have been; one unless told. */
  readonly steps?: Steps | undefined
}

export interface Said {
  readonly place: PuzzlePlace
  readonly puzzle: string
  readonly answer: string
  /** What the field of the app's own challenge held. */
  readonly challenge: string
}

export interface GuardDependencies {
  readonly counts: Counts
  readonly doors: Doors
  readonly devices: Devices
  readonly keyRing: KeyRing
  readonly clock: Clock
  readonly logger: Logger
  readonly definition?: ChallengeDefinition | undefined
  readonly limitMs?: number
  readonly settings?: SuspicionSettings
}

const LIMIT_MS = 3000

export function createGuard(deps: GuardDependencies): Guard {
  const { definition, logger, limitMs = LIMIT_MS } = deps
  const suspicion = createSuspicion(deps)
  const isKnown = async (call: Call, { address, device, steps = 1 }: GuardAsker): Promise<boolean> => {
    const known = address === undefined ? undefined : await deps.devices.recognise(call, address, device)
    return known !== undefined && known.steps >= steps
  }
  const puzzles = createPuzzles(deps)
  const isClosed = async (call: Call, asker: Suspect): Promise<boolean> => {
    const waits = await Promise.all(deps.doors.of(asker).map(({ key }) => deps.counts.closedFor(call, key)))
    return waits.some((waitMs) => waitMs > 0)
  }

  const verifies = async (call: Call, { verify }: ChallengeDefinition, given: { answer: string; client: string }): Promise<boolean> => {
    if (given.answer === '') return false
    try {
      const limit = { ms: limitMs, late: () => new Error(`It took longer than ${limitMs} ms.`) }
      // Node strips types without reading them: what is merely truthy is no yes.
      const verdict: unknown = await limited(call, limit, (own) => verify({ ...given, call: own }))
      return verdict === true
    } catch (error) {
      logger.error(
        { requestId: call.requestId, event: 'auth.challenge_failed', err: error },
        'the challenge of the app failed, so the answer was no',
      )
      return false
    }
  }

  return {
    field: definition?.field,
    async due(call, asker, { place, lacked }) {
      const bits = Math.max((await isKnown(call, asker)) ? 0 : ((await suspicion.bits(call, asker)) ?? 0), lacked ?? 0)
      if (bits === 0) return undefined
      return definition === undefined ? { kind: 'puzzle', puzzle: puzzles.make(place, bits) } : { kind: 'challenge', definition }
    },
    async lacks(call, asker, { place, puzzle, answer, challenge }) {
      if (await isKnown(call, asker)) return undefined
      const counted = asker.for !== undefined
      // Whoever has to wait is told so, and not given work as well.
      if (!counted && (await isClosed(call, asker))) return undefined
      // Before it is judged: of many at once each has to bear the others.
      await suspicion.count(call, asker, 1)
      const bits = await suspicion.bits(call, asker, counted)
      if (bits === undefined) return undefined
      const passed =
        definition === undefined
          ? await puzzles.redeem(call, place, { text: puzzle, answer })
          : await verifies(call, definition, { answer: challenge, client: asker.client })
      if (passed) return undefined
      await suspicion.count(call, asker, -1)
      return bits
    },
    async takeBack(call, asker) {
      if (!(await isKnown(call, asker))) await suspicion.count(call, asker, -1)
    },
  }
}
