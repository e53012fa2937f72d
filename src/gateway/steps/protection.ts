// Whether the asker may, and meant to: the rule of the route, and the two layers against forged requests.
import { httpErrors } from '#kernel/http/problem.ts'
import type { Route, Rule } from '#kernel/http/route.ts'
import { hasSignedInFor, insufficientSignIn } from '#kernel/http/step-up.ts'
import { provenanceOf } from '../csrf/origin.ts'
import { provesIntent } from '../csrf/token.ts'
import type { GatewayExchange } from '../exchange.ts'
import { isForeignNavigation, isNavigation } from '../navigation.ts'
import type { PipelineParts, Step } from './step.ts'
import { CSRF_COOKIE } from '../session/cookies.ts'
import { bouncePage } from '../pages/pages.ts'

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Whether a forged request is conceivable: a token cannot be forged, and a route may say why it needs no protection. */
function isForgeable(exchange: GatewayExchange, route: Route): boolean {
  return !SAFE_METHODS.has(exchange.method) && route.csrfExempt === undefined && !exchange.hasBearer
}

/** Layer one. Requests of programs say nothing of where they come from; they may pass if they bring no cookie that could be abused. */
export function checkOrigin(exchange: GatewayExchange): void {
  const route = exchange.match?.route
  if (route === undefined || !isForgeable(exchange, route)) return
  const provenance = provenanceOf(exchange.request.headers, exchange.origin)
  if (provenance === 'same-origin') return
  if (provenance === 'unknown' && exchange.cookies.size === 0 && route.rate !== 'sign-in') return
  throw httpErrors.csrf({
    detail: 'Requests that change something are accepted from pages of this site only: a program says which in the header Origin.',
  })
}

/** Layer two. A sign-in needs the token even without a cookie: else somebody could be signed in to an account of another's choosing. */
export function checkToken({ csrfMac }: PipelineParts): Step['run'] {
  return (exchange) => {
    const route = exchange.match?.route
    if (route === undefined || !isForgeable(exchange, route)) return
    if (exchange.cookies.size === 0 && route.rate !== 'sign-in') return
    const header = exchange.request.headers['x-csrf-token']
    const submitted = typeof header === 'string' ? header : exchange.submittedCsrf
    const binding = exchange.csrfBinding()
    if (binding !== undefined && provesIntent(csrfMac, binding, { cookie: exchange.cookies.get(CSRF_COOKIE), submitted })) return
    throw httpErrors.csrf({ detail: 'The page is out of date. Load it again and try once more.' })
  }
}

function refuseUser(exchange: GatewayExchange, rule: Extract<Rule, { who: 'user' }>): Error | undefined {
  const { principal } = exchange
  if (principal.kind !== 'user') {
    return exchange.sessionProblem ?? httpErrors.unauthenticated({ headers: { 'www-authenticate': 'Bearer' } })
  }
  if (rule.scope !== undefined && !principal.scopes.includes(rule.scope)) {
    // RFC 6750 section 3.1.
    const challenge = `Bearer error="insufficient_scope", scope="${rule.scope}"`
    return httpErrors.insufficient_scope({ detail: `This needs the scope "${rule.scope}".`, headers: { 'www-authenticate': challenge } })
  }
  if (rule.firstParty === true && !principal.firstParty) return httpErrors.forbidden({ detail: 'Other apps may not do this.' })
  const isEnough = rule.stepUp === undefined || hasSignedInFor(rule.stepUp, principal.signIn, exchange.startedAt)
  return isEnough ? undefined : insufficientSignIn(rule.stepUp)
}

/** A page that needs a session, asked for without one: a way to get there instead of an error. */
function leadToSession(exchange: GatewayExchange): boolean {
  const { host, principal } = exchange
  if (host?.frontend === undefined || principal.kind !== 'anonymous' || exchange.hasBearer || !isNavigation(exchange)) return false
  if (isForeignNavigation(exchange)) {
    // Strict cookies are absent when another site leads here; a navigation of our own brings them.
    exchange.answer = bouncePage(exchange, here(exchange))
    return true
  }
  const route = exchange.session === undefined ? 'sign-in' : 'refresh'
  exchange.answer = { status: 303, headers: { location: `/session/${route}?return_to=${encodeURIComponent(here(exchange))}` } }
  return true
}

function here({ path, search }: GatewayExchange): string {
  return search === '' ? path : `${path}?${search}`
}

export function authorise(exchange: GatewayExchange): void {
  const rule = exchange.match?.route.allow
  if (rule === undefined) throw httpErrors.forbidden()
  switch (rule.who) {
    case 'anyone':
    case 'handler':
      return
    case 'operator':
      if (exchange.principal.kind !== 'operator') throw httpErrors.unauthenticated({ detail: 'This is for operators.' })
      return
    case 'user': {
      const refusal = refuseUser(exchange, rule)
      if (refusal !== undefined && !leadToSession(exchange)) throw refusal
      return
    }
    default:
      // A rule of a kind that this version does not know lets nobody in.
      throw httpErrors.forbidden()
  }
}
