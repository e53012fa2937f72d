// WebSocket handshakes (RFC 6455 section 4). A request to upgrade goes through the same pipeline as every other; what is refused gets a whole answer.
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { WebSocketServer } from 'ws'
import { BlockResponse } from '#kernel/http/head.ts'
import { httpErrors } from '#kernel/http/problem.ts'
import type { SocketHandler } from '#kernel/http/route.ts'
import type { CloseRecord, GatewayExchange } from '../exchange.ts'
import { OpenSocket, type SocketParts } from './open-socket.ts'

/** A whole conversation is JSON text; nothing that a client has to say is longer. */
const MAX_MESSAGE_BYTES = 16 * 1024
const PROTOCOL = 'ninefold.realtime.v1'
const KEY = /^[+/0-9A-Za-z]{22}==$/
const OPENED = 101

/** Only these leave HTTP: every other `Upgrade` is ignored, as RFC 9110 section 7.8 allows, and answered in HTTP/1.1. */
export function asksForSocket(request: IncomingMessage): boolean {
  return request.headers.upgrade?.toLowerCase() === 'websocket'
}

/** Refuses what is no handshake, before anybody is looked up. */
export function checkHandshake({ method, request }: GatewayExchange): void {
  if (method !== 'GET' || request.httpVersionMinor === 0)
    throw httpErrors.bad_request({ detail: 'A WebSocket is opened by GET, in HTTP/1.1.' })
  if (!KEY.test(request.headers['sec-websocket-key'] ?? ''))
    throw httpErrors.bad_request({ detail: 'Sec-WebSocket-Key is missing or no key.' })
  if (request.headers['sec-websocket-version'] !== '13') {
    throw httpErrors.upgrade_required({ detail: 'WebSocket version 13 is spoken here.', headers: { 'sec-websocket-version': '13' } })
  }
}

export interface Upgrades {
  /** The response through which a refusal leaves. */
  responseFor(request: IncomingMessage, socket: Socket): BlockResponse
  /** The pipeline has let it through. */
  open(exchange: GatewayExchange, head: Buffer): void
}

export interface UpgradeParts extends SocketParts {
  record(ended: CloseRecord, status: number, bytesOut: number): void
}

export function createUpgrades(parts: UpgradeParts): Upgrades {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    // Compression would cost 100 KB a connection, and mixes what others chose with what is secret (BREACH).
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
    // The socket answers them itself, as far as the other end may speak and listens.
    autoPong: false,
    // Never the first that is offered: some clients put a token there, and an echo of it would end up in logs.
    handleProtocols: (offered) => (offered.has(PROTOCOL) ? PROTOCOL : false),
  })
  server.on('wsClientError', (_error, socket) => socket.destroy())
  return {
    responseFor(request, socket) {
      const response = new BlockResponse(request)
      response.shouldKeepAlive = false
      response.assignSocket(socket)
      response.once('finish', () => socket.end())
      socket.on('error', () => socket.destroy())
      return response
    },
    open(exchange, head) {
      const { request, response, place, match } = exchange
      const upgrade = match?.route.kind === 'handled' ? match.route.upgrade : undefined
      const { socket } = request
      response.detachSocket(socket)
      if (upgrade === undefined || place === undefined) throw new Error('The pipeline let an upgrade through that nobody takes')
      const ended = exchange.forLater()
      const { principal, requestId, client } = exchange
      const origin = exchange.isSocketFromElsewhere ? request.headers.origin : undefined
      // Were the connection gone already, the callback would never run.
      const release = (): void => place.release()
      socket.once('close', release)
      server.handleUpgrade(request, socket, head, (webSocket) => {
        const open = new OpenSocket(parts, { webSocket, place, principal, requestId, client, origin })
        const handler: SocketHandler = upgrade(open)
        open.begin(handler, (bytesOut) => parts.record({ ...ended, principal: open.principal }, OPENED, bytesOut))
      })
      if (socket.destroyed) release()
    },
  }
}
