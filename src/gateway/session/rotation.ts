// Refresh tokens are used once, but browsers have many tabs. One exchange per session at a time; those who come late with the token that
// was just used get what the winner got (reference: a lost race must never sign anybody out).
import { LRUCache } from 'lru-cache'
import type { Call } from '#kernel/call.ts'
import { sha256 } from '#kernel/keyring.ts'
import type { GatewayFrontend } from '../contract.ts'
import type { RefreshCookie } from './schemas.ts'
import type { VerifiedToken } from '../tokens/verifier.ts'

export interface Rotated {
  readonly accessToken: string
  readonly verified: VerifiedToken
  readonly refreshToken: string
}

export type Rotate = (call: Call, frontend: GatewayFrontend, session: RefreshCookie) => Promise<Rotated>

/** As long as the authorization server's own grace for a token that was used a moment ago, and a little more. */
const REMEMBER_MS = 15_000
const MAX_REMEMBERED = 10_000

/** The exchanges of one session; whoever holds an older token of it gets the newest result, never one that was overtaken. */
interface Family {
  latest: Promise<Rotated>
}

export function createRotation(exchange: Rotate, now: () => number): Rotate {
  const perf = { now }
  const bySession = new LRUCache<string, Family>({ max: MAX_REMEMBERED, ttl: REMEMBER_MS, perf })
  const byToken = new LRUCache<string, Family>({ max: MAX_REMEMBERED, ttl: REMEMBER_MS, perf })
  return (call, frontend, session) => {
    const used = sha256(session.token)
    const known = byToken.get(used)
    if (known !== undefined) return known.latest
    const latest = exchange(call, frontend, session)
    const key = `${frontend.name} ${session.sid}`
    const family = bySession.get(key) ?? { latest }
    const before = family.latest
    family.latest = latest
    bySession.set(key, family)
    byToken.set(used, family)
    latest.catch(() => {
      // A failure is nobody's result: whoever comes next tries again, and those before keep what they had.
      byToken.delete(used)
      if (family.latest !== latest) return
      if (before === latest) bySession.delete(key)
      else family.latest = before
    })
    return latest
  }
}
