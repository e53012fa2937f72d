// One request to an address that a person gave: pinned to a checked machine, redirects checked anew, nothing compressed, no waiting for ever.
import { type IncomingMessage, request as plainRequest, type RequestOptions } from 'node:http'
import { request as secureRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import type { PinnedAddress } from '#kernel/http/public-address.ts'
import { transferErrors } from '../errors.ts'
import { pin } from './addresses.ts'

export interface Wanted {
  readonly url: URL
  /** Sent to the origin of `authorizedOrigin` and nowhere else. */
  readonly authorization: string | undefined
  readonly authorizedOrigin: string
  readonly allowLoopback: boolean
  readonly signal: AbortSignal
}

export interface Fetched {
  /** Where it came from in the end. */
  readonly url: URL
  readonly response: IncomingMessage
}

const MAX_REDIRECTS = 5
const IDLE_MS = 30_000
const REDIRECTS = new Set([301, 302, 303, 307, 308])
const ACCEPT = 'application/json, application/x-ndjson, text/csv, application/xml;q=0.9, */*;q=0.1'

export async function fetchChecked(wanted: Wanted): Promise<Fetched> {
  let { url } = wanted
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    checkUrl(url)
    const response = await sent({ ...wanted, url }, await pin(url, wanted.allowLoopback))
    const location = response.headers.location
    if (!REDIRECTS.has(response.statusCode ?? 0) || location === undefined) return { url, response: good(url, response) }
    response.destroy()
    url = parsedUrl(location, url)
  }
  throw transferErrors.bad_address({ detail: 'The address is redirected too often.' })
}

export function parsedUrl(text: string, base?: URL): URL {
  const url = URL.parse(text, base?.href)
  if (url === null) throw transferErrors.bad_address({ detail: 'The address cannot be read.' })
  return url
}

export function checkUrl(url: URL): void {
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw transferErrors.bad_address({ detail: 'Only addresses that begin with https:// are fetched.' })
  if (url.username !== '' || url.password !== '')
    throw transferErrors.bad_address({ detail: 'The address must not carry a name or password; use "authorization".' })
}

function good(url: URL, response: IncomingMessage): IncomingMessage {
  const coding = response.headers['content-encoding']
  const reason =
    response.statusCode === 200
      ? coding === undefined || coding === 'identity'
        ? undefined
        : `${url.host} compresses its answer although it was asked not to.`
      : `${url.host} answered with status ${response.statusCode ?? 0}.`
  if (reason === undefined) return response
  response.destroy()
  throw transferErrors.bad_address({ detail: reason })
}

function sent({ url, authorization, authorizedOrigin, signal }: Wanted, pinned: PinnedAddress): Promise<IncomingMessage> {
  const headers: Record<string, string> = { accept: ACCEPT, 'accept-encoding': 'identity', 'user-agent': 'ninefold-import' }
  if (authorization !== undefined && url.origin === authorizedOrigin) headers['authorization'] = authorization
  // Whatever name is asked for, the answer is the address that was checked.
  const lookup: LookupFunction = (_host, options, done) =>
    options.all === true ? done(null, [pinned]) : done(null, pinned.address, pinned.family)
  const options: RequestOptions = { headers, lookup, signal, agent: false, timeout: IDLE_MS, maxHeaderSize: 32 * 1024 }
  return new Promise((resolve, reject) => {
    const request = url.protocol === 'https:' ? secureRequest(url, options) : plainRequest(url, options)
    request.once('response', resolve)
    request.once('timeout', () => request.destroy(new Error('no answer for 30 seconds')))
    request.once('error', (cause: Error) => {
      reject(transferErrors.bad_address({ detail: `${url.host} cannot be reached.`, cause }))
    })
    request.end()
  })
}
