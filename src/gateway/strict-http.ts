// Odd HTTP is refused before anything sees it: what one reader takes for this and another for that is how requests are smuggled, hosts
// forged and rules passed by (RFC 9112 section 11).
import type { IncomingMessage } from 'node:http'
import { httpErrors } from '#kernel/http/problem.ts'
import { MAX_TARGET_LENGTH } from '#kernel/http/route.ts'

const PLAIN = 0
const DROP = 1
const REFUSE = 2
/** From here on one bit each: names that may come once only. */
const ONCE = 4

const ONCE_NAMES = [
  'host',
  'authorization',
  'content-length',
  'content-type',
  'content-encoding',
  'transfer-encoding',
  'origin',
  'cookie',
  'sec-fetch-site',
  'sec-fetch-mode',
  'x-csrf-token',
  'if-match',
  'access-control-request-method',
  'expect',
]
const FORWARDING =
  /^(?:forwarded|x-forwarded(?:-.+)?|x-real-ip|x-client-ip|true-client-ip|cf-connecting-ip|x-request-id|x-original-.+|x-rewrite-.+|x-http-method.*|x-method-override|x-envoy-.+)$/
const SENSITIVE = /^(?:sec-.+|proxy-.+|connection|upgrade|te|trailer|keep-alive|x-file-name)$/

const MAX_KNOWN_NAMES = 4096
/** Longer names are nobody's, and would only be kept for the memory that they take. */
const MAX_KNOWN_LENGTH = 64
const verdicts = new Map<string, number>()

function judge(name: string): number {
  const lower = name.toLowerCase()
  const normal = lower.replace(/[_.]/g, '-')
  const once = ONCE_NAMES.indexOf(normal)
  const forwarding = FORWARDING.test(normal)
  if (normal !== lower) {
    // CVE-2026-33433 and its kin: an alias that some reader maps to the real name.
    return once !== -1 || forwarding || SENSITIVE.test(normal) ? REFUSE : DROP
  }
  if (forwarding) return DROP
  return once === -1 ? PLAIN : ONCE << once
}

function verdictOf(name: string): number {
  let verdict = verdicts.get(name)
  if (verdict === undefined) {
    verdict = judge(name)
    if (verdicts.size < MAX_KNOWN_NAMES && name.length <= MAX_KNOWN_LENGTH) verdicts.set(name, verdict)
  }
  return verdict
}

function refuse(detail: string): Error {
  return httpErrors.bad_request({ detail })
}

/** Takes headers away from whatever comes after, also from where they are as they came. */
export function dropHeaders(request: IncomingMessage, isGone: (name: string) => boolean): void {
  const kept: string[] = []
  const raw = request.rawHeaders
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] ?? ''
    if (isGone(name)) delete request.headers[name.toLowerCase()]
    else kept.push(name, raw[index + 1] ?? '')
  }
  request.rawHeaders = kept
}

/** One pass over the header names: refuses aliases and repetitions, takes away what only a trusted proxy may say. */
export function checkHeaderNames(request: IncomingMessage): void {
  const raw = request.rawHeaders
  let seen = 0
  let hasDropped = false
  for (let index = 0; index < raw.length; index += 2) {
    const verdict = verdictOf(raw[index] ?? '')
    if (verdict === PLAIN) continue
    if (verdict === DROP) hasDropped = true
    else if (verdict === REFUSE) throw refuse('A header name is an alias of a name that is used here.')
    else if ((seen & verdict) !== 0) throw refuse(`The header ${raw[index]} came twice.`)
    else seen |= verdict
  }
  if (hasDropped) dropHeaders(request, (name) => verdictOf(name) === DROP)
}

/** True when the request has a body. Its framing must be one that everybody reads alike. */
export function checkFraming(request: IncomingMessage): boolean {
  const coding = request.headers['transfer-encoding']
  const length = request.headers['content-length']
  if (coding === undefined) {
    if (length === undefined || length === '0') return false
  } else {
    if (request.httpVersionMinor === 0) throw refuse('HTTP/1.0 knows no transfer coding.')
    if (coding.toLowerCase() !== 'chunked') throw refuse('The only transfer coding accepted is "chunked".')
    if (length !== undefined) throw refuse('A length and a transfer coding exclude each other.')
  }
  const method = request.method
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') throw refuse(`${method} carries no body.`)
  return true
}

const SIMPLE_PATH = /^(?:\/(?:[\w~!$&'()*+,;=:@-][\w.~!$&'()*+,;=:@-]*)?)+$/
const SEGMENT = /^(?:[\w.~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*$/
const UNRESERVED = /[\w.~-]/
const QUERY = /^[\w\-.~!$&'()*+,;=:@/?%[\]{}|^`"\\]*$/

function normaliseSegment(segment: string): string {
  if (!SEGMENT.test(segment)) throw refuse('The path has a character that no path may have.')
  let decoded: string
  try {
    decoded = decodeURIComponent(segment)
  } catch (error) {
    throw httpErrors.bad_request({ detail: 'The path is not validly encoded.', cause: error })
  }
  if (decoded === '.' || decoded === '..') throw refuse('The path has a dot segment.')
  // oxlint-disable-next-line no-control-regex -- control characters are what this looks for
  if (/[/\\\u0000-\u001f\u007f]/.test(decoded)) throw refuse('The path hides a slash, a backslash or a control character.')
  return segment.replace(/%[0-9A-Fa-f]{2}/g, (triplet) => {
    const character = String.fromCharCode(Number.parseInt(triplet.slice(1), 16))
    return UNRESERVED.test(character) ? character : triplet.toUpperCase()
  })
}

/** The path in the one form that is routed on and matched against rules (RFC 3986 section 6.2.2). */
export function normalisePath(raw: string): string {
  if (SIMPLE_PATH.test(raw) && !raw.includes('//')) return raw
  if (!raw.startsWith('/')) throw refuse('The target must be a path.')
  const segments = raw.slice(1).split('/')
  for (const [index, segment] of segments.entries()) {
    if (segment === '' && index < segments.length - 1) throw refuse('The path has an empty segment.')
    segments[index] = normaliseSegment(segment)
  }
  return `/${segments.join('/')}`
}

/** Splits an origin-form target (RFC 9112 section 3.2.1) and refuses every other form. */
export function splitTarget(target: string): { readonly path: string; readonly search: string } {
  if (target.length > MAX_TARGET_LENGTH) throw httpErrors.uri_too_long()
  const mark = target.indexOf('?')
  if (mark === -1) return { path: normalisePath(target), search: '' }
  const search = target.slice(mark + 1)
  if (!QUERY.test(search) || /%00/.test(search)) throw refuse('The query has a character that no query may have.')
  return { path: normalisePath(target.slice(0, mark)), search }
}

const HOST = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i

/** Whether a `Host` is one at all; if so and it is unknown, the answer is 421 instead of 400. */
export function isHost(host: string): boolean {
  return HOST.test(host)
}
