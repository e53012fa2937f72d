// One open WebSocket: what comes in is limited, who is at the other end is checked as long as it is open, and a silent end is noticed.
import type { RawData, WebSocket } from 'ws'
import type { Call, Principal } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { httpErrors } from '#kernel/http/problem.ts'
import type { SocketConnection, SocketHandler } from '#kernel/http/route.ts'
import type { Logger } from '#kernel/log.ts'
import { createRounds } from '#kernel/rounds.ts'
import type { ClientOrigins } from '../client-origins.ts'
import type { Ending, Place } from '../lasting/connections.ts'
import { type Revocations, revocableOf } from '../tokens/revocations.ts'
import { invalidToken, type TokenVerifier, type VerifiedToken } from '../tokens/verifier.ts'

export interface SocketParts {
  readonly verifier: TokenVerifier
  readonly revocations: Revocations
  readonly origins: ClientOrigins
  readonly clock: Clock
  readonly logger: Logger
}

export interface Opened {
  readonly webSocket: WebSocket
  readonly place: Place
  readonly principal: Principal
  readonly requestId: string
  readonly client: string
  /** Where the page is that opened it, when that is not our own origin. */
  readonly origin: string | undefined
}

/** Close codes of ours (RFC 6455 section 7.4.2 leaves 4000 and above to applications); the last digits are those of HTTP. */
const CLOSE: Readonly<Record<Ending, readonly [number, string]>> = {
  expired: [4401, 'the access token has expired'],
  revoked: [4401, 'the session has ended'],
  unchecked: [1013, 'sessions cannot be checked just now'],
  stopping: [1001, 'the server is restarting'],
}
const OTHER_PERSON = 4403
const TOO_MANY = 4429
const UNSUPPORTED = 1003
const FAILED = 1011

/** A page that reloads a hundred subscriptions says a hundred things at once. */
const BURST = 120
const PER_SECOND = 10
const PING_MS = 25_000
const LINGER_MS = 1000
/** What waits for an end that does not read. Far more than a handler sends before it waits itself: this is for answers to what the other end says. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024
const VERIFY_MS = 5000

const rounds = createRounds(PING_MS)

export class OpenSocket implements SocketConnection {
  readonly #parts: SocketParts
  readonly #opened: Opened
  #principal: Principal
  #handler: SocketHandler | undefined
  #allowance = BURST
  #filledAt: number
  #isAlive = true
  #bytesOut = 0

  constructor(parts: SocketParts, opened: Opened) {
    this.#parts = parts
    this.#opened = opened
    this.#principal = opened.principal
    this.#filledAt = parts.clock.now()
  }

  get principal(): Principal {
    return this.#principal
  }

  get requestId(): string {
    return this.#opened.requestId
  }

  get backlog(): number {
    return this.#opened.webSocket.bufferedAmount
  }

  begin(handler: SocketHandler, closed: (bytesOut: number) => void): void {
    const { webSocket, place } = this.#opened
    this.#handler = handler
    const leave = rounds.join(() => this.ping())
    place.open(
      (why) => this.close(...CLOSE[why]),
      (token) => this.#renew(token),
    )
    webSocket.on('message', (data: RawData, isBinary: boolean) => this.#receive(data, isBinary))
    webSocket.on('ping', (data: Buffer) => this.#answerPing(data))
    webSocket.on('pong', () => {
      this.#isAlive = true
    })
    // Broken frames, text that is no UTF-8, messages that are too long: the library closes with the code for it, and says so here too.
    webSocket.on('error', () => {})
    webSocket.once('close', () => {
      leave()
      place.release()
      handler.closed()
      closed(this.#bytesOut)
    })
  }

  send(text: string): void {
    const { webSocket } = this.#opened
    if (webSocket.readyState !== webSocket.OPEN) return
    if (webSocket.bufferedAmount > MAX_UNREAD_BYTES) {
      webSocket.terminate()
      return
    }
    this.#bytesOut += Buffer.byteLength(text)
    webSocket.send(text, this.#sent)
  }

  close(code: number, reason: string): void {
    const { webSocket } = this.#opened
    if (webSocket.readyState !== webSocket.OPEN) return
    webSocket.close(code, reason)
    // Whoever does not answer is not waited for: an authority that has ended must not receive what is still under way.
    setTimeout(() => webSocket.terminate(), LINGER_MS).unref()
  }

  terminate(): void {
    this.#opened.webSocket.terminate()
  }

  ping(): void {
    const { webSocket } = this.#opened
    if (!this.#isAlive) {
      webSocket.terminate()
      return
    }
    this.#isAlive = false
    if (webSocket.readyState === webSocket.OPEN) webSocket.ping()
  }

  async authenticate(token: string): Promise<{ readonly expiresAt: number }> {
    const { verifier, revocations, clock } = this.#parts
    const call: Call = {
      principal: { kind: 'anonymous' },
      requestId: this.requestId,
      signal: AbortSignal.timeout(VERIFY_MS),
      deadline: clock.now() + VERIFY_MS,
    }
    const verified = verifier.known(token) ?? (await verifier.verify(call, token))
    if (!revocations.isFresh()) throw httpErrors.unavailable({ detail: 'Sessions cannot be checked just now.' })
    if (revocations.isRevoked(revocableOf(verified))) throw invalidToken('The token has been revoked.')
    // A message has no place for a proof.
    if (verified.binding !== undefined) throw invalidToken('A token that is bound to a key opens no WebSocket.')
    this.#accept(verified)
    return { expiresAt: verified.expiresAt }
  }

  #accept(verified: VerifiedToken): void {
    const { place, origin } = this.#opened
    const { principal } = verified
    if (origin !== undefined && !this.#parts.origins.belongsTo(origin, principal.clientId)) {
      throw httpErrors.forbidden({ detail: 'This token belongs to a client of another origin.' })
    }
    if (this.#principal.kind === 'user' && this.#principal.accountId !== principal.accountId) {
      this.close(OTHER_PERSON, 'a connection stays with one person')
      throw httpErrors.forbidden({ detail: 'A connection stays with one person. Open another.' })
    }
    place.become({ token: verified, byCookie: false })
    this.#principal = principal
    this.#handler?.renewed()
  }

  #renew({ principal }: VerifiedToken): void {
    this.#principal = principal
    this.#handler?.renewed()
  }

  /** A ping is a message like others: answered without end, those of somebody who reads nothing would fill the memory. */
  #answerPing(data: Buffer): void {
    const { webSocket } = this.#opened
    if (!this.#mayPass()) this.close(TOO_MANY, 'too many messages')
    else if (webSocket.readyState === webSocket.OPEN) webSocket.pong(data)
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (isBinary) {
      this.close(UNSUPPORTED, 'text only')
      return
    }
    if (!this.#mayPass()) {
      this.close(TOO_MANY, 'too many messages')
      return
    }
    try {
      this.#handler?.message(textOf(data))
    } catch (error) {
      this.#parts.logger.error({ err: error, requestId: this.requestId }, 'a message could not be handled')
      this.close(FAILED, 'something went wrong on our side')
    }
  }

  #mayPass(): boolean {
    const now = this.#parts.clock.now()
    this.#allowance = Math.min(BURST, this.#allowance + ((now - this.#filledAt) / 1000) * PER_SECOND)
    this.#filledAt = now
    if (this.#allowance < 1) return false
    this.#allowance -= 1
    return true
  }

  readonly #sent = (): void => {
    this.#handler?.drained()
  }
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8')
  return data instanceof ArrayBuffer ? Buffer.from(data).toString('utf8') : data.toString('utf8')
}
