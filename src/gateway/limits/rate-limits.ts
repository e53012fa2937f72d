// Rate limits per class of route and client pseudonym, on by default, told in the `RateLimit` fields
// (draft-ietf-httpapi-ratelimit-headers: a draft still, so it is written in this file only).
import type { HeaderList } from '#kernel/http/head.ts'
import { httpErrors } from '#kernel/http/problem.ts'
import type { RateClass } from '#kernel/http/route.ts'
import type { GatewaySettings, RateLimit } from '../settings.ts'
import { createLimiter, type Limiter } from './gcra.ts'

export const DEFAULT_LIMITS: Readonly<Record<RateClass, RateLimit>> = {
  // A person signs in a few times a day; whole offices share one address.
  'sign-in': { quota: 30, windowSeconds: 60 },
  token: { quota: 120, windowSeconds: 60 },
  // A resource server asks for each request of its own.
  introspection: { quota: 60_000, windowSeconds: 60 },
  api: { quota: 1200, windowSeconds: 60 },
  // Up to a hundred writes each.
  bulk: { quota: 60, windowSeconds: 60 },
  files: { quota: 1200, windowSeconds: 60 },
  page: { quota: 1200, windowSeconds: 60 },
  probe: { quota: 600, windowSeconds: 60 },
}

const CLASSES: readonly RateClass[] = ['sign-in', 'token', 'introspection', 'api', 'bulk', 'files', 'page', 'probe']

interface ClassLimit {
  readonly limiter: Limiter
  readonly policy: string
  readonly prefix: string
}

export interface Asker {
  readonly client: string
  /** Has a quota of its own as well, which comes first. */
  readonly own?: string | undefined
}

export interface RateLimits {
  /** Takes one request of a quota of whoever asks and adds the fields; throws `http.too_many_requests` when they are used up. */
  take(rate: RateClass, asker: Asker, request: { readonly nowMs: number; readonly headers: HeaderList }): void
}

export function createRateLimits(settings: Pick<GatewaySettings, 'rateLimits' | 'rateLimitFactor'>): RateLimits {
  const { rateLimits: overrides = {}, rateLimitFactor = 1 } = settings
  const classes = new Map<RateClass, ClassLimit>()
  for (const name of CLASSES) {
    const limit = overrides[name] ?? DEFAULT_LIMITS[name]
    if (limit === 'off') continue
    const quota = limit.quota * rateLimitFactor
    if (!(quota >= 1 && limit.windowSeconds >= 1)) throw new Error(`The rate limit of "${name}" needs a quota and a window of at least 1`)
    const limiter = createLimiter(quota, limit.windowSeconds * 1000)
    classes.set(name, { limiter, policy: `"${name}";q=${quota};w=${limit.windowSeconds}`, prefix: `"${name}";r=` })
  }
  return {
    take(rate, { client, own }, { nowMs, headers }) {
      const known = classes.get(rate)
      if (known === undefined) return
      const first = own === undefined ? undefined : known.limiter.take(own, nowMs)
      const { allowed, remaining, resetMs, retryMs } = first?.allowed === true ? first : known.limiter.take(client, nowMs)
      headers.push('ratelimit-policy', known.policy, 'ratelimit', `${known.prefix}${remaining};t=${Math.ceil(resetMs / 1000)}`)
      if (allowed) return
      const seconds = Math.max(1, Math.ceil(retryMs / 1000))
      throw httpErrors.too_many_requests({ detail: `Try again in ${seconds} s.`, headers: { 'retry-after': String(seconds) } })
    },
  }
}
