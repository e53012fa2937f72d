// What opens a new way into an account asks for a sign-in of the last minutes: whoever finds an open browser must not be able to stay.
import type { Clock } from '#kernel/clock.ts'
import { type Answer, seeOther } from '#kernel/http/route.ts'
import type { BrowserSession, Engine } from '../engine.ts'

const RECENT_MS = 10 * 60_000

/** Where to send whoever has not signed in recently; `undefined` for all others. Comes back to `returnTo`. */
export function unlessRecent(
  { engine, clock }: { readonly engine: Pick<Engine, 'signInPath'>; readonly clock: Clock },
  { signedInAt }: BrowserSession,
  returnTo: string,
): Answer | undefined {
  return clock.now() - signedInAt <= RECENT_MS ? undefined : seeOther(engine.signInPath(returnTo, { again: true }))
}
