// Operations of the OpenAPI document, made from the routes themselves: what is served is what is documented.
import type { AnswerShape, HandledRoute } from '#kernel/http/route.ts'
import { type Schema, z } from '#kernel/schema.ts'
import type { Hint } from './hints.ts'
import { type Part, problemResponses, ref, titleOf } from './parts.ts'
import { embedded, type SchemaNames } from './schemas.ts'

/** What the gateway may answer to any request before the operation sees it. */
const ALWAYS = [400, 401, 403, 408, 414, 417, 421, 429, 431, 500, 503]
const WITH_BODY = [411, 413, 415, 422]
const BINARY: Part = { type: 'string', contentEncoding: 'binary' }

export interface DocumentedRoute {
  readonly route: HandledRoute
  readonly hint: Hint | undefined
  readonly names: SchemaNames
}

export function operationOf({ route, hint, names }: DocumentedRoute): Part {
  const operationId = hint?.operationId ?? operationIdOf(route)
  const parameters = [...pathParameters(route), ...queryParameters(route), ...(hint?.parameters ?? [])]
  const body = requestBody(route, hint, operationId)
  return {
    operationId,
    tags: [tagOf(route)],
    summary: route.summary,
    ...(hint?.description === undefined ? {} : { description: hint.description }),
    security: securityOf(route, hint),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: body }),
    responses: { ...successes({ route, hint, names }), ...problemResponses(problemsOf(route, hint)) },
  }
}

/** `/api/photos/:id` as `/api/photos/{id}`. */
export const templateOf = (path: string): string => path.replace(/:(\w+)/g, '{$1}')

export function problemsOf(route: HandledRoute, hint: Hint | undefined): number[] {
  const declared = Object.keys(route.answers)
    .map(Number)
    .filter((status) => status >= 400)
  const hasParams = route.path.includes(':')
  return [
    ...ALWAYS,
    ...(route.body === 'none' ? [] : WITH_BODY),
    ...(hasParams ? [404] : []),
    ...(route.input.query === undefined ? [] : [422]),
    ...declared,
    ...(hint?.problems ?? []),
  ]
}

function tagOf({ path }: HandledRoute): string {
  return path.split('/')[2] ?? 'api'
}

function operationIdOf({ method, path }: HandledRoute): string {
  const words = path
    .split('/')
    .slice(2)
    .map((part) => (part.startsWith(':') ? `By${titleOf(part.slice(1))}` : titleOf(part.replaceAll('.', '_'))))
  return method.toLowerCase() + words.join('')
}

function securityOf({ allow }: HandledRoute, hint: Hint | undefined): readonly Part[] {
  const signedIn = (scopes: readonly string[]): Part[] => [{ oauth2: scopes }, { session: [] }]
  if (allow.who !== 'user') return [...signedIn(hint?.scopes ?? []), {}]
  return signedIn(hint?.scopes ?? (allow.scope === undefined ? [] : [allow.scope]))
}

function pathParameters({ path }: HandledRoute): Part[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name = '']) =>
    name === 'id' ? ref('parameters', 'Id') : { name, in: 'path', required: true, schema: { type: 'string', maxLength: 256 } },
  )
}

/** Of schemas with known members. What a query may have besides is for hints. */
function queryParameters({ input }: HandledRoute): Part[] {
  if (input.query === undefined) return []
  const json = inputSchema(input.query)
  const parts = Array.isArray(json['allOf']) ? json['allOf'].map((part): Part => Object(part)) : [json]
  return parts.flatMap((part) => {
    const required: unknown = part['required']
    return Object.entries<Part>(Object(part['properties'])).map(([name, { description, ...schema }]) => ({
      name,
      in: 'query',
      required: Array.isArray(required) && required.includes(name),
      ...(description === undefined ? {} : { description }),
      schema,
    }))
  })
}

function requestBody(route: HandledRoute, hint: Hint | undefined, operationId: string): Part | undefined {
  if (route.body === 'none') return undefined
  if (route.body === 'stream')
    return { required: true, content: contentOf(hint?.bodyTypes ?? ['application/octet-stream'], hint?.body ?? BINARY) }
  const schema = hint?.body ?? (route.input.body === undefined ? {} : embedded(operationId, inputSchema(route.input.body)))
  return { required: true, content: contentOf(hint?.bodyTypes ?? ['application/json'], schema) }
}

function successes({ route, hint, names }: DocumentedRoute): Part {
  const entries = Object.entries(route.answers).filter(([status]) => Number(status) < 400)
  return Object.fromEntries(
    entries.map(([status, shape]) => {
      const content = hint?.answers?.[Number(status)] ?? answerSchema(shape, names)
      const types = content === undefined ? undefined : contentsOf(content)
      return [
        status,
        {
          description: DESCRIPTIONS[Number(status)] ?? 'Done',
          headers: {
            'X-Request-Id': ref('headers', 'RequestId'),
            RateLimit: ref('headers', 'RateLimit'),
            ...hint?.headers?.[Number(status)],
          },
          ...(types === undefined ? {} : { content: types }),
        },
      ]
    }),
  )
}

function contentsOf(content: Part | readonly string[]): Part {
  if (!isTypes(content)) return contentOf(['application/json'], content)
  // Of the files that an export makes, one is JSON after all.
  const others = content.filter((type) => type !== 'application/json')
  return { ...contentOf(others, BINARY), ...(others.length === content.length ? {} : contentOf(['application/json'], { type: 'array' })) }
}

function isTypes(content: Part | readonly string[]): content is readonly string[] {
  return Array.isArray(content)
}

const DESCRIPTIONS: Readonly<Record<number, string>> = {
  200: 'Done',
  201: 'Created',
  202: 'Begun',
  204: 'Done; there is nothing to show',
  304: 'What is at hand is still good',
}

function answerSchema(shape: AnswerShape, names: SchemaNames): Part | readonly string[] | undefined {
  if (shape === 'empty' || shape === 'problem') return undefined
  if (shape === 'html') return ['text/html']
  if (shape === 'text') return ['text/plain']
  if (shape === 'bytes') return ['application/octet-stream']
  const name = names.get(shape)
  return name === undefined ? outputSchema(shape) : ref('schemas', name)
}

function contentOf(types: readonly string[], schema: Part): Part {
  return Object.fromEntries(types.map((type) => [type, { schema }]))
}

/** As it is sent; what a transformation makes of it is nobody else's matter. */
function inputSchema(schema: Schema): Part {
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return json
}

function outputSchema(schema: Schema): Part {
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' })
  return json
}
