// The end of every request: the answer with its headers, and one record of it.
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { isOurFault } from '#kernel/errors.ts'
import { headerOf, problemAnswer, sendAnswer } from '#kernel/http/answer.ts'
import type { HeaderBlock, HeaderList } from '#kernel/http/head.ts'
import type { Answer } from '#kernel/http/route.ts'
import { type Problem, problemOf } from '#kernel/http/problem.ts'
import type { Logger } from '#kernel/log.ts'
import type { Monitoring } from '../monitoring/contract.ts'
import { CLIENT_GONE, createRecorder, type Recorder } from './access-log.ts'
import type { GatewayExchange } from './exchange.ts'
import { HOSTLESS_HEADERS } from './headers.ts'
import { wantsPage } from './navigation.ts'
import { errorPage } from './pages/pages.ts'
import { withMetadata } from './tokens/challenges.ts'

export interface Finish {
  answer(exchange: GatewayExchange): void
  fail(exchange: GatewayExchange, error: unknown): void
  /** The connection was given its last answer. */
  isDone(socket: Socket): boolean
  /** For what ends later than its answer. */
  readonly record: Recorder
}

interface FinishParts {
  readonly monitoring: Monitoring
  readonly logger: Logger
  now(): number
  /** True while the server drains: kept connections are closed after their answer. */
  isStopping(): boolean
}

/** After these the bytes on the connection are not worth another guess. */
const CLOSING = new Set([400, 408, 411, 413, 414, 417, 421, 431])

function isPage(answer: Answer): boolean {
  const { body } = answer
  if (body === undefined) return false
  if ('html' in body) return true
  const type = headerOf(answer, 'content-type') ?? ('type' in body ? body.type : undefined)
  return typeof type === 'string' && type.startsWith('text/html')
}

/** What is the same on every such answer of the host. A page has a policy of its own, which is added. */
function fixedOf({ host, usedNonce, foreignSources }: GatewayExchange, answer: Answer, headers: HeaderList): HeaderBlock {
  if (host === undefined) return HOSTLESS_HEADERS
  if (usedNonce === undefined && !isPage(answer)) return host.headers.inert
  headers.push('content-security-policy', host.headers.pagePolicy(usedNonce, answer.policy, foreignSources))
  return host.headers.fixed
}

/** A page with a nonce, and whatever sets a cookie, is for one reader and one time. */
function withCaching(exchange: GatewayExchange, answer: Answer, headers: HeaderList): Answer {
  const declared = headerOf(answer, 'cache-control')
  const isPrivate = exchange.usedNonce !== undefined || exchange.newCookies !== undefined || headerOf(answer, 'set-cookie') !== undefined
  if (declared !== undefined && !isPrivate) return answer
  headers.push('cache-control', 'no-store')
  if (declared === undefined) return answer
  const kept = Object.entries(answer.headers ?? {}).filter(([name]) => name.toLowerCase() !== 'cache-control')
  return { ...answer, headers: Object.fromEntries(kept) }
}

// The OpenID engine, asked by a route of auth, sets cookies on the response itself; one list of headers must carry both.
function keepEngineCookies(response: ServerResponse, headers: HeaderList): void {
  const set = response.getHeader('set-cookie')
  if (set === undefined) return
  headers.push('set-cookie', typeof set === 'number' ? String(set) : set)
  response.removeHeader('set-cookie')
}

function createSender(record: Recorder, isStopping: () => boolean) {
  const done = new WeakSet<Socket>()
  const send = (exchange: GatewayExchange, given: Answer): void => {
    const { request, response } = exchange
    const headers = exchange.host === undefined ? ['x-request-id', exchange.requestId] : exchange.headers.slice()
    const answer = withCaching(exchange, given, headers)
    const block = fixedOf(exchange, answer, headers)
    if (exchange.newCookies !== undefined) headers.push('set-cookie', exchange.newCookies)
    keepEngineCookies(response, headers)
    const close = CLOSING.has(answer.status) || isStopping() || (exchange.hasBody && !request.complete)
    if (close) done.add(request.socket)
    const status = response.destroyed ? CLIENT_GONE : answer.status
    const sent = sendAnswer({ request, response, block, headers, close }, answer)
    if (typeof sent === 'number') record(exchange, status, sent)
    else void sent.then((bytes) => record(exchange, status, bytes))
  }
  return { send, isDone: (socket: Socket) => done.has(socket) }
}

