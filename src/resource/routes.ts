// The data API over HTTP: `/api/<name>` for each resource, with entity tags and conditions (RFC 9110 section 13).
import type { IncomingMessage } from 'node:http'
import { matchTags, noneMatchHits } from '#kernel/http/etag.ts'
import { httpErrors } from '#kernel/http/problem.ts'
import { type Answer, ok, type Route, type Rule, route } from '#kernel/http/route.ts'
import { type Schema, z } from '#kernel/schema.ts'
import { OPERATIONS, type Resource } from './compile.ts'
import type { ResourceOperation, Resources, Versioned } from './contract.ts'
import { parseListQuery } from './list-query.ts'

interface OneObject {
  readonly id: string
}

// Loose on purpose: what is not an id is an object that does not exist.
const oneObject: Schema<OneObject> = z.strictObject({ id: z.string().max(256) })
const anyQuery: Schema<Record<string, string>> = z.record(z.string(), z.string())
const anyBody: Schema = z.unknown()

const TAG = /^"v(\d{1,15})(?:-[0-9a-z]+)?"$/
/** Kept by the browser, and asked for again each time: who asks decides, and a 304 is cheap. */
const REVALIDATED = { 'cache-control': 'private, no-cache' }

/** Routes exist for what some grant allows; the rest is answered with 405. */
export function resourceRoutes(
  resources: Resources,
  resource: Resource,
  shown: { readonly object: Schema; readonly list: Schema },
): Route[] {
  const all = { ...readRoutes(resources, resource, shown), ...writeRoutes(resources, resource, shown) }
  return OPERATIONS.filter((operation) => resource.grants[operation].length > 0).map((operation) => all[operation])
}

function readRoutes(
  { list, get }: Resources,
  resource: Resource,
  shown: { readonly object: Schema; readonly list: Schema },
): Record<'list' | 'get', Route> {
  const { name } = resource
  return {
    list: route<Record<string, never>, Record<string, string>>({
      method: 'GET',
      path: `/api/${name}`,
      site: 'app',
      allow: ruleFor(resource, 'list', 'read'),
      rate: 'api',
      summary: `Lists ${name}`,
      input: { query: anyQuery },
      answers: { 200: shown.list },
      handle: async (call, { query }) => ok(await list(call, name, parseListQuery(resource, query)), REVALIDATED),
    }),
    get: route<OneObject>({
      method: 'GET',
      path: `/api/${name}/:id`,
      site: 'app',
      allow: ruleFor(resource, 'get', 'read'),
      rate: 'api',
      summary: `Reads one of ${name}`,
      input: { params: oneObject },
      answers: { 200: shown.object, 304: 'empty' },
      handle: async (call, { params }, { request }) => {
        const found = await get(call, name, params.id)
        const answer = answerWith(found)
        return noneMatchHits(request.headers['if-none-match'], etagOf(found)) ? { status: 304, headers: answer.headers } : answer
      },
    }),
  }
}

function writeRoutes(
  resources: Resources,
  resource: Resource,
  shown: { readonly object: Schema },
): Record<'create' | 'update' | 'delete', Route> {
  const { name } = resource
  const one = { path: `/api/${name}/:id`, site: 'app', rate: 'api' } as const
  return {
    create: route<Record<string, never>, Record<string, never>, unknown>({
      method: 'POST',
      path: `/api/${name}`,
      site: 'app',
      allow: ruleFor(resource, 'create', 'write'),
      rate: 'api',
      summary: `Creates one of ${name}`,
      body: 'json',
      input: { body: anyBody },
      answers: { 201: shown.object },
      handle: async (call, { body }) => {
        const created = await resources.create(call, name, body)
        return { ...answerWith(created, { location: `/api/${name}/${created.object.id}` }), status: 201 }
      },
    }),
    update: route<OneObject, Record<string, never>, unknown>({
      ...one,
      method: 'PATCH',
      allow: ruleFor(resource, 'update', 'write'),
      summary: `Changes fields of one of ${name}; null removes an optional field`,
      body: 'json',
      input: { params: oneObject, body: anyBody },
      answers: { 200: shown.object },
      handle: async (call, { params, body }, { request }) =>
        answerWith(await resources.update(call, name, { id: params.id, input: body, ...conditionOf(request) })),
    }),
    delete: route<OneObject>({
      ...one,
      method: 'DELETE',
      allow: ruleFor(resource, 'delete', 'write'),
      summary: `Deletes one of ${name}`,
      input: { params: oneObject },
      answers: { 204: 'empty' },
      handle: async (call, { params }, { request }) => {
        await resources.delete(call, name, { id: params.id, ...conditionOf(request) })
        return { status: 204 }
      },
    }),
  }
}

/** The gateway turns away whom no grant could admit; the service decides the rest, the same for pages and jobs. */
function ruleFor(resource: Resource, operation: ResourceOperation, right: 'read' | 'write'): Rule {
  const open = resource.grants[operation].some((grant) => grant.who === 'anyone')
  return open ? { who: 'anyone' } : { who: 'user', scope: resource.definition.scopes[right] }
}

/** The version, and where an object shows links the window in which they are good: a 304 must not keep a dead link alive. */
function etagOf({ version, linksExpireAt }: Versioned): string {
  return linksExpireAt === undefined ? `"v${version}"` : `"v${version}-${linksExpireAt.toString(36)}"`
}

function answerWith(
  found: Versioned,
  headers?: Readonly<Record<string, string>>,
): Answer & { readonly headers: Readonly<Record<string, string>> } {
  const own = { 'cache-control': REVALIDATED['cache-control'], etag: etagOf(found) }
  return { status: 200, headers: headers === undefined ? own : { ...own, ...headers }, body: { json: found.object } }
}

function conditionOf(request: IncomingMessage): { ifVersion?: number } {
  const tags = matchTags(request.headers['if-match'])
  if (tags === undefined || tags === 'any') return {}
  if (tags.length > 1) throw httpErrors.bad_request({ detail: 'Give one entity tag in If-Match.' })
  // A tag that is none of ours matches nothing; no object has version 0.
  return { ifVersion: Number(TAG.exec(tags[0] ?? '')?.[1] ?? 0) }
}
