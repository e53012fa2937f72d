// Registration over HTTP. Errors are those of RFC 7591 and RFC 6750, since clients read nothing else. No cookie counts, so pages of any origin may ask.
import type { ServerResponse } from 'node:http'
import type { Call } from '#kernel/call.ts'
import { AppError } from '#kernel/errors.ts'
import { readJson } from '#kernel/http/body.ts'
import { type Exchange, type Method, type Route, rawRoute } from '#kernel/http/route.ts'
import { RegistrationError } from './errors.ts'
import { REGISTRATION_PATH } from './path.ts'
import type { Registered, Registration } from './service.ts'

const MAX_BODY_BYTES = 8192
const TYPES: ReadonlySet<string> = new Set(['application/json'])
const NO_COOKIES = 'Only a token in a header counts here, never a cookie.'

export function registrationRoutes(registration: Registration): readonly Route[] {
  const common = { site: 'accounts', rate: 'token', csrfExempt: NO_COOKIES, errors: 'oauth', maxBodyBytes: MAX_BODY_BYTES } as const
  const one = (method: Method, summary: string, work: Work): Route =>
    rawRoute({
      ...common,
      method,
      path: `${REGISTRATION_PATH}/:clientId`,
      allow: { who: 'handler', reason: 'Needs the token that the client got when it registered.' },
      summary,
      handle: answering(work),
    })
  return [
    rawRoute({
      ...common,
      method: 'POST',
      path: REGISTRATION_PATH,
      allow: { who: 'handler', reason: 'Needs an initial access token, or is limited by address when anyone may register.' },
      summary: 'Register a client (RFC 7591)',
      handle: answering(async (call, exchange) => {
        const metadata = await readJson(exchange.request, MAX_BODY_BYTES, TYPES)
        const { client, network } = exchange
        const made = await registration.register(call, { metadata, token: bearerOf(exchange), client, network: network() })
        return { status: 201, body: shown(exchange, made) }
      }),
    }),
    one('GET', 'Read the registration of a client (RFC 7592)', async (call, exchange) => ({
      status: 200,
      body: shown(exchange, await registration.read(call, clientIdOf(exchange), neededBearer(exchange))),
    })),
    one('PUT', 'Change the registration of a client (RFC 7592)', async (call, exchange) => {
      const token = neededBearer(exchange)
      const metadata = await readJson(exchange.request, MAX_BODY_BYTES, TYPES)
      const clientId = clientIdOf(exchange)
      if (Object(metadata)['client_id'] !== clientId)
        throw new RegistrationError('invalid_client_metadata', 'client_id: must be the one of this client')
      return { status: 200, body: shown(exchange, await registration.update(call, clientId, { metadata, token })) }
    }),
    one('DELETE', 'Remove the registration of a client (RFC 7592)', async (call, exchange) => {
      await registration.remove(call, clientIdOf(exchange), neededBearer(exchange))
      return { status: 204 }
    }),
  ]
}

interface Reply {
  readonly status: number
  readonly body?: Readonly<Record<string, unknown>>
  readonly challenge?: string
}

type Work = (call: Call, exchange: Exchange) => Promise<Reply>

function answering(work: Work): (call: Call, exchange: Exchange) => Promise<void> {
  return async (call, exchange) => {
    const { request, response } = exchange
    response.setHeader('access-control-allow-origin', '*')
    if (request.method === 'OPTIONS') {
      preflight(response)
      return
    }
    write(response, await work(call, exchange).catch(refusal))
  }
}

function refusal(error: unknown): Reply {
  if (error instanceof RegistrationError) {
    const body = { error: error.code, error_description: error.message }
    if (error.code === 'invalid_token') return { status: 401, body, challenge: 'Bearer error="invalid_token"' }
    return { status: error.code === 'temporarily_unavailable' ? 429 : 400, body }
  }
  if (error instanceof AppError && error.status < 500)
    return { status: error.status, body: { error: 'invalid_client_metadata', error_description: error.detail ?? error.title } }
  throw error
}

function preflight(response: ServerResponse): void {
  response.setHeader('access-control-allow-methods', 'GET, POST, PUT, DELETE')
  response.setHeader('access-control-allow-headers', 'authorization, content-type, mcp-protocol-version')
  response.setHeader('access-control-max-age', '600')
  response.writeHead(204).end()
}

function write(response: ServerResponse, { status, body, challenge }: Reply): void {
  response.setHeader('cache-control', 'no-store')
  if (challenge !== undefined) response.setHeader('www-authenticate', challenge)
  if (body === undefined) response.writeHead(status).end()
  else response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body))
}

function shown({ origin }: Exchange, { metadata, token }: Registered): Record<string, unknown> {
  const place = `${origin}${REGISTRATION_PATH}/${encodeURIComponent(String(metadata['client_id']))}`
  return { ...metadata, registration_client_uri: place, registration_access_token: token }
}

function bearerOf({ request }: Exchange): string | undefined {
  const { authorization } = request.headers
  if (authorization === undefined) return undefined
  const token = /^Bearer ([A-Za-z0-9._~+/-]{1,512}=*)$/i.exec(authorization)?.[1]
  if (token === undefined) throw new RegistrationError('invalid_token', 'the access token cannot be read')
  return token
}

function neededBearer(exchange: Exchange): string {
  const token = bearerOf(exchange)
  if (token === undefined) throw new RegistrationError('invalid_token', 'an access token is needed')
  return token
}

function clientIdOf({ path }: Exchange): string {
  return decodeURIComponent(path.slice(REGISTRATION_PATH.length + 1))
}
