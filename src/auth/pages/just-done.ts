// What was done in this browser a moment ago, for the page that a form leads to: its address alone says nothing, or a link of anybody's could make this
// origin say that something was done which was not. Sealed in a cookie, of the last few pages, since a browser has
// tabs. Where the answer was lost on the way, the same request brings it once more.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { serialiseCookie } from '#kernel/http/cookie.ts'
import { type Answer, type Exchange, seeOther } from '#kernel/http/route.ts'
import { createMac, type KeyRing, type Mac } from '#kernel/keyring.ts'
import { z } from '#kernel/schema.ts'
import type { Cache } from '../../cache/contract.ts'
import { browserOf } from '../browser.ts'
import { JUST_DONE_MS } from '../second-press.ts'

const COOKIE = '__Host-Http-done'
const PURPOSE = 'auth.just_done'
const PRESS = 'auth.second_press'
const LINK = 'auth.link_after'

/** Of as many pages it is remembered, each a tab that may be loaded again; the one before them is forgotten. */
const MOST = 5

const mark = z.strictObject({
  page: z.string(),
  /** Of whoever was signed in. */
  accountId: z.string().optional(),
  /** What it was, on a page that several things lead to. */
  word: z.string().optional(),
  /** In how many days something follows. */
  days: z.int().optional(),
  until: z.int(),
})
type Mark = z.infer<typeof mark>
const marks = z.array(mark)

export interface JustDone {
  /**
   * What this request is known by when this browser sends it again, for what is used up by it. Not without our key, so that whoever reads the database cannot
   * try passwords by it. `undefined` for a browser without a name.
   */
  pressOf(exchange: Pick<Exchange, 'cookies'>, sent: readonly string[]): string | undefined
  /** The same for whoever is signed in, whose session stands for the browser. */
  pressIn(sessionId: string, sent: readonly string[]): string
  /** What is not used up by being done, so that no row can say it: for the moment, and unless the cache is down. */
  did(call: Call, press: string): Promise<void>
  wasDone(call: Call, press: string): Promise<boolean>
  /** The token for a link on the page that answers this request; the same when this browser sends it again, and stored nowhere. */
  linkAfter(exchange: Pick<Exchange, 'cookies'>, token: string): string | undefined
  /** Leads to the page, which may say for a while what was done. */
  leadTo(exchange: Exchange, to: LeadTo, headers?: Answer['headers']): Answer
  /**
   * `undefined` where nothing of the kind was done. A page that several things lead to gives the word of its address: the page by itself, in another tab or
   * later, has nothing to say.
   */
  on(exchange: Exchange, said?: Said): { readonly days?: number | undefined } | undefined
}

interface Said {
  readonly word?: string | undefined
  /** Whoever is signed in, on a page of theirs. */
  readonly accountId?: string | undefined
}

interface LeadTo {
  readonly page: string
  readonly query?: string
  readonly days?: number
  /** Stands in the address as `done`. */
  readonly word?: string
  /** Who is told, on a page of whoever is signed in: nobody else who signs in in this browser meanwhile. */
  readonly accountId?: string
  /** For a page that people come back to from their mail. */
  readonly minutes?: number
}

export interface JustDoneDependencies {
  readonly keyRing: KeyRing
  readonly cache: Pick<Cache, 'get' | 'set'>
  readonly clock: Clock
}

const pressName = (press: string): string => `auth:pressed:${press}`

export function createJustDone({ keyRing, cache, clock }: JustDoneDependencies): JustDone {
  const presses = createMac(keyRing.deriveAll(PRESS))
  const links = createMac(keyRing.deriveAll(LINK))
  const codeOf = (mac: Mac, exchange: Pick<Exchange, 'cookies'>, sent: readonly string[]): string | undefined => {
    const browser = browserOf(exchange)
    return browser === undefined ? undefined : mac.make(JSON.stringify([browser, ...sent]))
  }
  const kept = ({ cookies }: Pick<Exchange, 'cookies'>): readonly Mark[] => {
    const sealed = cookies.get(COOKIE)
    const text = sealed === undefined ? undefined : keyRing.open(PURPOSE, COOKIE, sealed)
    const found = text === undefined ? [] : (marks.safeParse(JSON.parse(text)).data ?? [])
    return found.filter(({ until }) => clock.now() < until)
  }
  return {
    pressOf: (exchange, sent) => codeOf(presses, exchange, sent),
    pressIn: (sessionId, sent) => presses.make(JSON.stringify(['session', sessionId, ...sent])),
    did: (call, press) => cache.set(call, pressName(press), 'done', { ttlMs: JUST_DONE_MS }).catch(() => {}),
    wasDone: async (call, press) => (await cache.get(call, pressName(press)).catch(() => undefined)) !== undefined,
    linkAfter: (exchange, token) => codeOf(links, exchange, [token]),
    leadTo(exchange, { page, word, query = word === undefined ? '' : `?done=${word}`, days, accountId, minutes }, headers) {
      const now = clock.now()
      const done: Mark = { page, accountId, word, days, until: now + (minutes === undefined ? JUST_DONE_MS : minutes * 60_000) }
      const others = kept(exchange).filter((other) => other.page !== page || other.accountId !== accountId)
      const all = [done, ...others].slice(0, MOST)
      // The page can be loaded again, or read in another language, for as long. Lax: a reload of a page that a mailed link has led to would come without it else.
      const attributes = { sameSite: 'Lax', maxAgeSeconds: Math.ceil((Math.max(...all.map(({ until }) => until)) - now) / 1000) } as const
      exchange.addCookie(serialiseCookie(COOKIE, keyRing.seal(PURPOSE, COOKIE, JSON.stringify(all)), attributes))
      return seeOther(`${page}${query}`, headers)
    },
    on: (exchange, { word, accountId } = {}) =>
      kept(exchange).find((done) => done.page === exchange.path && done.word === word && done.accountId === accountId),
  }
}
