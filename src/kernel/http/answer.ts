// Writes answers: one `writeHead`, a length whenever it is known, nothing after a client that has gone.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline, type Readable } from 'node:stream'
import { type HeaderBlock, type HeaderList, writeHead } from './head.ts'
import type { Answer, AnswerBody } from './route.ts'
import { problemOf } from './problem.ts'

export interface Sending {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** The headers of the platform; those of the answer are added. */
  readonly headers: HeaderList
  /** Those that were joined at start. */
  readonly block?: HeaderBlock
  /** The connection is closed after this answer. */
  readonly close: boolean
}

const LINGER_MS = 1000
const LINGER_BYTES = 4 * 1024 * 1024

interface Payload {
  readonly type: string
  readonly content: string | Uint8Array
  readonly length: number
}

function payloadOf(body: Exclude<AnswerBody, { stream: unknown }>): Payload {
  if ('bytes' in body) return { type: body.type, content: body.bytes, length: body.bytes.byteLength }
  let content: string
  let type = 'application/json'
  if ('jsonText' in body) content = body.jsonText
  else if ('json' in body) content = JSON.stringify(body.json)
  else if ('html' in body) {
    content = body.html.toString()
    type = 'text/html; charset=utf-8'
  } else {
    content = body.text
    type = body.type ?? 'text/plain; charset=utf-8'
  }
  return { type, content, length: Buffer.byteLength(content) }
}

/** RFC 9110 section 15: these have no content, and no `Content-Length` either. */
function isBodiless(status: number): boolean {
  return status === 204 || status === 304 || status < 200
}

/** A header of an answer, in whatever case the handler wrote its name. */
export function headerOf(answer: Answer, name: string): string | readonly string[] | undefined {
  const own = answer.headers
  if (own === undefined) return undefined
  if (own[name] !== undefined) return own[name]
  for (const key in own) if (key.length === name.length && key.toLowerCase() === name) return own[key]
  return undefined
}

function addAnswerHeaders(headers: HeaderList, answer: Answer): void {
  const own = answer.headers
  if (own === undefined) return
  for (const name in own) {
    const value = own[name]
    if (value !== undefined) headers.push(name, typeof value === 'string' ? value : [...value])
  }
}

// An answer that comes before the body has been read must still arrive: closing at once would reset the connection under it.
function endAfterDrain(sending: Sending, content: string | Uint8Array): void {
  const { request, response } = sending
  let taken = 0
  const finish = (): void => {
    clearTimeout(timer)
    response.end()
  }
  const timer = setTimeout(finish, LINGER_MS).unref()
  response.write(content === '' ? Buffer.alloc(0) : content)
  response.flushHeaders()
  request.on('data', (chunk: Buffer) => {
    taken += chunk.length
    if (taken > LINGER_BYTES) finish()
  })
  request.once('end', finish).once('close', finish).resume()
}

function head({ response, headers, block }: Sending, status: number): void {
  writeHead(response, status, { block, headers })
}

function end(sending: Sending, content: string | Uint8Array, length: number): void {
  if (sending.close && !sending.request.complete) endAfterDrain(sending, content)
  // As many bytes as characters: ASCII, which need not be encoded.
  else if (typeof content === 'string' && content.length === length) sending.response.end(content, 'latin1')
  else sending.response.end(content)
}

function sendStream(sending: Sending, status: number, body: Extract<AnswerBody, { stream: unknown }>): Promise<number> {
  const { request, response, headers } = sending
  headers.push('content-type', body.type)
  if (body.length !== undefined) headers.push('content-length', String(body.length))
  if (request.method === 'HEAD' || isBodiless(status)) {
    head(sending, status)
    response.end()
    return Promise.resolve(discard(body))
  }
  head(sending, status)
  if (body.finish !== undefined) return sendLasting(sending, body.stream)
  return new Promise((resolve) => {
    let sent = 0
    body.stream.on('data', (chunk: Buffer | string) => {
      sent += chunk.length
    })
    body.stream.pause()
    // `pipeline` waits for a slow reader, ends the source when the client goes, and destroys the connection when the source fails:
    // half an answer must not look like a whole one.
    pipeline(body.stream, response, (error) => {
      if (error || (body.length !== undefined && sent !== body.length)) request.socket.destroy()
      resolve(sent)
    })
  })
}

/** The same for a stream that stays open, without the 6 KB of listeners that `pipeline` keeps for each: there may be ten thousand. */
function sendLasting({ request, response }: Sending, stream: Readable): Promise<number> {
  return new Promise((resolve) => {
    let sent = 0
    stream.on('data', (chunk: Buffer) => {
      sent += chunk.length
      if (!response.write(chunk)) stream.pause()
    })
    response.on('drain', () => stream.resume())
    stream.once('end', () => response.end())
    stream.on('error', () => {})
    stream.once('close', () => {
      if (!stream.readableEnded) request.socket.destroy()
    })
    response.once('close', () => {
      stream.destroy()
      resolve(sent)
    })
  })
}

function sendEmpty(sending: Sending, status: number): number {
  if (!isBodiless(status)) sending.headers.push('content-length', '0')
  head(sending, status)
  end(sending, '', 0)
  return 0
}

/** Nobody is there to read it. */
function discard(body: AnswerBody | undefined): number {
  if (body !== undefined && 'stream' in body) body.stream.on('error', () => {}).destroy()
  return 0
}

/** Sends the answer. The result is the number of body bytes, or a promise of it for a stream. Never throws for a client that has gone. */
export function sendAnswer(sending: Sending, answer: Answer): number | Promise<number> {
  const { response, headers, request } = sending
  const { status, body } = answer
  if (response.headersSent || response.destroyed) return discard(body)
  addAnswerHeaders(headers, answer)
  if (sending.close) headers.push('connection', 'close')
  if (body !== undefined && 'stream' in body) return sendStream(sending, status, body)
  if (body === undefined || isBodiless(status)) return sendEmpty(sending, status)
  const payload = payloadOf(body)
  // A problem names its own type.
  if (headerOf(answer, 'content-type') === undefined) headers.push('content-type', payload.type)
  headers.push('content-length', String(payload.length))
  head(sending, status)
  const silent = request.method === 'HEAD'
  const length = silent ? 0 : payload.length
  end(sending, silent ? '' : payload.content, length)
  return length
}

/** Any error as an answer: the one place that does. */
export function problemAnswer(error: unknown, requestId: string): Answer {
  const { problem, headers } = problemOf(error, requestId)
  return { status: problem.status, headers: { ...headers, 'content-type': 'application/problem+json' }, body: { json: problem } }
}
