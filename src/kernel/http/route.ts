// A route declares everything: where it is, what enters, what leaves, and who may. The same inventory feeds the router, OpenAPI,
// the rate limits, the CSRF rule and the authorisation tests, so that nothing can be forgotten in one place.
import type { X509Certificate } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import type { Call, Principal } from '../call.ts'
import type { Html } from '../html.ts'
import type { Schema } from '../schema.ts'
import type { SiteName } from '../sites.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** How the person must have signed in (RFC 9470). */
export interface StepUp {
  /** One of these authentication context classes. */
  readonly acr?: readonly string[]
  /** So long ago at most. */
  readonly maxAgeSeconds?: number
}

/** Who may call a route. There is no default: a route without a rule does not start. */
export type Rule =
  | { readonly who: 'anyone' }
  /** A signed-in person, by the session cookie of a frontend or by a bearer token; with `scope`, a token that has it. */
  | { readonly who: 'user'; readonly scope?: string; readonly firstParty?: true; readonly stepUp?: StepUp }
  | { readonly who: 'operator' }
  /** The handler decides, for the reason given: protocol endpoints that authenticate clients, signed links, the account pages. */
  | { readonly who: 'handler'; readonly reason: string }

export type RateClass = 'page' | 'api' | 'bulk' | 'sign-in' | 'token' | 'introspection' | 'files' | 'probe'

/** How the body is read before the handler runs. `stream` leaves it to the handler, which then must enforce `maxBodyBytes` itself. */
export type BodyKind = 'none' | 'json' | 'form' | 'stream'

/** What an answer with a status carries: a schema for JSON, or the kind of another body. */
export type AnswerShape = Schema | 'html' | 'text' | 'bytes' | 'empty' | 'problem'

export type AnswerBody =
  | { readonly json: unknown }
  /** JSON that is text already, so that a hot path need not parse and print it. */
  | { readonly jsonText: string }
  | { readonly html: Html }
  | { readonly text: string; readonly type?: string }
  | { readonly bytes: Uint8Array; readonly type: string }
  | {
      readonly stream: Readable
      readonly type: string
      readonly length?: number
      /** Ends a stream that would never end by itself, in good order: the answer is complete then. */
      readonly finish?: () => void
    }

/** Sources that one answer adds to the content security policy, for example the redirect origin of the client on a consent page. */
export interface PolicySources {
  readonly formAction?: readonly string[]
  readonly imgSrc?: readonly string[]
  readonly connectSrc?: readonly string[]
  readonly fontSrc?: readonly string[]
  readonly mediaSrc?: readonly string[]
}

/** What code of somebody else needs that a page lets in, such as the widget of a captcha: origins, `https://challenges.example`. */
export interface ForeignSources {
  /** Where its scripts come from. Trusted Types are given up on such a page: its scripts are not written for them. */
  readonly scriptSrc?: readonly string[]
  readonly frameSrc?: readonly string[]
  readonly connectSrc?: readonly string[]
}

export interface Answer {
  readonly status: number
  /** `Set-Cookie` may be a list. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: AnswerBody
  readonly policy?: PolicySources
}

/** What a client has shown to the proxy that ends TLS (RFC 8705, RFC 9440). */
export interface ClientCertificate {
  readonly certificate: X509Certificate
  /** SHA-256 of it in base64url, as `cnf` of a token has it (`x5t#S256`). */
  readonly thumbprint: string
  /** The proxy says that an authority which it trusts has issued it. */
  readonly isVerified: boolean
}

/** The HTTP side of one request, as the gateway has already checked it. */
export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly method: string
  /** The public origin of the host that was asked, from configuration, never from a header. */
  readonly origin: string
  /** The normalised path, without the query. */
  readonly path: string
  /** The raw query without the question mark, or an empty string. */
  readonly search: string
  readonly requestId: string
  /** The day's pseudonym of the client's address: a key for limits and logs. The address itself goes no further than the gateway. */
  readonly client: string
  /** The same for the network that the address is in: its /24, or its /48 of IPv6, where `client` is the /64 already. */
  network(): string
  readonly cookies: ReadonlyMap<string, string>
  /** Absent unless a named proxy has sent one. */
  readonly clientCertificate?: ClientCertificate | undefined
  /** The nonce of this answer's content security policy. Asking for it makes the answer `no-store`. */
  nonce(): string
  /** The token for the hidden field `csrf_token` of a form, or for the header `X-CSRF-Token`. Sets its cookies on first use. */
  csrfToken(): string
  /** After sign-in, sign-out or any change of privilege: old tokens stop working. */
  renewCsrf(): void
  /** The page that is being made has code of somebody else on it, whatever the handler returns. */
  allowSources(sources: ForeignSources): void
  /** Appends a serialised `Set-Cookie` to the answer, whatever the handler returns. */
  addCookie(cookie: string): void
}

