// Who asks: an access token, else the cookies of a frontend's session, else the operator's cookie, else nobody.
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { hasCode } from '#kernel/errors.ts'
import { type ParsedCookies, parseCookies } from '#kernel/http/cookie.ts'
import { httpErrors } from '#kernel/http/problem.ts'
import { sha256 } from '#kernel/keyring.ts'
import type { BrowserSession, GatewayExchange } from '../exchange.ts'
import type { PipelineParts, Step } from './step.ts'
import { ACCESS_COOKIE, BROWSER_COOKIE, OPERATOR_COOKIE, REFRESH_COOKIE } from '../session/cookies.ts'
import type { AccessCookie, OperatorCookie, RefreshCookie } from '../session/schemas.ts'
import { dropHeaders } from '../strict-http.ts'
import { invalidToken, type VerifiedToken } from '../tokens/verifier.ts'
import { isRevoked, requireFresh, resolveToken } from './tokens.ts'

const GUARDED = /^__(?:host|secure)-/i

/** What was last parsed on a connection. A browser sends the same cookies again and again. */
const parsedOn = new WeakMap<Socket, { readonly header: string; readonly parsed: ParsedCookies }>()

// Comparing costs a fraction of parsing; and strings that were hashed before are found at once in the memories of cookies and tokens.
function cookiesOf({ headers: { cookie: header }, socket }: IncomingMessage): ParsedCookies {
  if (header === undefined) return parseCookies(header)
  const last = parsedOn.get(socket)
  if (last?.header === header) return last.parsed
  const parsed = parseCookies(header)
  parsedOn.set(socket, { header, parsed })
  return parsed
}

export function readCookies(exchange: GatewayExchange): void {
  const { cookies, duplicates } = cookiesOf(exchange.request)
  // A neighbour that plants a second cookie of a name hopes that we read his: better to read none.
  if (duplicates.some((name) => GUARDED.test(name))) {
    throw httpErrors.bad_request({ detail: 'A cookie came twice. Clear the cookies of this site and try again.' })
  }
  exchange.cookies = cookies
}

interface Shown {
  readonly access: AccessCookie | undefined
  readonly refresh: RefreshCookie | undefined
  readonly live: VerifiedToken | undefined
}

/** What counts of the cookies: what was made for this origin and has not ended. */
function countable(exchange: GatewayExchange, { access, refresh }: Shown): Pick<BrowserSession, 'access' | 'refresh'> {
  const isOwn = (cookie: { readonly origin: string } | undefined): boolean => cookie?.origin === exchange.origin
  const hasEnded = (refresh?.exp ?? 0) * 1000 <= exchange.startedAt
  return {
    ...(access !== undefined && isOwn(access) ? { access } : {}),
    ...(refresh !== undefined && isOwn(refresh) && !hasEnded && !isPlanted(exchange, refresh) ? { refresh } : {}),
  }
}

/** The name of the refresh cookie cannot begin with `__Host-`, so a host below ours may have planted it: it counts in its own browser alone. */
function isPlanted({ cookies }: GatewayExchange, refresh: RefreshCookie): boolean {
  const browser = cookies.get(BROWSER_COOKIE)
  return browser === undefined || sha256(browser) !== refresh.browser
}

/** Takes what the cookies say, unless it was revoked. */
function acceptSession(parts: PipelineParts, exchange: GatewayExchange, shown: Shown): void {
  const counted = countable(exchange, shown)
  // The refresh cookie is the root of the session; only the routes of the session see it.
  const root = counted.refresh ?? counted.access
  if (root === undefined) return
  requireFresh(parts)
  if (parts.revocations.isRevoked({ sessionId: root.sid, accountId: root.sub, issuedAt: root.iat })) {
    exchange.sessionProblem = invalidToken('The session has ended.')
    return
  }
  const isLive = counted.access?.sid === root.sid && shown.live !== undefined && !isRevoked(parts, shown.live)
  exchange.session = { sid: root.sid, ...counted, ...(isLive ? { live: shown.live } : {}) }
  if (!isLive || exchange.host?.frontend?.mode !== 'cookie') return
  exchange.principal = shown.live.principal
  exchange.authority = { token: shown.live, byCookie: true }
}

