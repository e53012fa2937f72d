// Where challenges are given. Each names the browser, so that what it says counts there alone.
import type { Exchange } from '#kernel/http/route.ts'
import { nameBrowser } from '../browser.ts'
import type { BrowserSession } from '../engine.ts'
import type { ChallengePlace } from './challenges.ts'

/** Where a passkey is asked for on the way in. */
export function signInPlace(exchange: Exchange, uid: string): ChallengePlace {
  return { purpose: 'sign-in', browser: nameBrowser(exchange), subject: uid }
}

/** Where one is made on the way in. */
export function enrolPlace(exchange: Exchange, uid: string, accountId: string): ChallengePlace {
  return { purpose: 'add', browser: nameBrowser(exchange), subject: `interaction ${uid} ${accountId}` }
}

/** Where one is made for an account that a mailed link is about to make. */
export function newcomerPlace(exchange: Exchange, accountId: string): ChallengePlace {
  return { purpose: 'add', browser: nameBrowser(exchange), subject: `newcomer ${accountId}` }
}

/** Where one is made by a mailed link for whoever has lost theirs. */
export function renewalPlace(exchange: Exchange, accountId: string): ChallengePlace {
  return { purpose: 'add', browser: nameBrowser(exchange), subject: `renewal ${accountId}` }
}

/** Where one is made on the account page. */
export function accountPlace(exchange: Exchange, { id, accountId }: BrowserSession): ChallengePlace {
  return { purpose: 'add', browser: nameBrowser(exchange), subject: `session ${id} ${accountId}` }
}
