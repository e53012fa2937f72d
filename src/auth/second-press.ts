// The same request once more, from the browser in which a mailed link was used up a moment ago: a button that was pressed twice, an answer that was lost. It
// hears what the first one heard, and does nothing. Everybody else hears that the link does not work any more.
import { equalSecrets } from '#kernel/keyring.ts'
import { z } from '#kernel/schema.ts'

/** For how long something has just been done. */
export const JUST_DONE_MS = 2 * 60_000

/** What says of a link that it was used up. Beside it nothing is kept that tells of a person: they may delete the account within minutes. */
export const usedShape = {
  usedAt: z.int().optional(),
  /** See `JustDone.pressOf`. Absent for a browser that had no name. */
  usedBy: z.string().optional(),
}

export interface Used {
  readonly usedAt?: number | undefined
  readonly usedBy?: string | undefined
}

/** Of a link that is used up now: it is gone when nobody can hear of it any more. */
export function usedUp(press: string | undefined, now: number): Used & { readonly expiresAt: number } {
  return { usedAt: now, usedBy: press, expiresAt: now + JUST_DONE_MS }
}

export function isSecondPress({ usedAt, usedBy }: Used, press: string | undefined, now: number): boolean {
  if (usedAt === undefined || usedBy === undefined || press === undefined) return false
  return now < usedAt + JUST_DONE_MS && equalSecrets(usedBy, press)
}
