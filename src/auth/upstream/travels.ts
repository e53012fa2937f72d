// What a browser keeps while it is away at a provider, and until a person who has come from there has an account here: sealed cookies, of this browser alone.
// Nothing is stored on our side, so that asking for a sign-in over and over costs nobody anything.
import type { Clock } from '#kernel/clock.ts'
import { serialiseCookie } from '#kernel/http/cookie.ts'
import type { Exchange } from '#kernel/http/route.ts'
import { equalSecrets, type KeyRing } from '#kernel/keyring.ts'
import type { Schema } from '#kernel/schema.ts'
import { browserOf, nameBrowser } from '../browser.ts'
import { type Arrival, arrival, type Journey, journey } from './schemas.ts'

// Three, so that two tabs do not disturb each other, and no page can fill the browser with cookies.
const JOURNEYS = ['__Host-Http-away-0', '__Host-Http-away-1', '__Host-Http-away-2'] as const
const ARRIVAL = '__Host-Http-arrival'
const MINUTE = 60_000
const AWAY_MS = 15 * MINUTE
const ARRIVED_MS = 30 * MINUTE

export interface Travels {
  depart(exchange: Exchange, begun: Journey): void
  /** The journey with this state; looking leaves it as it is. */
  find(exchange: Exchange, state: string | undefined): Journey | undefined
  /** The same, for the one time that its answer is used. */
  take(exchange: Exchange, state: string | undefined): Journey | undefined
  arrive(exchange: Exchange, who: Arrival): void
  arrival(exchange: Exchange): Arrival | undefined
  forget(exchange: Exchange): void
}

export function createTravels(keyRing: KeyRing, clock: Clock): Travels {
  const open = <T>(
    schema: Schema<T>,
    { purpose, browser, sealed }: { purpose: string; browser: string; sealed: string },
  ): T | undefined => {
    const text = keyRing.open(purpose, browser, sealed)
    return text === undefined ? undefined : schema.safeParse(JSON.parse(text)).data
  }
  const journeyIn = (exchange: Exchange, cookie: string): Journey | undefined => {
    const browser = browserOf(exchange)
    const sealed = exchange.cookies.get(cookie)
    if (browser === undefined || sealed === undefined) return undefined
    const found = open(journey, { purpose: 'auth.journey', browser, sealed })
    return found !== undefined && clock.now() - found.begunAt < AWAY_MS ? found : undefined
  }
  const place = (exchange: Exchange, state: string | undefined): { cookie: string; found: Journey } | undefined => {
    for (const cookie of JOURNEYS) {
      const found = journeyIn(exchange, cookie)
      if (found !== undefined && state !== undefined && equalSecrets(found.state, state)) return { cookie, found }
    }
    return undefined
  }
  const set = (exchange: Exchange, cookie: string, { value, maxAgeMs }: { value: string; maxAgeMs: number }): void =>
    // Lax: the provider leads back here.
    exchange.addCookie(serialiseCookie(cookie, value, { sameSite: 'Lax', maxAgeSeconds: maxAgeMs / 1000 }))

  return {
    depart(exchange, begun) {
      // An empty place, or that of the oldest.
      const places = JOURNEYS.map((cookie) => ({ cookie, begunAt: journeyIn(exchange, cookie)?.begunAt ?? 0 }))
      const { cookie } = places.toSorted((a, b) => a.begunAt - b.begunAt)[0] ?? { cookie: JOURNEYS[0] }
      const value = keyRing.seal('auth.journey', nameBrowser(exchange), JSON.stringify(begun))
      set(exchange, cookie, { value, maxAgeMs: AWAY_MS })
    },
    find: (exchange, state) => place(exchange, state)?.found,
    take(exchange, state) {
      const taken = place(exchange, state)
      if (taken !== undefined) set(exchange, taken.cookie, { value: '', maxAgeMs: 0 })
      return taken?.found
    },
    arrive(exchange, who) {
      const value = keyRing.seal('auth.arrival', nameBrowser(exchange), JSON.stringify(who))
      set(exchange, ARRIVAL, { value, maxAgeMs: ARRIVED_MS })
    },
    arrival(exchange) {
      const browser = browserOf(exchange)
      const sealed = exchange.cookies.get(ARRIVAL)
      const found = browser === undefined || sealed === undefined ? undefined : open(arrival, { purpose: 'auth.arrival', browser, sealed })
      return found !== undefined && clock.now() - found.at < ARRIVED_MS ? found : undefined
    },
    forget: (exchange) => set(exchange, ARRIVAL, { value: '', maxAgeMs: 0 }),
  }
}
