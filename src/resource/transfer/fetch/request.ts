// One request to an address that a person gave: redirects checked anew, nothing compressed, no waiting for ever.
import type { IncomingMessage } from 'node:http'
import { OutwardError, openOutward } from '#kernel/http/outward.ts'
import { transferErrors } from '../errors.ts'

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
const SILENCE_MS = 30_000
const REDIRECTS = new Set([301, 302, 303, 307, 308])
const ACCEPT = 'application/json, application/x-ndjson, text/csv, application/xml;q=0.9, */*;q=0.1'

export async function fetchChecked(wanted: Wanted): Promise<Fetched> {
  let { url } = wanted
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    checkUrl(url)
    const response = await sent({ ...wanted, url })
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

async function sent({ url, authorization, authorizedOrigin, allowLoopback, signal }: Wanted): Promise<IncomingMessage> {
  const mayKnow = authorization !== undefined && url.origin === authorizedOrigin
  const headers = { accept: ACCEPT, 'user-agent': 'ninefold-import', ...(mayKnow ? { authorization } : {}) }
  try {
    return await openOutward({ url, headers, signal, silenceMs: SILENCE_MS, reach: { loopback: allowLoopback } })
  } catch (cause) {
    throw cause instanceof OutwardError ? transferErrors.bad_address({ detail: cause.message, cause }) : cause
  }
}
