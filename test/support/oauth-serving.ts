// What stands for the gateway before the authorization server: no limits and no policies, but the headers that must survive.
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import findMyWay from 'find-my-way'
import { systemCall } from '#kernel/call.ts'
import { AppError } from '#kernel/errors.ts'
import { parseCookies } from '#kernel/http/cookie.ts'
import { type Answer, type Exchange, type Route, seeOther } from '#kernel/http/route.ts'
import { newRequestId } from '#kernel/ids.ts'
import type { AuthorizationServer } from '../../src/auth/provider/create.ts'
import { proof } from '../../src/auth/levels.ts'
import { certificateOf } from './certificates.ts'

const call = systemCall('test')
const ACCOUNTS = 'http://accounts.localhost'

export function serve(
  http: Server,
  server: Pick<AuthorizationServer, 'engine' | 'routes'>,
  credentialOf: (accountId: string) => string,
): void {
  const routers = { accounts: findMyWay(), certificates: findMyWay() }
  for (const route of server.routes) {
    const router = route.site === 'certificates' ? routers.certificates : routers.accounts
    // The gateway hands preflights of raw routes to their handler.
    const methods = route.kind === 'raw' && !router.hasRoute('OPTIONS', route.path) ? [route.method, 'OPTIONS' as const] : route.method
    router.on(methods, route.path, (request, response) => void serveRoute(request, response, route))
  }
  const { engine } = server
  http.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const exchange = exchangeOf(request, response)
    // As the gateway does: headers are there before anybody answers, and must survive.
    response.setHeader('x-content-type-options', 'nosniff')
    response.setHeader('content-security-policy', "default-src 'none'; script-src 'nonce-abc'; form-action 'self'")
    if (exchange.origin !== ACCOUNTS) {
      routers.certificates.lookup(request, response)
      return
    }
    if (exchange.path === '/authorize' && exchange.method === 'GET') {
      void authorize(server, exchange).then(
        (answer) => write(response, answer),
        (error: unknown) => problem(response, error),
      )
      return
    }
    const step = /^\/interaction\/[\w-]+(?:\/(sign-in|consent|go-on))?$/.exec(exchange.path)
    if (step === null) {
      routers.accounts.lookup(request, response)
      return
    }
    const work = async (): Promise<void> => {
      const form = new URLSearchParams(exchange.search)
      const accountId = form.get('account') ?? ''
      if (step[1] === 'sign-in') {
        const by = proof.parse(form.get('by') ?? 'password')
        write(
          response,
          await engine.finishSignIn(exchange, { accountId, credential: form.get('credential') ?? credentialOf(accountId), by }),
        )
      } else if (step[1] === 'consent') write(response, await engine.finishConsent(exchange, form.get('approved') === 'yes'))
      else if (step[1] === 'go-on') write(response, await engine.continueSignIn(exchange))
      else write(response, { status: 200, body: { json: (await engine.interaction(exchange)) ?? null } })
    }
    void work().catch((error: unknown) => problem(response, error))
  })
}

function exchangeOf(request: IncomingMessage, response: ServerResponse): Exchange {
  const url = new URL(request.url ?? '/', 'http://any')
  const asked = `http://${request.headers.host}`
  return {
    request,
    response,
    method: request.method ?? 'GET',
    origin: asked.startsWith('http://mtls.') ? asked : ACCOUNTS,
    path: url.pathname,
    search: url.search.slice(1),
    requestId: newRequestId(),
    client: String(request.headers['x-test-address'] ?? 'client'),
    network: () => '',
    clientCertificate: certificateOf(request),
    cookies: parseCookies(request.headers.cookie).cookies,
    nonce: () => 'abc',
    csrfToken: () => 'csrf',
    renewCsrf: () => {},
    allowSources: () => {},
    addCookie: (cookie) => response.appendHeader('set-cookie', cookie),
  }
}

async function serveRoute(request: IncomingMessage, response: ServerResponse, route: Route): Promise<void> {
  const exchange = exchangeOf(request, response)
  try {
    if (route.kind === 'raw') await route.handle(call, exchange)
    else
      write(
        response,
        await route.handle(
          call,
          { params: {}, query: Object.fromEntries(new URLSearchParams(exchange.search)), body: undefined },
          exchange,
        ),
      )
  } catch (error) {
    problem(response, error)
  }
}

/** The question is asked at an address of its own here, where tests can look at it. */
async function authorize({ engine }: Pick<AuthorizationServer, 'engine'>, exchange: Exchange): Promise<Answer> {
  const said = await engine.authorize(call, exchange)
  return 'answer' in said ? said.answer : seeOther(`/interaction/${said.interaction.uid}`)
}

function write(response: ServerResponse, { status, headers, body }: Answer): void {
  for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, typeof value === 'string' ? value : [...value])
  response.statusCode = status
  if (body !== undefined && 'text' in body) response.setHeader('content-type', body.type ?? 'text/plain').end(body.text)
  else response.end(body !== undefined && 'json' in body ? JSON.stringify(body.json) : '')
}

function problem(response: ServerResponse, error: unknown): void {
  response.statusCode = error instanceof AppError ? error.status : 500
  for (const [name, value] of Object.entries(error instanceof AppError ? (error.headers ?? {}) : {})) response.setHeader(name, value)
  response.end(String(error))
}
