// Who asks what of which host, and whether it may be asked now: everything before cookies and tokens mean anything.
import { parseCookies } from '#kernel/http/cookie.ts'
import { KNOWN_BROWSER_COOKIE } from '#kernel/http/known-browser.ts'
import { httpErrors } from '#kernel/http/problem.ts'
import type { Method } from '#kernel/http/route.ts'
import { cameByTls, clientAddress, networkOf } from '../client-address.ts'
import type { GatewayExchange } from '../exchange.ts'
import { isSentFromElsewhere } from '../navigation.ts'
import { shareRefusal } from './cors.ts'
import type { PipelineParts, Step } from './step.ts'
import { checkFraming, checkHeaderNames, isHost, splitTarget } from '../strict-http.ts'

/** The address goes no further than this line: all others see the pseudonym. */
export function readAddress({ monitoring, proxies, development, readCertificate }: PipelineParts): Step['run'] {
  return (exchange) => {
    exchange.isInTheClear = !development && !cameByTls(exchange.request, proxies)
    const address = clientAddress(exchange.request, proxies)
    exchange.client = monitoring.pseudonym(address)
    exchange.network = () => monitoring.pseudonym(networkOf(address))
    exchange.clientCertificate = readCertificate(exchange.request)
  }
}

export function findHost({ hosts }: PipelineParts): Step['run'] {
  return (exchange) => {
    const header = exchange.request.headers.host ?? ''
    const host = hosts.find(header)
    if (host === undefined) {
      if (!isHost(header)) throw httpErrors.bad_request({ detail: 'The Host header is no host.' })
      // RFC 9110 section 15.5.20. Links are built from configuration, so a forged host has nothing to poison.
      throw httpErrors.misdirected()
    }
    exchange.host = host
    if (!host.takesCertificates) exchange.clientCertificate = undefined
    exchange.headers.push('x-request-id', exchange.requestId)
  }
}

export function checkNames(exchange: GatewayExchange): void {
  checkHeaderNames(exchange.request)
}

export function checkTarget(exchange: GatewayExchange): void {
  const { path, search } = splitTarget(exchange.request.url ?? '')
  exchange.path = path
  exchange.search = search
  exchange.hasBody = checkFraming(exchange.request)
  const { expect } = exchange.request.headers
  if (expect !== undefined && expect.toLowerCase() !== '100-continue') throw httpErrors.expectation_failed()
}

const ROUTED: ReadonlyMap<string, Method> = new Map([
  ['GET', 'GET'],
  ['HEAD', 'GET'],
  ['POST', 'POST'],
  ['PUT', 'PUT'],
  ['PATCH', 'PATCH'],
  ['DELETE', 'DELETE'],
])

/** Below these, a page that answers for every path must not answer for what does not exist. */
const RESERVED = ['/api', '/session', '/.well-known']

function isReserved(path: string): boolean {
  return RESERVED.some((prefix) => path === prefix || path.startsWith(`${prefix}/`))
}

export function findRoute(exchange: GatewayExchange): void {
  const { host, path, method } = exchange
  if (host === undefined) return
  const routed = ROUTED.get(method)
  if (routed !== undefined) {
    const match = host.router.find(routed, path)
    exchange.match = match?.route.path === '/*' && isReserved(path) ? undefined : match
  } else if (method === 'OPTIONS') {
    // The OpenID engine answers preflights of its own endpoints.
    exchange.match = [...new Set(ROUTED.values())].map((name) => host.router.find(name, path)).find((match) => match?.route.kind === 'raw')
  }
}

/** Strangers who use up what an address may ask leave this to whoever has signed in there before: once for each account, from wherever it comes. */
function ownAllowance({ passes }: PipelineParts, { request }: GatewayExchange): string | undefined {
  const { cookie } = request.headers
  if (cookie?.includes(KNOWN_BROWSER_COOKIE) !== true) return undefined
  const pass = passes.read(parseCookies(cookie).cookies.get(KNOWN_BROWSER_COOKIE))
  return pass && `known ${pass.account}`
}

export function limitRate(parts: PipelineParts): Step['run'] {
  const { limits, origins } = parts
  return (exchange) => {
    const { match, client, startedAt, headers } = exchange
    // Counted apart, or a page of somebody else could use up what a person needs to sign in and to stay in.
    const isFromElsewhere = isSentFromElsewhere(exchange)
    const rate = match?.route.rate ?? 'page'
    const own = rate === 'sign-in' && !isFromElsewhere ? ownAllowance(parts, exchange) : undefined
    try {
      limits.take(rate, { client: isFromElsewhere ? `${client} elsewhere` : client, own }, { nowMs: startedAt, headers })
    } catch (error) {
      shareRefusal({ origins }, exchange)
      throw error
    }
  }
}

/** ASVS 5.0 V4.1.2: refused and not redirected, so that a client that sends tokens in the clear is noticed. Probes come from beside us. */
export function requireTls({ isInTheClear, match }: GatewayExchange): void {
  if (isInTheClear && match?.route.rate !== 'probe') {
    throw httpErrors.forbidden({ detail: 'Use https. The proxy in front must send X-Forwarded-Proto: https.' })
  }
}

export function requireRoute(exchange: GatewayExchange): void {
  if (exchange.match !== undefined) return
  const { host, path, method } = exchange
  const methods = host?.router.methodsOf(path).filter((name) => !isReserved(path) || !isCatchAll(exchange, name)) ?? []
  const isKnown = ROUTED.has(method) || method === 'OPTIONS' || method === 'TRACE' || method === 'CONNECT'
  if (!isKnown) throw httpErrors.not_implemented()
  if (methods.length === 0) throw httpErrors.not_found()
  const headers = { allow: methods.join(', ') }
  if (method !== 'OPTIONS') throw httpErrors.method_not_allowed({ headers })
  exchange.answer = { status: 204, headers }
}

function isCatchAll({ host, path }: GatewayExchange, method: string): boolean {
  return host?.router.find(ROUTED.get(method) ?? 'GET', path)?.route.path === '/*'
}
