// What opens a new way into an account asks for a sign-in of the last minutes: whoever finds an open browser must not be able to stay.
import type { Clock } from '#kernel/clock.ts'
import { type Answer, seeOther } from '#kernel/http/route.ts'
import type { BrowserSession, Engine } from '../engine.ts'

const RECENT_MS = 10 * 60_000

/** Whoever begins to fill a form has this long for it. */
const TO_FILL_MS = 5 * 60_000

interface Asked {
  readonly returnTo: string
  /** It has been filled and is shown again: what stands in it must not go. */
  readonly filled: boolean
}

/**
 * Where whoever is to fill a form on a page signs in first; `undefined` when there is time enough left. Asked only when the form comes, it would be
 * empty after the sign-in.
 */
export function firstSignIn(
  { engine, clock }: { readonly engine: Pick<Engine, 'signInPath'>; readonly clock: Clock },
  { signedInAt }: BrowserSession,
  { returnTo, filled }: Asked,
): string | undefined {
  const left = signedInAt + RECENT_MS - clock.now()
  return left >= (filled ? 0 : TO_FILL_MS) ? undefined : engine.signInPath(returnTo, { again: true })
}

/** Where to send whoever has not signed in recently; `undefined` for all others. Comes back to `returnTo`. */
export function unlessRecent(
  { engine, clock }: { readonly engine: Pick<Engine, 'signInPath'>; readonly clock: Clock },
  { signedInAt }: BrowserSession,
  returnTo: string,
): Answer | undefined {
  return clock.now() - signedInAt <= RECENT_MS ? undefined : seeOther(engine.signInPath(returnTo, { again: true }))
}
