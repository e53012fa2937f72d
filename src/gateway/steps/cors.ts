// Cross-origin sharing (Fetch standard): the API and the files may be called by scripts of exactly the registered origins, with a token,
// never with cookies. The OpenID engine shares its own endpoints itself, but for what does not come to it.
import { httpErrors } from '#kernel/http/problem.ts'
import type { GatewayExchange } from '../exchange.ts'
import { isOfApi } from '../hosts.ts'
import type { PipelineParts, Step } from './step.ts'

const ALLOWED_HEADERS = 'authorization, content-type, dpop, idempotency-key, if-match, if-none-match, last-event-id, range, x-file-name'
const EXPOSED_HEADERS =
  'content-disposition, content-range, dpop-nonce, etag, location, ratelimit, ratelimit-policy, retry-after, www-authenticate, x-request-id'
const MAX_AGE_SECONDS = '600'

function isShared({ host, path }: GatewayExchange): boolean {
  return host !== undefined && (host.isFiles || (host.api !== undefined && isOfApi(path)))
}

export function shareAcrossOrigins({ origins }: PipelineParts): Step['run'] {
  return (exchange) => {
    if (!isShared(exchange)) return
    exchange.headers.push('vary', 'origin')
    const { origin } = exchange.request.headers
    if (origin === undefined || origin === exchange.origin || !origins.has(origin)) return
    exchange.headers.push('access-control-allow-origin', origin, 'access-control-expose-headers', EXPOSED_HEADERS)
  }
}

/** A token endpoint that has had enough: to the scripts of a client it would be a network that failed, and `Retry-After` nothing that they can read. */
export function shareRefusal(
  { origins }: Pick<PipelineParts, 'origins'>,
  { host, match, request, origin: own, headers }: GatewayExchange,
): void {
  const { origin } = request.headers
  const isEngines = host?.isAccounts === true || host?.isCertificates === true
  if (!isEngines || match?.route.rate !== 'token' || origin === undefined || origin === own || !origins.has(origin)) return
  headers.push('vary', 'origin', 'access-control-allow-origin', origin, 'access-control-expose-headers', EXPOSED_HEADERS)
}

/** After the rate limit: a preflight asks for no route, but it is a request like any other. */
export function answerPreflight({ origins }: PipelineParts): Step['run'] {
  return (exchange) => {
    if (exchange.method !== 'OPTIONS' || !isShared(exchange)) return
    const { origin, 'access-control-request-method': asked } = exchange.request.headers
    if (origin === undefined || origin === exchange.origin || asked === undefined) return
    const methods = exchange.host?.router.methodsOf(exchange.path) ?? []
    if (!origins.has(origin)) throw httpErrors.forbidden({ detail: 'Scripts of this origin may not call here.' })
    if (methods.length === 0) throw httpErrors.not_found()
    const headers = {
      'access-control-allow-methods': methods.join(', '),
      'access-control-allow-headers': ALLOWED_HEADERS,
      'access-control-max-age': MAX_AGE_SECONDS,
    }
    exchange.answer = { status: 204, headers }
  }
}

function withdraw(exchange: GatewayExchange): void {
  const { headers } = exchange
  for (let index = headers.length - 2; index >= 0; index -= 2) {
    if (String(headers[index]).startsWith('access-control-')) headers.splice(index, 2)
  }
}

/** RFC 10017 section 6.3.3.4: a preflight knows no client; the request itself does, and only that client's own origins may make it. */
export function tieToClient({ origins }: PipelineParts): Step['run'] {
  return (exchange) => {
    const { origin } = exchange.request.headers
    if (origin === undefined || origin === exchange.origin || !exchange.hasBearer || exchange.principal.kind !== 'user') return
    if (!isShared(exchange) || origins.belongsTo(origin, exchange.principal.clientId)) return
    withdraw(exchange)
    throw httpErrors.forbidden({ detail: 'This token belongs to a client of another origin.' })
  }
}
