// One request on its way through the pipeline: what is known of it so far, and what its answer will carry.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Call, Principal } from '#kernel/call.ts'
import type { HeaderList } from '#kernel/http/head.ts'
import type { RouteMatch } from '#kernel/http/router.ts'
import type { Answer, ClientCertificate, Exchange, ForeignSources } from '#kernel/http/route.ts'
import { newNonce, randomToken } from '#kernel/ids.ts'
import type { Mac } from '#kernel/keyring.ts'
import { createCsrfToken, isCsrfToken } from './csrf/token.ts'
import type { Host } from './hosts.ts'
import type { Authority, Place } from './lasting/connections.ts'
import { BROWSER_COOKIE, CSRF_COOKIE, setBrowser, setCsrf } from './session/cookies.ts'
import type { AccessCookie, RefreshCookie } from './session/schemas.ts'
import type { VerifiedToken } from './tokens/verifier.ts'

/** What the cookies of a frontend say: a session may be known although its access token has ended. */
export interface BrowserSession {
  readonly sid: string
  readonly access?: AccessCookie
  readonly refresh?: RefreshCookie
  /** Present while the access token is good. */
  readonly live?: VerifiedToken
}

/** What the record of a request says of it, without holding on to the request. */
export type CloseRecord = Pick<
  GatewayExchange,
  'principal' | 'match' | 'host' | 'requestId' | 'startedAt' | 'startedMark' | 'method' | 'client' | 'errorCode'
>

const NO_COOKIES: ReadonlyMap<string, string> = new Map()
const ANONYMOUS: Principal = { kind: 'anonymous' }
const BROWSER_ID = /^[\w-]{43}$/
const ALLOWED_MS = 30_000

/** The call of a request. The abort signal is made when somebody asks for it: most never do. */
class RequestCall implements Call {
  readonly requestId: string
  readonly deadline: number
  readonly principal: Principal
  readonly #response: ServerResponse
  #controller: AbortController | undefined

  constructor(exchange: GatewayExchange) {
    this.requestId = exchange.requestId
    this.deadline = exchange.startedAt + ALLOWED_MS
    this.principal = exchange.principal
    this.#response = exchange.response
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController()
      const response = this.#response
      this.#controller = controller
      if (response.destroyed && !response.writableFinished) controller.abort()
      else {
        response.once('close', () => {
          if (!response.writableFinished) controller.abort()
        })
      }
    }
    return this.#controller.signal
  }
}

