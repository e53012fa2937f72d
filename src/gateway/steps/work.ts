// The body is read, the input parsed, the route does its work.
import { FORM_LIMIT_BYTES, parseParameters, readForm, readJson } from '#kernel/http/body.ts'
import { httpErrors } from '#kernel/http/problem.ts'
import type { Answer, HandledRoute, RawRoute, RouteInput } from '#kernel/http/route.ts'
import { fieldProblems, type Schema } from '#kernel/schema.ts'
import type { GatewayExchange } from '../exchange.ts'
import { isForeignNavigation } from '../navigation.ts'
import { takeUpgrade } from './sockets.ts'
import type { PipelineParts, Step } from './step.ts'
import { bouncePage } from '../pages/pages.ts'

const CSRF_FIELD = 'csrf_token'

function requireLength(exchange: GatewayExchange, maxBytes: number): void {
  const length = Number(exchange.request.headers['content-length'] ?? 0)
  if (length > maxBytes) throw httpErrors.too_large({ detail: `At most ${maxBytes} bytes are accepted here.` })
}

// Chunk extensions are invisible to a Node handler, and have been read differently by different servers. So chunked bodies are accepted
// only where the length may honestly be unknown.
function refuseChunked({ request }: GatewayExchange): void {
  if (request.headers['transfer-encoding'] !== undefined) throw httpErrors.length_required({ detail: 'Send a Content-Length.' })
}

function continueBody(exchange: GatewayExchange): void {
  if (exchange.awaitsContinue) exchange.response.writeContinue()
}

async function readJsonBody(exchange: GatewayExchange, maxBytes: number | undefined): Promise<void> {
  exchange.body = await readJson(exchange.request, maxBytes)
}

async function readFormBody(exchange: GatewayExchange, maxBytes: number | undefined): Promise<void> {
  const form = await readForm(exchange.request, maxBytes)
  exchange.submittedCsrf = form[CSRF_FIELD]
  delete form[CSRF_FIELD]
  exchange.body = form
}

export function readBody(exchange: GatewayExchange): void | Promise<void> {
  const route = exchange.match?.route
  if (!exchange.hasBody || route === undefined) return undefined
  const kind = route.kind === 'raw' ? 'raw' : route.body
  const limit = route.maxBodyBytes
  if (kind === 'none') throw httpErrors.bad_request({ detail: 'This takes no body.' })
  if (kind === 'raw' || kind === 'stream') {
    requireLength(exchange, limit ?? (kind === 'raw' ? FORM_LIMIT_BYTES : Number.POSITIVE_INFINITY))
    continueBody(exchange)
    return undefined
  }
  refuseChunked(exchange)
  continueBody(exchange)
  return kind === 'json' ? readJsonBody(exchange, limit) : readFormBody(exchange, limit)
}

function parsed(schema: Schema, value: unknown): unknown {
  const result = schema.safeParse(value)
  if (!result.success) throw httpErrors.invalid({ fields: fieldProblems(result.error) })
  return result.data
}

function queryOf(exchange: GatewayExchange, { query, input: { query: schema } }: HandledRoute): unknown {
  if (query === 'unread') return {}
  if (schema !== undefined) return parsed(schema, parseParameters(exchange.search))
  if (exchange.search !== '') throw httpErrors.bad_request({ detail: 'This takes no query.' })
  return {}
}

function bodyOf(exchange: GatewayExchange, route: HandledRoute): unknown {
  if (route.input.body !== undefined) return parsed(route.input.body, exchange.body)
  if (route.body !== 'stream' && exchange.body !== undefined && Object.keys(Object(exchange.body)).length > 0) {
    throw httpErrors.bad_request({ detail: 'This takes no fields.' })
  }
  return undefined
}

function inputOf(exchange: GatewayExchange, route: HandledRoute): RouteInput {
  const params = exchange.match?.params
  const schema = route.input.params
  let checked: unknown = params
  if (schema !== undefined) {
    const result = schema.safeParse(params)
    // A path that cannot name anything names nothing.
    if (!result.success) throw httpErrors.not_found()
    checked = result.data
  }
  return { params: checked, query: queryOf(exchange, route), body: bodyOf(exchange, route) }
}

function needsOwnCookies(exchange: GatewayExchange): boolean {
  return exchange.askedForCsrf && exchange.host?.frontend !== undefined && isForeignNavigation(exchange)
}

/** The place is kept for as long as the stream flows; whoever may not listen any more is cut off in good order. */
async function handleLasting({ lasting }: PipelineParts, exchange: GatewayExchange, route: HandledRoute): Promise<Answer> {
  const place = lasting.take(exchange.client, exchange.authority)
  try {
    const answer = await route.handle(exchange.call, inputOf(exchange, route), exchange)
    const { body } = answer
    if (body === undefined || !('stream' in body)) place.release()
    else {
      const { stream, finish } = body
      place.open(() => (finish === undefined ? stream.destroy() : finish()))
      stream.once('close', () => place.release())
    }
    return answer
  } catch (error) {
    place.release()
    throw error
  }
}

async function handleRoute(parts: PipelineParts, exchange: GatewayExchange, route: HandledRoute): Promise<void> {
  const { logger, development } = parts
  const answer =
    route.lasting === true
      ? await handleLasting(parts, exchange, route)
      : await route.handle(exchange.call, inputOf(exchange, route), exchange)
  if (needsOwnCookies(exchange)) {
    // A form for somebody whose Strict cookies stayed at home would be bound to the wrong session: come again from our own origin.
    exchange.newCookies = undefined
    exchange.answer = bouncePage(exchange, exchange.search === '' ? exchange.path : `${exchange.path}?${exchange.search}`)
    return
  }
  if (!(answer.status in route.answers)) {
    logger.error({ requestId: exchange.requestId, route: `${route.method} ${route.path}`, status: answer.status }, 'undeclared status')
    if (development) throw new Error(`${route.method} ${route.path} answered the undeclared status ${answer.status}`)
  }
  exchange.answer = answer
}

async function handleRaw(exchange: GatewayExchange, route: RawRoute): Promise<void> {
  const { response, host } = exchange
  const headers = [...(host?.headers.fixed.list ?? []), ...exchange.headers]
  for (let index = 0; index < headers.length; index += 2) response.appendHeader(String(headers[index]), headers[index + 1] ?? '')
  if (host !== undefined) response.setHeader('content-security-policy', host.headers.pagePolicy(undefined, undefined))
  exchange.isRaw = true
  await route.handle(exchange.call, exchange)
}

export function handle(parts: PipelineParts): Step['run'] {
  return (exchange) => {
    const route = exchange.match?.route
    if (route === undefined) throw httpErrors.not_found()
    if (exchange.isUpgrade) {
      takeUpgrade(parts, exchange, route)
      return undefined
    }
    return route.kind === 'raw' ? handleRaw(exchange, route) : handleRoute(parts, exchange, route)
  }
}
