// Serves the routes of some servers without the gateway: who asks is a header of the test. What it leaves out is tested with the gateway.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Call, Principal } from '#kernel/call.ts'
import { problemAnswer, sendAnswer } from '#kernel/http/answer.ts'
import type { HeaderList } from '#kernel/http/head.ts'
import { parseParameters, readJson } from '#kernel/http/body.ts'
import { httpErrors } from '#kernel/http/problem.ts'
import type { Answer, Exchange, HandledRoute, Method, Route } from '#kernel/http/route.ts'
import { createRouter, type SiteRouter } from '#kernel/http/router.ts'
import { fieldProblems, type Schema } from '#kernel/schema.ts'

export interface RoleHost {
  readonly port: number
  /** Statuses that a handler returned without declaring them. */
  readonly undeclared: readonly string[]
  stop(): Promise<void>
}

export const PRINCIPAL = 'x-test-principal'
/** Names the site (`app`, `files`) in the place of a host name. */
export const SITE = 'x-test-site'

export async function startRoleHost(routes: readonly Route[]): Promise<RoleHost> {
  const routers = new Map<string, SiteRouter>()
  for (const site of new Set(routes.map((route) => route.site)))
    routers.set(site, createRouter(routes.filter((route) => route.site === site)))
  const undeclared: string[] = []
  const server = createServer((request, response) => {
    void respond({ request, response, routers, undeclared })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    port: (server.address() as AddressInfo).port,
    undeclared,
    async stop() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

interface Respond {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly routers: ReadonlyMap<string, SiteRouter>
  readonly undeclared: string[]
}

async function respond(parts: Respond): Promise<void> {
  const { request, response } = parts
  const headers: HeaderList = []
  const answer = await handle(parts).catch((error: unknown) => problemAnswer(error, 'test'))
  await sendAnswer({ request, response, headers, close: !request.complete }, answer)
}

async function handle({ request, response, routers, undeclared }: Respond): Promise<Answer> {
  const [path = '', search = ''] = (request.url ?? '').split('?')
  const method = request.method ?? 'GET'
  const match = routers.get(String(request.headers[SITE] ?? 'app'))?.find((method === 'HEAD' ? 'GET' : method) as Method, path)
  if (match === undefined || match.route.kind === 'raw') throw httpErrors.not_found()
  const { route } = match
  const principal: Principal = JSON.parse(String(request.headers[PRINCIPAL] ?? '{"kind":"anonymous"}'))
  authorise(route, principal)
  const controller = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) controller.abort()
  })
  const call: Call = { principal, requestId: 'test', signal: controller.signal, deadline: Number.POSITIVE_INFINITY }
  const input = {
    params: route.input.params === undefined ? {} : parsed(route.input.params, match.params),
    query: parsed(route.input.query, parseParameters(search)),
    body: route.body === 'json' ? parsed(route.input.body, await readJson(request)) : undefined,
  }
  const exchange = { request, response, method, path, search, nonce: () => 'test-nonce' } as Exchange
  const answer = await route.handle(call, input, exchange)
  if (!(answer.status in route.answers)) undeclared.push(`${route.method} ${route.path} ${answer.status}`)
  const shape = route.answers[answer.status]
  if (shape !== undefined && typeof shape !== 'string' && answer.body !== undefined && 'json' in answer.body) {
    const result = shape.safeParse(answer.body.json)
    if (!result.success) undeclared.push(`${route.method} ${route.path} ${answer.status}: ${result.error.message}`)
  }
  return answer
}

function authorise(route: HandledRoute, principal: Principal): void {
  if (route.allow.who !== 'user') return
  if (principal.kind !== 'user') throw httpErrors.unauthenticated({ headers: { 'www-authenticate': 'Bearer' } })
  if (route.allow.scope !== undefined && !principal.scopes.includes(route.allow.scope))
    throw httpErrors.insufficient_scope({ headers: { 'www-authenticate': 'Bearer error="insufficient_scope"' } })
}

function parsed(schema: Schema | undefined, value: unknown): unknown {
  if (schema === undefined) return value
  const result = schema.safeParse(value)
  if (!result.success) throw httpErrors.invalid({ fields: fieldProblems(result.error) })
  return result.data
}