export class GatewayExchange implements Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly requestId: string
  /** Epoch milliseconds. */
  readonly startedAt: number
  /** The same moment on the monotonic clock, for durations. */
  readonly startedMark: number
  readonly method: string
  readonly #csrfMac: Mac
  client = ''
  clientCertificate: ClientCertificate | undefined
  network = (): string => ''
  /** In production: it did not come by TLS. */
  isInTheClear = false
  path = ''
  search = ''
  cookies = NO_COOKIES
  host: Host | undefined
  match: RouteMatch | undefined
  /** The headers of the platform so far, beside those that are the same on every answer of the host. */
  headers: HeaderList = []
  principal = ANONYMOUS
  /** Until when the caller is who it is. */
  authority: Authority | undefined
  /** Asks for a WebSocket instead of an answer. */
  isUpgrade = false
  /** The page that asks for it is a registered client's on another origin: its cookies mean nothing here. */
  isSocketFromElsewhere = false
  /** Among the connections that last. */
  place: Place | undefined
  /** The request carries a token of its own, so its cookies mean nothing. */
  hasBearer = false
  session: BrowserSession | undefined
  /** Why a session that was shown does not count: it was ended elsewhere. */
  sessionProblem: Error | undefined
  hasBody = false
  /** The client waits for `100 Continue` before it sends the body. */
  awaitsContinue = false
  body: unknown = undefined
  submittedCsrf: string | undefined
  answer: Answer | undefined
  /** The raw handler writes the answer, so headers go onto the response at once. */
  isRaw = false
  errorCode: string | undefined
  newCookies: string[] | undefined
  usedNonce: string | undefined
  foreignSources: ForeignSources | undefined
  askedForCsrf = false
  #csrf: string | undefined
  #browser: string | undefined
  #call: Call | undefined

  constructor(parts: {
    request: IncomingMessage
    response: ServerResponse
    requestId: string
    startedAt: number
    startedMark: number
    csrfMac: Mac
  }) {
    this.request = parts.request
    this.response = parts.response
    this.requestId = parts.requestId
    this.startedAt = parts.startedAt
    this.startedMark = parts.startedMark
    this.method = parts.request.method ?? ''
    this.#csrfMac = parts.csrfMac
  }

  forLater(): CloseRecord {
    const { principal, match, host, requestId, startedAt, startedMark, method, client, errorCode } = this
    return { principal, match, host, requestId, startedAt, startedMark, method, client, errorCode }
  }

  get origin(): string {
    return this.host?.origin ?? ''
  }

  /** For finding out who asks. */
  get earlyCall(): Call {
    return new RequestCall(this)
  }

  /** Only after the principal is known. */
  get call(): Call {
    this.#call ??= new RequestCall(this)
    return this.#call
  }

  nonce(): string {
    if (this.usedNonce === undefined) {
      this.usedNonce = newNonce()
      this.#setRawPolicy()
    }
    return this.usedNonce
  }

  allowSources(sources: ForeignSources): void {
    this.foreignSources = sources
    if (this.usedNonce !== undefined) this.#setRawPolicy()
  }

  #setRawPolicy(): void {
    if (!this.isRaw || this.response.headersSent || this.host === undefined) return
    const policy = this.host.headers.pagePolicy(this.usedNonce, undefined, this.foreignSources)
    this.response.setHeader('content-security-policy', policy)
    this.response.setHeader('cache-control', 'no-store')
  }

  addCookie(cookie: string): void {
    if (this.isRaw && !this.response.headersSent) {
      this.response.appendHeader('set-cookie', cookie)
      return
    }
    this.newCookies ??= []
    this.newCookies.push(cookie)
  }

  /** What a token must be bound to; `undefined` when the browser has neither a session nor a pre-session. */
  csrfBinding(): string | undefined {
    if (this.principal.kind === 'operator') return this.principal.sessionId
    // In memory mode no route but those of the session sees a cookie of it, so there the pre-session binds, renewed at sign-in.
    if (this.session !== undefined && this.host?.frontend?.mode === 'cookie') return this.session.sid
    if (this.#browser !== undefined) return this.#browser
    const sent = this.cookies.get(BROWSER_COOKIE)
    return sent !== undefined && BROWSER_ID.test(sent) ? sent : undefined
  }

  csrfToken(): string {
    this.askedForCsrf = true
    if (this.#csrf === undefined) {
      const binding = this.csrfBinding() ?? this.#newBrowser()
      const sent = this.cookies.get(CSRF_COOKIE)
      this.#csrf = isCsrfToken(this.#csrfMac, binding, sent) ? sent : this.#issueCsrf(binding)
    }
    return this.#csrf
  }

  /** A new name for this browser, which lives as long as the session that begins; what is sealed for it may be bound to that name. */
  renameBrowser(seconds: number): string {
    return this.#newBrowser(seconds)
  }

  renewCsrf(sessionId?: string): void {
    const browser = this.#browser ?? this.#newBrowser()
    this.#csrf = this.#issueCsrf(sessionId ?? browser)
  }

  #newBrowser(seconds?: number): string {
    const id = randomToken()
    this.#browser = id
    this.session = undefined
    this.addCookie(setBrowser(id, this.#sameSite(), seconds))
    return id
  }

  // The accounts site is entered by redirects from elsewhere; Strict cookies would be missing there, and each visit would start anew.
  #sameSite(): 'Strict' | 'Lax' {
    return this.host?.isAccounts === true ? 'Lax' : 'Strict'
  }

  #issueCsrf(binding: string): string {
    const token = createCsrfToken(this.#csrfMac, binding)
    this.addCookie(setCsrf(token, this.#sameSite()))
    return token
  }
}