function recordRaw(record: Recorder, exchange: GatewayExchange): void {
  const { response } = exchange
  const note = (): void =>
    record(exchange, response.writableFinished ? response.statusCode : CLIENT_GONE, Number(response.getHeader('content-length') ?? 0))
  if (response.closed) note()
  else response.once('close', note)
}

/** A raw handler has the headers of the platform on its response already. Half of its answer must not look like a whole one. */
function failRaw(exchange: GatewayExchange, error: unknown): void {
  const { response, requestId } = exchange
  if (response.headersSent) {
    response.destroy()
    return
  }
  const { headers = {}, status } = problemAnswer(error, requestId)
  for (const [name, value] of Object.entries({ ...headers, ...oauthHeaders(exchange) })) response.setHeader(name, value)
  response.statusCode = status
  response.end(JSON.stringify(told(exchange, problemOf(error, requestId).problem)))
}

/** Also where the endpoint is there, and not by this method. */
function speaksOauth({ match, host, path }: GatewayExchange): boolean {
  const { route } = match ?? host?.router.find('POST', path) ?? host?.router.find('GET', path) ?? {}
  return route?.errors === 'oauth'
}

function oauthHeaders(exchange: GatewayExchange): Readonly<Record<string, string>> {
  return speaksOauth(exchange) ? { 'content-type': 'application/json' } : {}
}

/** RFC 6749 section 5.2, with the codes of section 4.1.2.1 for what is not about the request. */
function oauthErrorOf(status: number): string {
  if (status === 429 || status === 503) return 'temporarily_unavailable'
  return status >= 500 ? 'server_error' : 'invalid_request'
}

/** The problem, and for clients of OAuth what they understand of it. Their grammar has neither quotation marks nor backslashes. */
function told(exchange: GatewayExchange, problem: Problem): Problem & { readonly error?: string; readonly error_description?: string } {
  if (!speaksOauth(exchange)) return problem
  const words = (problem.detail ?? problem.title).replaceAll(/["\\]/g, "'")
  return { error: oauthErrorOf(problem.status), error_description: words, ...problem }
}

function withHeaders(answer: Answer, headers: Readonly<Record<string, string>>): Answer {
  return { ...answer, headers: { ...answer.headers, ...headers } }
}

/** Of `Retry-After` where it is a number of seconds (RFC 9110 section 10.2.3). */
function waitSecondsIn({ 'retry-after': after }: Readonly<Record<string, string>>): number | undefined {
  return after !== undefined && /^\d+$/.test(after) ? Number(after) : undefined
}

export function createFinish({ monitoring, logger, now, isStopping }: FinishParts): Finish {
  const record = createRecorder(monitoring, now)
  const { send, isDone } = createSender(record, isStopping)
  return {
    isDone,
    record,
    answer(exchange) {
      if (exchange.isRaw) recordRaw(record, exchange)
      else if (exchange.answer !== undefined) send(exchange, exchange.answer)
      else throw new Error('The pipeline ended without an answer')
    },
    fail(exchange, error) {
      const { problem, headers: own } = problemOf(error, exchange.requestId)
      const headers = withMetadata(exchange, own)
      exchange.errorCode = problem.code
      // What the route began to hand out was for an answer that did not come.
      exchange.newCookies = undefined
      exchange.foreignSources = undefined
      if (isOurFault(problem.status))
        logger.error({ err: error, requestId: exchange.requestId, route: exchange.match?.route.path }, problem.code)
      if (exchange.isRaw) {
        recordRaw(record, exchange)
        failRaw(exchange, error)
        return
      }
      const isForPerson = exchange.host !== undefined && !exchange.host.isFiles && wantsPage(exchange)
      const failed = (failure: unknown): void =>
        logger.error(
          { err: failure, requestId: exchange.requestId, event: 'gateway.problem_page_failed' },
          'the page of an error failed; the plain one was shown',
        )
      const shown = { ...problem, waitSeconds: waitSecondsIn(own) }
      if (isForPerson) send(exchange, { status: problem.status, headers, body: { html: errorPage(exchange, shown, failed) } })
      else {
        const answer = withHeaders(problemAnswer(error, exchange.requestId), { ...headers, ...oauthHeaders(exchange) })
        send(exchange, { ...answer, body: { json: told(exchange, problem) } })
      }
    },
  }
}
