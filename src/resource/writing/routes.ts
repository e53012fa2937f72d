// Writes over HTTP: conditions (RFC 9110 section 13.1.1), merge patches (RFC 7396), keys for repetitions, and many at once.
import type { IncomingMessage } from 'node:http'
import type { Call } from '#kernel/call.ts'
import { matchTags } from '#kernel/http/etag.ts'
import { httpErrors } from '#kernel/http/problem.ts'
import { type Answer, type Exchange, type Route, type Rule, route } from '#kernel/http/route.ts'
import { type Schema, z } from '#kernel/schema.ts'
import { admit } from '../access.ts'
import { type Bulk, bulkBody, bulkRequestOf, bulkResultsOf } from '../bulk/schemas.ts'
import type { Resource } from '../compile.ts'
import type { ResourceOperation } from '../contract.ts'
import { versionOf } from '../etag.ts'
import { type PlainAnswer, type Repetition, repetitionOf } from '../idempotency/once.ts'
import { ruleFor, strictest } from '../rule.ts'
import type { ShownSchemas } from '../shown.ts'
import type { Answers } from './answers.ts'
import { planCreate, planDelete, planUpdate } from './plan.ts'

export const BULK_LIMIT_BYTES = 1024 * 1024

interface OneObject {
  readonly id: string
}

const oneObject: Schema<OneObject> = z.strictObject({ id: z.string().max(256) })
const anyBody: Schema = z.unknown()
const WRITES: readonly ResourceOperation[] = ['create', 'update', 'delete']

type WriteRoutes = Record<'create' | 'update' | 'delete', Route> & { readonly bulk: Route | undefined }

export function writeRoutes(answers: Answers, resource: Resource, shown: ShownSchemas): WriteRoutes {
  const { name } = resource
  const one = { path: `/api/${name}/:id`, site: 'app', rate: 'api' } as const
  return {
    create: route<Record<string, never>, Record<string, never>, unknown>({
      method: 'POST',
      path: `/api/${name}`,
      site: 'app',
      allow: ruleFor(resource, 'create'),
      rate: 'api',
      summary: `Creates one of ${name}`,
      body: 'json',
      input: { body: anyBody },
      answers: { 201: shown.object },
      handle: async (call, { body }, exchange) => {
        admit(resource, call, 'create')
        const repetition = repetitionIn(call, exchange, body)
        return sent(await answers.one(call, { plan: planCreate(call, { resource, input: body }), repetition }))
      },
    }),
    update: route<OneObject, Record<string, never>, unknown>({
      ...one,
      method: 'PATCH',
      allow: ruleFor(resource, 'update'),
      summary: `Changes fields of one of ${name}; null removes an optional field`,
      body: 'json',
      input: { params: oneObject, body: anyBody },
      answers: { 200: shown.object },
      handle: async (call, { params, body }, exchange) => {
        admit(resource, call, 'update')
        const condition = conditionOf(resource, exchange.request)
        const repetition = repetitionIn(call, exchange, [body, condition])
        return sent(await answers.one(call, { plan: planUpdate(call, { resource, id: params.id, input: body, ...condition }), repetition }))
      },
    }),
    delete: route<OneObject>({
      ...one,
      method: 'DELETE',
      allow: ruleFor(resource, 'delete'),
      summary: `Deletes one of ${name}`,
      input: { params: oneObject },
      answers: { 204: 'empty' },
      handle: async (call, { params }, exchange) => {
        admit(resource, call, 'delete')
        const condition = conditionOf(resource, exchange.request)
        const repetition = repetitionIn(call, exchange, condition)
        return sent(await answers.one(call, { plan: planDelete(call, { resource, id: params.id, ...condition }), repetition }))
      },
    }),
    bulk: bulkRoute(answers, resource, shown),
  }
}

/** The writes that somebody may do at all. */
export function bulkWrites(resource: Resource): readonly ResourceOperation[] {
  return WRITES.filter((operation) => resource.grants[operation].length > 0)
}

function bulkRoute(answers: Answers, resource: Resource, shown: ShownSchemas): Route | undefined {
  const writes = bulkWrites(resource)
  if (writes.length === 0) return undefined
  return route<Record<string, never>, Record<string, never>, Bulk>({
    method: 'POST',
    path: `/api/${resource.name}/bulk`,
    site: 'app',
    allow: bulkRule(resource, writes),
    rate: 'bulk',
    maxBodyBytes: BULK_LIMIT_BYTES,
    summary: `Creates, changes and deletes up to 100 of ${resource.name}`,
    body: 'json',
    input: { body: bulkBody },
    answers: { 200: bulkResultsOf(shown.object) },
    handle: async (call, { body }, exchange) => {
      // Rights are asked for each operation, so a kept answer is for a token with the same ones only.
      const scopes = call.principal.kind === 'user' ? call.principal.scopes.toSorted() : []
      const repetition = repetitionIn(call, exchange, [body, scopes])
      return sent(await answers.bulk(call, { resource, request: bulkRequestOf(body, resource), repetition }))
    },
  })
}

/** Whom some operation could admit; each operation is asked on its own later. */
export function bulkRule(resource: Resource, writes: readonly ResourceOperation[]): Rule {
  const rules = writes.map((operation) => ruleFor(resource, operation))
  const scopes = new Set(rules.map((rule) => (rule.who === 'user' ? rule.scope : undefined)))
  const [scope] = scopes
  const stepUp = strictest(rules.flatMap((rule) => (rule.who === 'user' && rule.stepUp !== undefined ? [rule.stepUp] : [])))
  // What anyone may do must not lead past what needs a sign-in of its own.
  if (stepUp === undefined && rules.some(({ who }) => who === 'anyone')) return { who: 'anyone' }
  return {
    who: 'user',
    ...(scopes.size === 1 && scope !== undefined ? { scope } : {}),
    ...(stepUp === undefined ? {} : { stepUp }),
  }
}

function sent({ status, headers, body }: PlainAnswer): Answer {
  const kept = headers['etag'] === undefined ? headers : { 'cache-control': 'private, no-cache', ...headers }
  return body === undefined ? { status, headers: kept } : { status, headers: kept, body: { jsonText: body } }
}

function conditionOf(resource: Resource, request: IncomingMessage): { ifVersion?: number } {
  const tags = matchTags(request.headers['if-match'])
  if (tags === undefined || tags === 'any') return {}
  if (tags.length > 1) throw httpErrors.bad_request({ detail: 'Give one entity tag in If-Match.' })
  // A tag that is none of ours matches nothing; no object has version 0.
  return { ifVersion: versionOf(tags[0] ?? '', resource.shape) ?? 0 }
}

/** An item of a structured field, or the same without its quotes. */
const KEY = /^(?:"([\x20\x21\x23-\x5b\x5d-\x7e]{1,255})"|([\x21\x23-\x7e]{1,255}))$/

function repetitionIn(call: Call, { request, method, path }: Exchange, content: unknown): Repetition | undefined {
  const header = request.headers['idempotency-key']
  if (header === undefined) return undefined
  const match = typeof header === 'string' ? KEY.exec(header) : null
  const key = match?.[1] ?? match?.[2]
  if (key === undefined) throw httpErrors.bad_request({ detail: 'Idempotency-Key is a text of 1 to 255 visible ASCII characters.' })
  return repetitionOf(call, { key, target: `${method} ${path}`, content })
}
