// Realtime over HTTP: `/api/<name>/events` and `/api/<name>/:id/events` as event streams, and `/api/realtime` for many at once over a WebSocket.
import type { Clock } from '#kernel/clock.ts'
import type { Principal } from '#kernel/call.ts'
import { httpErrors } from '#kernel/http/problem.ts'
import { type Answer, type Exchange, type Route, route } from '#kernel/http/route.ts'
import { type Schema, z } from '#kernel/schema.ts'
import type { Resource } from '../compile.ts'
import { parseListQuery, refusedQuery } from '../queries/parse.ts'
import { ruleFor } from '../rule.ts'
import { Conversation } from './conversation.ts'
import { EventStream } from './event-stream.ts'
import type { Realtime, Wish } from './service.ts'

interface OneObject {
  readonly id: string
}

// Loose on purpose: what is not an id is an object that does not exist.
const oneObject: Schema<OneObject> = z.strictObject({ id: z.string().max(256) })
const onlyAfter: Schema<{ after?: string | undefined }> = z.strictObject({ after: z.string().max(256).optional() })
const anyQuery: Schema<Record<string, string>> = z.record(z.string(), z.string())

/** No proxy may keep or collect it; `x-accel-buffering` is what nginx listens to. */
const STREAMED = { 'cache-control': 'no-store', 'x-accel-buffering': 'no' }

interface RoutesParts {
  readonly realtime: Realtime
  readonly clock: Clock
}

export function realtimeRoutes(parts: RoutesParts, resources: readonly Resource[]): Route[] {
  const streams = resources.flatMap((resource) => [
    ...(resource.grants.list.length > 0 ? [listEvents(parts, resource)] : []),
    ...(resource.grants.get.length > 0 ? [documentEvents(parts, resource)] : []),
  ])
  return streams.length === 0 ? [] : [...streams, socketRoute(parts)]
}

const common = { method: 'GET', site: 'app', rate: 'api', lasting: true, answers: { 200: 'bytes' } } as const

function listEvents(parts: RoutesParts, resource: Resource): Route {
  return route<Record<string, never>, Record<string, string>>({
    ...common,
    path: `/api/${resource.name}/events`,
    allow: ruleFor(resource, 'list'),
    summary: `Follows a list of ${resource.name}, as server-sent events`,
    input: { query: anyQuery },
    handle: async ({ principal }, { query: { after, ...filters } }, exchange) => {
      const { where, range, shared, ...others } = parseListQuery(resource, filters)
      const problems = Object.keys(others).map((field) => ({ field, message: 'A list is followed as a whole; leave it out' }))
      if (problems.length > 0) throw refusedQuery(problems)
      return await streamed(parts, { principal, exchange }, { resource: resource.name, where, range, shared, after })
    },
  })
}

function documentEvents(parts: RoutesParts, resource: Resource): Route {
  return route<OneObject, { after?: string | undefined }>({
    ...common,
    path: `/api/${resource.name}/:id/events`,
    allow: ruleFor(resource, 'get'),
    summary: `Follows one of ${resource.name}, as server-sent events`,
    input: { params: oneObject, query: onlyAfter },
    handle: async ({ principal }, { params, query: { after } }, exchange) =>
      await streamed(parts, { principal, exchange }, { resource: resource.name, document: params.id, after }),
  })
}

async function streamed(
  { realtime, clock }: RoutesParts,
  { principal, exchange }: { readonly principal: Principal; readonly exchange: Exchange },
  wish: Wish,
): Promise<Answer> {
  const last = exchange.request.headers['last-event-id']
  const stream = new EventStream(clock)
  const after = typeof last === 'string' && last !== '' ? last : wish.after
  stream.follow(
    await realtime.subscribe(principal, { ...wish, after }, { name: 'events', outbox: stream.outbox, outdated: () => stream.finish() }),
  )
  return { status: 200, headers: STREAMED, body: { stream, type: 'text/event-stream', finish: () => stream.finish() } }
}

function socketRoute({ realtime, clock }: RoutesParts): Route {
  return route({
    method: 'GET',
    path: '/api/realtime',
    site: 'app',
    allow: { who: 'handler', reason: 'each subscription is decided by the rules of its resource' },
    rate: 'api',
    summary: 'Follows many documents and lists over one WebSocket',
    answers: { 426: 'problem' },
    handle: async () => {
      throw httpErrors.upgrade_required({ detail: 'Open it as a WebSocket.', headers: { upgrade: 'websocket', connection: 'upgrade' } })
    },
    upgrade: (connection) => new Conversation(realtime, connection, clock),
  })
}
