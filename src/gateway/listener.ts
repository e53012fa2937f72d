// The listening socket: time and size limits, a cap of connections per address, answers to what the parser refuses, and the drain at the end.
import { createServer, type IncomingMessage, type Server, ServerResponse, STATUS_CODES } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { BlockResponse } from '#kernel/http/head.ts'
import { httpErrors, problemOf } from '#kernel/http/problem.ts'
import { newRequestId } from '#kernel/ids.ts'
import { isProxy, plain, type TrustedProxies } from './client-address.ts'
import { HOSTLESS_HEADERS } from './headers.ts'

export interface ListenerParts {
  readonly host: string
  readonly port: number
  readonly maxConnectionsPerAddress?: number
  /** Behind these are many clients, so their connections are not counted. */
  readonly proxies?: TrustedProxies | undefined
  serve(request: IncomingMessage, response: ServerResponse, awaitsContinue: boolean): void
  /** Whether a request may leave HTTP for another protocol. */
  isUpgrade(request: IncomingMessage): boolean
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void
  /** The last answer of this connection was given already. */
  isDone(socket: Socket): boolean
  /** What the parser refused before there was a request. */
  refused(status: number, requestId: string, code: string): void
}

export interface Listener {
  start(): Promise<void>
  /** No new connections; idle ones close; requests under way have ten seconds. */
  stop(): Promise<void>
  port(): number
  isListening(): boolean
  isStopping(): boolean
}

const DRAIN_MS = 10_000
/** Most of them wait for events: some 20 KB each, and one file descriptor. */
const MAX_CONNECTIONS = 20_000
const MAX_PER_ADDRESS = 1000

const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: 16 * 1024,
  // Checked by the pipeline, whose refusal carries the security headers; Node's own does not.
  requireHostHeader: false,
  insecureHTTPParser: false,
  joinDuplicateHeaders: false,
  keepAlive: true,
  noDelay: true,
} as const

function errorOf(code: string | undefined): ReturnType<typeof httpErrors.bad_request> {
  if (code === 'HPE_HEADER_OVERFLOW') return httpErrors.headers_too_large()
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return httpErrors.timeout()
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return httpErrors.too_large()
  return httpErrors.bad_request()
}

function refusal(status: number, body: string, requestId: string): string {
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}`,
    `x-request-id: ${requestId}`,
    'cache-control: no-store',
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  return `${lines.join('\r\n')}\r\n${HOSTLESS_HEADERS.text}\r\n${body}`
}

/** A connection that is in the middle of an answer must not get a second one. Node says so in this property only (its own default handler asks it). */
function isAnswering(socket: Duplex): boolean {
  const message: unknown = Reflect.get(socket, '_httpMessage')
  return message instanceof ServerResponse && message.headersSent
}

/** Browsers open connections ahead and may never use them: nothing was asked, so there is nothing to answer or to record. */
function isSilent(socket: Duplex): boolean {
  return socket instanceof Socket && socket.bytesRead === 0
}

function createRefuser(refused: ListenerParts['refused']) {
  return (error: Error & { code?: string }, socket: Duplex): void => {
    if (error.code === 'ECONNRESET' || !socket.writable || isAnswering(socket) || isSilent(socket)) {
      socket.destroy()
      return
    }
    const requestId = newRequestId()
    const { problem } = problemOf(errorOf(error.code), requestId)
    refused(problem.status, requestId, problem.code)
    socket.end(refusal(problem.status, JSON.stringify(problem), requestId), () => socket.destroy())
  }
}

/** One address cannot take all connections. Counted by peer, so that no header moves it. */
function capPerAddress(server: Server, { maxConnectionsPerAddress: max = MAX_PER_ADDRESS, proxies }: ListenerParts): ReadonlySet<Socket> {
  const counts = new Map<string, number>()
  const open = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    const address = plain(socket.remoteAddress ?? '')
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    if (isProxy(address, proxies)) return
    const count = (counts.get(address) ?? 0) + 1
    if (count > max) {
      socket.destroy()
      return
    }
    counts.set(address, count)
    socket.once('close', () => {
      const left = (counts.get(address) ?? 1) - 1
      if (left === 0) counts.delete(address)
      else counts.set(address, left)
    })
  })
  return open
}

export function createListener(parts: ListenerParts): Listener {
  const server = createServer({ ...LIMITS, ServerResponse: BlockResponse, shouldUpgradeCallback: (request) => parts.isUpgrade(request) })
  server.maxRequestsPerSocket = 10_000
  server.maxConnections = MAX_CONNECTIONS
  server.timeout = 120_000
  let stopping: Promise<void> | undefined
  // After a refusal that closes, what follows on the connection may be the second half of a trick: Node would still parse it and ask us.
  const serve: ListenerParts['serve'] = (request, response, awaitsContinue) => {
    if (!parts.isDone(request.socket)) parts.serve(request, response, awaitsContinue)
  }
  const open = capPerAddress(server, parts)
  server.on('request', (request, response) => serve(request, response, false))
  // RFC 9110 section 10.1.1: the body is asked for only once the request has passed the checks.
  server.on('checkContinue', (request, response) => serve(request, response, true))
  server.on('checkExpectation', (request, response) => {
    request.headers.expect = 'unknown'
    serve(request, response, false)
  })
  server.on('upgrade', (request, socket, head) => {
    // Sent before the answer to an earlier request had left: what would come of it is anybody's guess.
    if (!(socket instanceof Socket) || parts.isDone(socket) || Reflect.get(socket, '_httpMessage') instanceof ServerResponse)
      socket.destroy()
    else parts.upgrade(request, socket, head)
  })
  server.on('clientError', createRefuser(parts.refused))
  const drain = (): Promise<void> =>
    new Promise((resolve) => {
      if (!server.listening) {
        resolve()
        return
      }
      const timer = setTimeout(() => server.closeAllConnections(), DRAIN_MS)
      server.close(() => {
        clearTimeout(timer)
        resolve()
      })
      server.closeIdleConnections()
      // Node counts a connection that has not said anything yet as busy.
      for (const socket of open) if (socket.bytesRead === 0) socket.destroy()
    })
  return {
    start: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen({ host: parts.host, port: parts.port, backlog: 1024 }, () => {
          server.off('error', reject)
          resolve()
        })
      }),
    stop() {
      stopping ??= drain()
      return stopping
    },
    port() {
      const address = server.address()
      return address === null || typeof address === 'string' ? 0 : address.port
    },
    isListening: () => server.listening,
    isStopping: () => stopping !== undefined,
  }
}