export interface RouteInput<Params = unknown, Query = unknown, Body = unknown> {
  readonly params: Params
  readonly query: Query
  readonly body: Body
}

/**
 * An open WebSocket (RFC 6455), as the route that opened it sees it. The gateway has found out who asks, limits what comes in, keeps it alive, and
 * closes it with 4401 as soon as its authority ends.
 */
export interface SocketConnection {
  /** Who is at the other end, as of now. */
  readonly principal: Principal
  readonly requestId: string
  /** Bytes that were sent and have not left yet. */
  readonly backlog: number
  send(text: string): void
  close(code: number, reason: string): void
  /** Without waiting for the other end. */
  terminate(): void
  /** Goes on under the authority of an access token, and tells when that ends. Throws when it is no good, or another person's. */
  authenticate(token: string): Promise<{ readonly expiresAt: number }>
}

export interface SocketHandler {
  message(text: string): void
  /** What was sent has left. */
  drained(): void
  /** The same person, perhaps with other scopes. */
  renewed(): void
  closed(): void
}

interface RouteBase {
  readonly method: Method
  /** `find-my-way` syntax: `/api/photos/:id`, `/assets/*`. A GET route answers HEAD too. */
  readonly path: string
  readonly site: SiteName
  readonly allow: Rule
  readonly rate: RateClass
  /** One line for the inventory and the OpenAPI document. */
  readonly summary: string
  /** Unsafe methods need the CSRF token when the request has cookies. An exemption says why it is safe. */
  readonly csrfExempt?: string
  readonly maxBodyBytes?: number
  /** Its clients look for `error` (RFC 6749 section 5.2), so what the gateway refuses says that, too. */
  readonly errors?: 'oauth'
  /** The answer lasts as long as somebody listens: it is counted by person and address, and ends when the authority of the caller does. */
  readonly lasting?: true
  /** Takes over the connection when the request asks for a WebSocket; all others are handled as usual. */
  readonly upgrade?: (connection: SocketConnection) => SocketHandler
}

export interface HandledRoute extends RouteBase {
  readonly kind: 'handled'
  readonly body: BodyKind
  /** Leaves the query to the handler, for a protocol that says itself what is wrong with one; it is in `exchange.search`. */
  readonly query?: 'unread'
  readonly input: { readonly params?: Schema; readonly query?: Schema; readonly body?: Schema }
  /** Every status that the handler may return. Errors of the error tables need no entry. */
  readonly answers: Readonly<Record<number, AnswerShape>>
  handle(call: Call, input: RouteInput, exchange: Exchange): Promise<Answer>
}

/** A route whose handler writes the answer itself, such as the OpenID engine's. Headers of the gateway are set before it runs. */
export interface RawRoute extends RouteBase {
  readonly kind: 'raw'
  handle(call: Call, exchange: Exchange): Promise<void>
}

export type Route = HandledRoute | RawRoute

export interface RouteDeclaration<Params, Query, Body> extends RouteBase {
  readonly body?: BodyKind
  readonly query?: 'unread'
  readonly input?: { readonly params?: Schema<Params>; readonly query?: Schema<Query>; readonly body?: Schema<Body> }
  readonly answers: Readonly<Record<number, AnswerShape>>
  handle(call: Call, input: RouteInput<Params, Query, Body>, exchange: Exchange): Promise<Answer>
}

/** Declares a route. What has no schema in `input` is refused when it is not empty: a query, a body. */
export function route<Params = Record<string, never>, Query = Record<string, never>, Body = undefined>(
  declaration: RouteDeclaration<Params, Query, Body>,
): Route {
  return { kind: 'handled', input: {}, body: 'none', ...declaration }
}

export function rawRoute(declaration: Omit<RawRoute, 'kind'>): Route {
  return { kind: 'raw', ...declaration }
}

/** 200 with JSON. */
export function ok(json: unknown, headers: Answer['headers'] = {}): Answer {
  return { status: 200, headers, body: { json } }
}

/** Of a request's path and query together. The gateway takes none that is longer, so none is made. */
export const MAX_TARGET_LENGTH = 8192

/** 303, so that a form post is followed by a GET and never replayed (RFC 9700 section 4.12). */
export function seeOther(location: string, headers: Readonly<Record<string, string | readonly string[]>> = {}): Answer {
  return { status: 303, headers: { ...headers, location } }
}

export function page(body: Html, status = 200): Answer {
  return { status, body: { html: body } }
}
