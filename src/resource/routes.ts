// The data API over HTTP: `/api/<name>` for each resource, with entity tags and conditions (RFC 9110 section 13).
import type { IncomingMessage } from 'node:http'
import { noneMatchHits } from '#kernel/http/etag.ts'
import { type Answer, ok, type Route, route } from '#kernel/http/route.ts'
import { type Schema, z } from '#kernel/schema.ts'
import { OPERATIONS, type Resource } from './compile.ts'
import type { Resources, Versioned } from './contract.ts'
import { etagOf } from './etag.ts'
import { parseListQuery, parseShowQuery } from './queries/parse.ts'
import { ruleFor } from './rule.ts'
import type { ResourceService } from './service.ts'
import { shareRoutes } from './sharing/routes.ts'
import type { ShownSchemas } from './shown.ts'
import { writeRoutes } from './writing/routes.ts'

interface OneObject {
  readonly id: string
}

// Loose on purpose: what is not an id is an object that does not exist.
const oneObject: Schema<OneObject> = z.strictObject({ id: z.string().max(256) })
const anyQuery: Schema<Record<string, string>> = z.record(z.string(), z.string())

/** Kept by the browser, and asked for again each time: who asks decides, and a 304 is cheap. */
const REVALIDATED = { 'cache-control': 'private, no-cache' }

/** Routes exist for what some grant allows; the rest is answered with 405. */
export function resourceRoutes({ resources, answers }: ResourceService, resource: Resource, shown: ShownSchemas): Route[] {
  const { bulk, ...writes } = writeRoutes(answers, resource, shown)
  const all = { ...readRoutes(resources, resource, shown), ...writes }
  const offered = OPERATIONS.filter((operation) => resource.grants[operation].length > 0).map((operation) => all[operation])
  return [...offered, ...(bulk === undefined ? [] : [bulk]), ...shareRoutes(resources, resource)]
}

function readRoutes({ list, get }: Resources, resource: Resource, shown: ShownSchemas): Record<'list' | 'get', Route> {
  const { name } = resource
  return {
    list: route<Record<string, never>, Record<string, string>>({
      method: 'GET',
      path: `/api/${name}`,
      site: 'app',
      allow: ruleFor(resource, 'list'),
      rate: 'api',
      summary: `Lists ${name}`,
      input: { query: anyQuery },
      answers: { 200: shown.list },
      handle: async (call, { query }) => ok(await list(call, name, parseListQuery(resource, query)), REVALIDATED),
    }),
    get: route<OneObject, Record<string, string>>({
      method: 'GET',
      path: `/api/${name}/:id`,
      site: 'app',
      allow: ruleFor(resource, 'get'),
      rate: 'api',
      summary: `Reads one of ${name}`,
      input: { params: oneObject, query: anyQuery },
      answers: { 200: shown.read, 304: 'empty' },
      handle: async (call, { params, query }, { request, search }) => {
        if (search === '') return conditional(await get(call, name, params.id), request)
        const show = parseShowQuery(query)
        const found = await get(call, name, params.id, show)
        // The tag of an object says nothing of what others stand in it.
        return show.expand === undefined ? conditional(found, request) : ok(found.object, REVALIDATED)
      },
    }),
  }
}

function conditional(found: Versioned, request: IncomingMessage): Answer {
  const etag = etagOf(found)
  const headers = { ...REVALIDATED, etag }
  return noneMatchHits(request.headers['if-none-match'], etag)
    ? { status: 304, headers }
    : { status: 200, headers, body: { json: found.object } }
}