/** A token of ours that is no longer good, for example after a change of keys, is as good as one that has ended. */
async function verifyOwn(parts: PipelineParts, exchange: GatewayExchange, token: string): Promise<VerifiedToken | undefined> {
  try {
    return await parts.verifier.verify(exchange.earlyCall, token)
  } catch (error) {
    if (hasCode(error, 'http.invalid_token')) return undefined
    throw error
  }
}

function sessionCookies({ cookies }: GatewayExchange): { access: string | undefined; refresh: string | undefined } {
  return { access: cookies.get(ACCESS_COOKIE), refresh: cookies.get(REFRESH_COOKIE) }
}

function resolveSession(parts: PipelineParts, exchange: GatewayExchange): void | Promise<void> {
  const { access: accessText, refresh: refreshText } = sessionCookies(exchange)
  if (accessText === undefined && refreshText === undefined) return undefined
  const access = accessText === undefined ? undefined : parts.sealers.access.open(accessText)
  const refresh = refreshText === undefined ? undefined : parts.sealers.refresh.open(refreshText)
  const token = access !== undefined && access.exp * 1000 > exchange.startedAt ? access.token : undefined
  const live = token === undefined ? undefined : parts.verifier.known(token)
  if (token === undefined || live !== undefined) {
    acceptSession(parts, exchange, { access, refresh, live })
    return undefined
  }
  // Sealed by us, and verified all the same: an encrypted token is still a signed one.
  return verifyOwn(parts, exchange, token).then((verified) => acceptSession(parts, exchange, { access, refresh, live: verified }))
}

function acceptOperator(parts: PipelineParts, exchange: GatewayExchange, operator: OperatorCookie | undefined): void {
  if (operator === undefined || operator.exp * 1000 <= exchange.startedAt) return
  requireFresh(parts)
  if (parts.revocations.isRevoked({ sessionId: operator.sid, issuedAt: operator.iat })) return
  exchange.principal = { kind: 'operator', sessionId: operator.sid }
}

function resolveOperator(parts: PipelineParts, exchange: GatewayExchange): void {
  const cookie = exchange.cookies.get(OPERATOR_COOKIE)
  if (cookie === undefined) return
  acceptOperator(parts, exchange, parts.sealers.operator.open(cookie))
}

function refuseTokenInQuery({ search }: GatewayExchange): void {
  if (search !== '' && /(?:^|&)access_token=/.test(search)) {
    // RFC 9700 section 4.3.2: addresses end up in logs and histories.
    throw httpErrors.bad_request({ detail: 'Send the token in the Authorization header, never in the address.' })
  }
}

export function resolvePrincipal(parts: PipelineParts): Step['run'] {
  return (exchange) => {
    const { host, match } = exchange
    // The authorization server knows its own tokens, clients and sessions.
    if (host === undefined || host.isAccounts || (host.isCertificates && match?.route.site !== 'app')) return undefined
    refuseTokenInQuery(exchange)
    const { authorization } = exchange.request.headers
    if (authorization !== undefined) return resolveToken(parts, exchange, authorization)
    if (host.isConsole) return resolveOperator(parts, exchange)
    return host.frontend === undefined ? undefined : resolveSession(parts, exchange)
  }
}

const isCookie = (name: string): boolean => name.length === 6 && name.toLowerCase() === 'cookie'
const CREDENTIALS: ReadonlySet<string> = new Set([ACCESS_COOKIE, REFRESH_COOKIE, OPERATOR_COOKIE])

/** What was parsed once is remembered above, so what is left of it is, too. */
const keptOf = new WeakMap<ReadonlyMap<string, string>, ReadonlyMap<string, string>>()

function withoutCredentials(cookies: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const known = keptOf.get(cookies)
  if (known !== undefined) return known
  const kept = new Map([...cookies].filter(([name]) => !CREDENTIALS.has(name)))
  keptOf.set(cookies, kept)
  return kept
}

/**
 * RFC 10017 section 6.1.3.6: what makes a session stays with the gateway. Whatever answers now, or the request is passed on to, knows who asks from the
 * call alone. The accounts origin has no such session, and the engine there reads its own cookies from the request.
 */
export function keepCredentials(exchange: GatewayExchange): void {
  const { request, host } = exchange
  if (host?.isAccounts === true || request.headers.cookie === undefined) return
  exchange.cookies = withoutCredentials(exchange.cookies)
  dropHeaders(request, isCookie)
}
