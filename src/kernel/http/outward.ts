// A small request to a machine that somebody else has named: pinned to a checked address, no redirect followed, bounded in time and size.
import { type IncomingMessage, request as plainRequest, type RequestOptions } from 'node:http'
import { request as secureRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import { type PinnedAddress, pinAddress, type Reach } from './public-address.ts'

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

/** The message names the host and the reason, never a header or a body. */
export class OutwardError extends Error {
  override readonly name = 'OutwardError'
}

const TIMEOUT_MS = 10_000
const MAX_BYTES = 256 * 1024
const MAX_HEADER_BYTES = 32 * 1024

/** Any status is an answer, a redirect too: where it leads has not been checked. Rejects with an `OutwardError`. */
export async function sendOutward(wanted: OutwardRequest): Promise<OutwardAnswer> {
  const url = checkedUrl(wanted.url)
  const limit = AbortSignal.timeout(wanted.timeoutMs ?? TIMEOUT_MS)
  const signal = wanted.signal === undefined ? limit : AbortSignal.any([limit, wanted.signal])
  const pinned = await beforeEnd(pinAddress(url, wanted.reach ?? {}), signal, url)
  if (typeof pinned === 'string') throw new OutwardError(pinned)
  const response = await sent(wanted, { url, pinned, signal })
  const body = await read(response, { maxBytes: wanted.maxBytes ?? MAX_BYTES, host: url.host })
  const headers = Object.entries(response.headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value] as const] : []))
  return { status: response.statusCode ?? 0, headers: Object.fromEntries(headers), body }
}

function checkedUrl(text: string): URL {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) throw new OutwardError('The address cannot be fetched.')
  if (url.username !== '' || url.password !== '') throw new OutwardError('The address carries a name or a password.')
  return url
}

/** Looking a name up cannot be stopped, only no longer be waited for. */
function beforeEnd<T>(work: Promise<T>, signal: AbortSignal, url: URL): Promise<T> {
  const ended = new Promise<never>((_resolve, reject) => {
    const end = (): void => reject(new OutwardError(`${url.host} did not answer in time.`))
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
  return Promise.race([work, ended])
}

function sent(
  { method = 'GET', headers = {}, body }: OutwardRequest,
  { url, pinned, signal }: { readonly url: URL; readonly pinned: PinnedAddress; readonly signal: AbortSignal },
): Promise<IncomingMessage> {
  // Whatever name is asked for, the answer is the address that was checked.
  const lookup: LookupFunction = (_host, options, done) =>
    options.all === true ? done(null, [pinned]) : done(null, pinned.address, pinned.family)
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  const options: RequestOptions = {
    method,
    headers: { 'user-agent': 'ninefold', ...headers, 'accept-encoding': 'identity', ...length },
    lookup,
    signal,
    agent: false,
    maxHeaderSize: MAX_HEADER_BYTES,
  }
  return new Promise((resolve, reject) => {
    const request = url.protocol === 'https:' ? secureRequest(url, options) : plainRequest(url, options)
    request.once('response', resolve)
    request.once('error', (cause: Error) => {
      const reason = signal.aborted ? 'did not answer in time' : 'cannot be reached'
      reject(new OutwardError(`${url.host} ${reason}.`, { cause }))
    })
    request.end(body)
  })
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
    throw new OutwardError(`${host} broke off its answer.`, { cause })
  }
  if (bytes > maxBytes) throw new OutwardError(`${host} answered with more than ${maxBytes} bytes.`)
  return Buffer.concat(chunks)
}
