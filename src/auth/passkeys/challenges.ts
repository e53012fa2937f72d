// Challenges for authenticators: made without a write, since every sign-in page carries one. A code that only we can make binds them to a purpose, to
// the browser that was given them and to a moment; the one that is answered is remembered, so that it counts once.
import type { Clock } from '#kernel/clock.ts'
import { randomToken } from '#kernel/ids.ts'
import { createMac, type KeyRing, sha256 } from '#kernel/keyring.ts'
import type { UsedChallenge } from './schemas.ts'

/** Where a challenge was given, and so where its answer counts. */
export interface ChallengePlace {
  readonly purpose: 'sign-in' | 'add'
  /** The hash of the browser's name. */
  readonly browser: string
  /** The interaction, or the session with its account. */
  readonly subject: string
}

export interface Challenges {
  /** In base64url, as the browser is given it. */
  make(place: ChallengePlace): string
  /** What to store with what its answer does, so that it counts once; `undefined` when it was not made for this place, or is too old. */
  judge(place: ChallengePlace, challenge: string): UsedChallenge | undefined
}

export const CHALLENGE_MS = 10 * 60_000

const RANDOM_BYTES = 24

export function createChallenges(keyRing: KeyRing, clock: Clock): Challenges {
  const mac = createMac(keyRing.deriveAll('auth.passkey-challenge'))
  const signed = ({ purpose, browser, subject }: ChallengePlace, random: string, expires: string): string =>
    JSON.stringify([purpose, browser, subject, random, expires])

  return {
    make(place) {
      const random = randomToken(RANDOM_BYTES)
      const expires = String(clock.now() + CHALLENGE_MS)
      return Buffer.from(`${random}.${expires}.${mac.make(signed(place, random, expires))}`).toString('base64url')
    },
    judge(place, challenge) {
      const [random, expires, code, ...rest] = Buffer.from(challenge, 'base64url').toString('latin1').split('.')
      if (random === undefined || expires === undefined || code === undefined || rest.length > 0) return undefined
      if (!mac.isOf(signed(place, random, expires), code)) return undefined
      return Number(expires) > clock.now() ? { id: sha256(random), expiresAt: Number(expires) } : undefined
    },
  }
}
