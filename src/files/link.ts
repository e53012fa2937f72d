// Signed links: the right to fetch one file for some minutes, carried by the address itself.
import type { Clock } from '#kernel/clock.ts'
import { createMac } from '#kernel/keyring.ts'
import type { FileLink } from './contract.ts'

/** Links made within one window are the same, and live until the end of the next one. */
const WINDOW_MS = 5 * 60 * 1000
const REMEMBERED = 10_000

export interface LinkTarget {
  readonly bucket: string
  readonly id: string
}

export type LinkVerdict = { readonly state: 'good'; readonly expiresAt: number } | { readonly state: 'expired' } | { readonly state: 'bad' }

export interface LinkSigner {
  sign(target: LinkTarget): FileLink
  /** `expired` only for a link that was good once; of any other nothing is said. */
  verify(target: LinkTarget, claim: { readonly exp: string; readonly sig: string }): LinkVerdict
}

export function createLinkSigner(deps: { readonly keys: readonly Buffer[]; readonly origin: string; readonly clock: Clock }): LinkSigner {
  const { keys, origin, clock } = deps
  const mac = createMac(keys)
  const signed = (target: LinkTarget, exp: string): string => `${target.bucket}/${target.id}!${exp}`
  // A page of a list asks for the same links again and again; an HMAC costs more than all the rest of the answer.
  let remembered = new Map<string, string>()
  let rememberedUntil = 0

  return {
    sign(target) {
      const expiresAt = (Math.floor(clock.now() / WINDOW_MS) + 2) * WINDOW_MS
      if (expiresAt !== rememberedUntil || remembered.size >= REMEMBERED) {
        remembered = new Map()
        rememberedUntil = expiresAt
      }
      const path = `${target.bucket}/${target.id}`
      let url = remembered.get(path)
      if (url === undefined) {
        const exp = String(expiresAt / 1000)
        url = `${origin}/${path}?exp=${exp}&sig=${mac.make(signed(target, exp))}`
        remembered.set(path, url)
      }
      return { url, expiresAt }
    },

    verify(target, claim) {
      if (!mac.isOf(signed(target, claim.exp), claim.sig)) return { state: 'bad' }
      const expiresAt = Number(claim.exp) * 1000
      return expiresAt > clock.now() ? { state: 'good', expiresAt } : { state: 'expired' }
    },
  }
}
