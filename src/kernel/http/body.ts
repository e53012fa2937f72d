// Reads request bodies and parameters, strictly: bounded in bytes, depth and keys, valid UTF-8, no NUL, no name twice, no prototype names.
import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import secureJson from 'secure-json-parse'
import { checkJsonShape } from './json-shape.ts'
import { httpErrors } from './problem.ts'

export const JSON_LIMIT_BYTES = 256 * 1024
export const FORM_LIMIT_BYTES = 64 * 1024
const MAX_PARAMETERS = 256
const RESERVED_NAMES = new Set(['__proto__', 'constructor', 'prototype'])

const JSON_TYPES: ReadonlySet<string> = new Set(['application/json', 'application/merge-patch+json'])
const FORM_TYPES: ReadonlySet<string> = new Set(['application/x-www-form-urlencoded'])

function tooLarge(maxBytes: number): Error {
  return httpErrors.too_large({ detail: `At most ${maxBytes} bytes are accepted here.` })
}

/** The whole body, or `http.too_large` as soon as it is known to be longer. */
export function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) {
      reject(tooLarge(maxBytes))
      return
    }
    const chunks: Buffer[] = []
    let size = 0
    const done = (): void => {
      request.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone)
    }
    const onGone = (): void => {
      done()
      reject(httpErrors.bad_request({ detail: 'The body ended before it was complete.' }))
    }
    const onEnd = (): void => {
      done()
      resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, size))
    }
    const onData = (chunk: Buffer): void => {
      size += chunk.length
      chunks.push(chunk)
      if (size <= maxBytes) return
      done()
      request.pause()
      reject(tooLarge(maxBytes))
    }
    request.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone)
  })
}

/** Refuses any content type but the accepted ones (with no parameter, or `charset=utf-8`), and any content coding. */
export function requireContentType(request: IncomingMessage, accepted: ReadonlySet<string>): void {
  const coding = request.headers['content-encoding']
  if (coding !== undefined && coding !== 'identity') {
    throw httpErrors.unsupported_media_type({ detail: 'Send the body without a content coding.' })
  }
  const [type = '', ...parameters] = (request.headers['content-type'] ?? '').toLowerCase().split(';')
  const plain = parameters.every((parameter) => /^[ \t]*charset=(?:utf-8|"utf-8")[ \t]*$/.test(parameter))
  if (!plain || parameters.length > 1 || !accepted.has(type.trim())) {
    throw httpErrors.unsupported_media_type({ detail: `Send ${[...accepted].join(' or ')}.` })
  }
}

// RFC 8259 section 8.1: no byte order mark. `isUtf8` would let it pass, and so would the parser.
function decodeText(bytes: Buffer): string {
  if (!isUtf8(bytes) || (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf))
    throw httpErrors.bad_request({ detail: 'The body is not valid UTF-8.' })
  return bytes.toString('utf8')
}

export function parseJson(bytes: Buffer): unknown {
  const text = decodeText(bytes)
  checkJsonShape(text)
  try {
    return secureJson.parse(text, { protoAction: 'error', constructorAction: 'error' })
  } catch (error) {
    throw httpErrors.bad_request({ detail: 'The body is not valid JSON.', cause: error })
  }
}

function decodeComponent(text: string): string {
  let decoded: string
  try {
    // Refuses what is not UTF-8 after decoding.
    decoded = decodeURIComponent(text.includes('+') ? text.replaceAll('+', ' ') : text)
  } catch (error) {
    throw httpErrors.bad_request({ detail: 'A parameter is not validly encoded.', cause: error })
  }
  if (decoded.includes('\0')) throw httpErrors.bad_request({ detail: 'NUL characters are not accepted.' })
  return decoded
}

/** `a=1&b=2`, of a form or of a query. The same name twice is refused: which of the two wins differs from reader to reader. */
export function parseParameters(text: string): Record<string, string> {
  const parameters: Record<string, string> = Object.create(null)
  if (text === '') return parameters
  const pairs = text.split('&')
  if (pairs.length > MAX_PARAMETERS) throw httpErrors.bad_request({ detail: 'There are too many parameters.' })
  for (const pair of pairs) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = decodeComponent(equals === -1 ? pair : pair.slice(0, equals))
    if (RESERVED_NAMES.has(name)) throw httpErrors.bad_request({ detail: 'A parameter has a reserved name.' })
    if (name in parameters) throw httpErrors.bad_request({ detail: `The parameter "${name}" came twice.` })
    parameters[name] = equals === -1 ? '' : decodeComponent(pair.slice(equals + 1))
  }
  return parameters
}

export async function readJson(request: IncomingMessage, maxBytes = JSON_LIMIT_BYTES, accepted = JSON_TYPES): Promise<unknown> {
  requireContentType(request, accepted)
  return parseJson(await readBytes(request, maxBytes))
}

export async function readForm(request: IncomingMessage, maxBytes = FORM_LIMIT_BYTES): Promise<Record<string, string>> {
  requireContentType(request, FORM_TYPES)
  return parseParameters(decodeText(await readBytes(request, maxBytes)))
}
