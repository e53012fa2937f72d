// Requests to machines that somebody else has named: pinned to checked addresses, no redirect followed, bounded in time and size.
import { type IncomingMessage, request as plainRequest, type RequestOptions } from 'node:http'
import { request as secureRequest } from 'node:https'
import type { LookupFunction, TcpSocketConnectOpts } from 'node:net'
import type { HostAddress } from './host-lookup.ts'
import { pinAddresses, type Reach } from './public-address.ts'

export interface OutwardRequest {
  readonly url: string
  readonly method?: 'GET' | 'POST' | 'HEAD'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** For everything together, 10,000 unless told. */
  readonly timeoutMs?: number
  /** Of the answer's body, 262,144 unless told. */
  readonly maxBytes?: number
  readonly signal?: AbortSignal | undefined
  readonly reach?: Reach
}

export interface OutwardAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** One whose answer is read piece by piece. */
export interface OutwardOpening extends Pick<OutwardRequest, 'method' | 'headers' | 'body' | 'reach'> {
  readonly url: URL
  /** Ends everything, the reading of the body as well. */
  readonly signal: AbortSignal
  /** For the head of the answer, and then between two pieces of the body. */
  readonly silenceMs?: number
}

/** The message names the host and the reason, never a header or a body. */
export class OutwardError extends Error {
  override readonly name = 'OutwardError'
}

const TIMEOUT_MS = 10_000
const MAX_BYTES = 256 * 1024
const MAX_HEADER_BYTES = 32 * 1024
/** Of a host with many addresses. */
const MOST_TRIED = 4
const CONNECT_MS = 2000
const BROKEN_OFF = 'broke off its answer'
/** Answers before the answer (RFC 9110 section 15.2): nobody needs many, and they are work for this thread. */
const MOST_INFORMATIONAL = 20

/** Any status is an answer, a redirect too: where it leads has not been checked. Rejects with an `OutwardError`. */
export async function sendOutward(wanted: OutwardRequest): Promise<OutwardAnswer> {
  const { url: address, timeoutMs, maxBytes = MAX_BYTES, signal: given, ...rest } = wanted
  const url = checkedUrl(address)
  const limit = AbortSignal.timeout(timeoutMs ?? TIMEOUT_MS)
  const signal = given === undefined ? limit : AbortSignal.any([limit, given])
  const response = await openOutward({ ...rest, url, signal })
  const body = await read(response, { maxBytes, host: url.host })
  const headers = Object.entries(response.headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value] as const] : []))
  return { status: response.statusCode ?? 0, headers: Object.fromEntries(headers), body }
}

function checkedUrl(text: string): URL {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) throw new OutwardError('The address cannot be fetched.')
  if (url.username !== '' || url.password !== '') throw new OutwardError('The address carries a name or a password.')
  return url
}

/** The answer once its head is there. Whoever takes it reads the body to its end, or destroys it. Rejects with an `OutwardError`. */
export async function openOutward(wanted: OutwardOpening): Promise<IncomingMessage> {
  const { url, reach = {}, signal } = wanted
  const pinned = await pinAddresses(url, reach, signal)
  if (typeof pinned === 'string') throw new OutwardError(pinned)
  return sent(wanted, pinned)
}

function sent(wanted: OutwardOpening, pinned: readonly HostAddress[]): Promise<IncomingMessage> {
  const { url, body, signal, silenceMs = 0 } = wanted
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const request = (url.protocol === 'https:' ? secureRequest : plainRequest)(url, optionsOf(wanted, pinned))
  let response: IncomingMessage | undefined
  let informational = 0
  const fail = (reason: string, cause?: unknown): void => {
    // All of it is here: what becomes of the connection takes nothing from whoever reads it later.
    if (response?.complete === true) return
    const error = new OutwardError(`${url.host} ${reason}.`, { cause })
    reject(error)
    // Else a body that has no length and was cut off would look like a whole one.
    response?.destroy(error)
    request.destroy()
  }
  const tooLate = (): void => fail('did not answer in time')
  const timer = silenceMs === 0 ? undefined : setTimeout(tooLate, silenceMs)
  signal.addEventListener('abort', tooLate)
  request.once('response', (answer) => {
    clearTimeout(timer)
    response = answer
    const { statusCode: status = 0 } = answer
    if (status >= 200 && status <= 599) resolve(answer)
    else fail(`answered with ${status}, which is no status`)
  })
  // Nobody has asked for another protocol. Node would close the connection, and say nothing more.
  request.once('upgrade', (_head, socket) => {
    socket.destroy()
    fail('answered in another protocol')
  })
  request.on('information', () => {
    informational += 1
    if (informational === MOST_INFORMATIONAL) fail('puts its answer off for ever')
  })
  request.once('timeout', tooLate)
  request.on('error', (cause: Error) => fail(response === undefined ? 'cannot be reached' : BROKEN_OFF, cause))
  request.once('close', () => {
    clearTimeout(timer)
    signal.removeEventListener('abort', tooLate)
    if (response === undefined) fail(BROKEN_OFF)
  })
  if (signal.aborted) tooLate()
  else request.end(body)
  return promise
}

type ConnectOptions = RequestOptions & Pick<TcpSocketConnectOpts, 'autoSelectFamily' | 'autoSelectFamilyAttemptTimeout'>

function optionsOf({ method = 'GET', headers = {}, body, silenceMs = 0 }: OutwardOpening, pinned: readonly HostAddress[]): ConnectOptions {
  const addresses = pinned.slice(0, MOST_TRIED)
  const [first = { address: '', family: 4 }] = addresses
  // Whatever name is asked for, the answer is what was checked. It comes in a later turn, as from a name server: a connection that fails at once, without
  // a route or a descriptor, would else fail before anybody listens to it, which ends the process.
  const lookup: LookupFunction = (_host, options, done) => {
    setImmediate(() => (options.all === true ? done(null, addresses) : done(null, first.address, first.family)))
  }
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  return {
    method,
    headers: { 'user-agent': 'ninefold', ...headers, 'accept-encoding': 'identity', ...length },
    lookup,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: CONNECT_MS,
    agent: false,
    timeout: silenceMs,
    maxHeaderSize: MAX_HEADER_BYTES,
  }
}

async function read(response: IncomingMessage, { maxBytes, host }: { readonly maxBytes: number; readonly host: string }): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of response) {
      const part = Buffer.from(chunk)
      bytes += part.length
      if (bytes > maxBytes) break
      chunks.push(part)
    }
  } catch (cause) {
    throw cause instanceof OutwardError ? cause : new OutwardError(`${host} ${BROKEN_OFF}.`, { cause })
  }
  if (bytes > maxBytes) throw new OutwardError(`${host} answered with more than ${maxBytes} bytes.`)
  return Buffer.concat(chunks)
}
