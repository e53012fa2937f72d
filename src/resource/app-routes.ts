// Routes of the app beside those of its resources: declared like every other, and answered with exactly what their schemas say.
import type { Clock } from '#kernel/clock.ts'
import { type Answer, type AnswerShape, type BodyKind, type Route, route } from '#kernel/http/route.ts'
import { type Schema, z } from '#kernel/schema.ts'
import type { Resource } from './compile.ts'
import type { ResourceRoute, Resources, RouteAnswerShape } from './contract.ts'

const anyParams: Schema<Record<string, string>> = z.record(z.string(), z.string().max(256))
const noQuery: Schema<Record<string, never>> = z.strictObject({})

export function appRoutes(resources: Resources, resource: Resource, clock: Clock): Route[] {
  return (resource.definition.routes ?? []).map((declared) => routeOf(declared, resources, clock))
}

function routeOf(declared: ResourceRoute, resources: Resources, clock: Clock): Route {
  const { method, path, summary, allow, rate = 'api', input = {}, answers } = declared
  const body: BodyKind = input.body === undefined ? 'none' : 'json'
  return route<Record<string, string>, unknown, unknown>({
    method,
    path,
    site: 'app',
    allow,
    rate,
    summary,
    body,
    input: { params: anyParams, query: input.query ?? noQuery, ...(input.body === undefined ? {} : { body: input.body }) },
    answers: Object.fromEntries(Object.entries(answers).map(([status, shape]) => [status, shapeOf(shape)])),
    handle: async (call, given) => answerOf(declared, await declared.handle(call, given, { resources, now: clock.now() })),
  })
}

function shapeOf(shape: RouteAnswerShape): AnswerShape {
  return shape
}

/** What the schema does not name stays here: a document that is passed on whole shows nothing that was not declared. */
function answerOf(
  { method, path, answers }: ResourceRoute,
  { status, json }: { readonly status: number; readonly json?: unknown },
): Answer {
  const shape = answers[status]
  if (shape === undefined || shape === 'problem')
    throw new Error(`${method} ${path} answered ${status}, which it does not declare; throw an error for a problem`)
  const headers = { 'cache-control': 'private, no-store' }
  return shape === 'empty' ? { status, headers } : { status, headers, body: { json: shape.parse(json) } }
}
