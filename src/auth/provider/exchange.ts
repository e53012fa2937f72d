// The token endpoint for servers of this process: the same engine and the same checks as over the network, without a socket.
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { httpErrors } from '#kernel/http/problem.ts'
import type { BackChannelAnswer, BackChannelRequest } from '../contract.ts'
import { answerOf, type Handle } from './answering.ts'

/** What a server may ask for itself; everything else belongs to a browser. */
const PATHS: ReadonlySet<string> = new Set([
  '/token',
  '/revoke',
  '/introspect',
  '/par',
  '/jwks',
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
])

/** Never connected: nothing comes from a network here. */
const nowhere = new Socket()

export async function exchangeInProcess(handle: Handle, request: BackChannelRequest): Promise<BackChannelAnswer> {
  if (!PATHS.has(request.path)) throw httpErrors.not_found({ detail: `There is no back channel at ${request.path}.` })
  const { context } = await answerOf(handle, messageOf(request))
  const { status, body, response } = context
  const headers = Object.entries(response.headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)] as const]))
  return { status, headers: Object.fromEntries(headers), body: textOf(body) }
}

function messageOf({ method, path, headers, body = '' }: BackChannelRequest): IncomingMessage {
  const message = new IncomingMessage(nowhere)
  message.method = method
  message.url = path
  const named = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const)
  const length = Buffer.byteLength(body)
  message.headers = { ...Object.fromEntries(named), ...(length === 0 ? {} : { 'content-length': String(length) }) }
  if (length > 0) message.push(body)
  message.push(null)
  message.complete = true
  return message
}

function textOf(body: unknown): string {
  if (body === undefined || body === null) return ''
  return typeof body === 'string' ? body : JSON.stringify(body)
}
