// The parts of the OpenAPI document that every operation shares.
import type { Sites } from '#kernel/sites.ts'

export type Part = Readonly<Record<string, unknown>>

export const ref = (kind: 'schemas' | 'parameters' | 'headers' | 'responses', name: string): Part => ({
  $ref: `#/components/${kind}/${name}`,
})

/** `photo_albums` and `photo-albums` as `PhotoAlbums`. */
export const titleOf = (name: string): string =>
  name
    .split(/[_-]/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')

export const PROBLEM: Part = {
  type: 'object',
  description: 'RFC 9457 problem details. Match on `code`; `requestId` ties the answer to the log.',
  required: ['type', 'title', 'status', 'code', 'requestId'],
  properties: {
    type: { type: 'string', description: 'A URN made from the code' },
    title: { type: 'string' },
    status: { type: 'integer', minimum: 400, maximum: 599 },
    code: { type: 'string', pattern: '^[a-z_]+[.][a-z_]+$' },
    detail: { type: 'string', description: 'What was wrong, and what to do' },
    requestId: { type: 'string' },
    errors: {
      type: 'array',
      description: 'What is wrong, field by field',
      items: {
        type: 'object',
        required: ['field', 'message'],
        properties: { field: { type: 'string', description: 'Dotted path; empty for the whole' }, message: { type: 'string' } },
        additionalProperties: false,
      },
    },
  },
  additionalProperties: false,
  example: {
    type: 'urn:ninefold:error:resource.invalid',
    title: 'The object does not fit its schema',
    status: 422,
    code: 'resource.invalid',
    requestId: '5f2a9c01d4e8b37a6c90fe12',
    detail: 'Some fields do not fit; nothing was stored.',
    errors: [{ field: 'caption', message: 'At most 280 characters' }],
  },
}

const text = (description: string, more: Part = {}): Part => ({ description, schema: { type: 'string', ...more } })

export const HEADERS: Part = {
  ETag: text('The version of the object, for If-Match and If-None-Match'),
  Location: text('Where it is', { format: 'uri-reference' }),
  RequestId: text('Ties the answer to the log'),
  RateLimit: text('What is left of the quota, and when it is whole again'),
  RetryAfter: { description: 'Seconds after which it may be tried again', schema: { type: 'integer', minimum: 0 } },
  WWWAuthenticate: text('Which token is needed (RFC 6750)'),
}

const header = (name: string, description: string, schema: Part = { type: 'string' }): Part => ({
  name,
  in: 'header',
  required: false,
  description,
  schema,
})

export const PARAMETERS: Part = {
  Id: { name: 'id', in: 'path', required: true, description: 'The id of the object', schema: { type: 'string', maxLength: 256 } },
  IfMatch: header('If-Match', 'The ETag that the change is meant for: 412 when the object has another version by now'),
  IfNoneMatch: header('If-None-Match', 'The ETag of what is at hand: 304 while it is still good'),
  IdempotencyKey: header(
    'Idempotency-Key',
    'The same for a request that is sent again: within 24 hours it is done once and answered the same',
    { type: 'string', minLength: 1, maxLength: 257 },
  ),
}

const PROBLEMS: Readonly<Record<number, string>> = {
  400: 'The request is malformed',
  401: 'Sign in first, or the token is not valid',
  403: 'Not allowed, or the token lacks a scope',
  404: 'No such object, or none that you may see',
  408: 'The request came too slowly',
  409: 'It conflicts with what is stored',
  411: 'The length of the body must be given',
  412: 'The object was changed in the meantime',
  413: 'The body is too large',
  414: 'The address is too long',
  415: 'This content type is not accepted here',
  416: 'The range cannot be served',
  417: 'This expectation is not met here',
  421: 'This server does not answer for that host',
  422: 'A field does not fit; nothing was stored',
  426: 'Open it as a WebSocket',
  429: 'Too many requests',
  431: 'The request headers are too large',
  500: 'Something went wrong on our side',
  502: 'Another server did not answer',
  503: 'Not available just now; try again',
  504: 'Another server did not answer in time',
  507: 'There is no room for it',
}

export const problemName = (status: number): string => `Problem${status}`

export function problemResponses(statuses: Iterable<number>): Part {
  return Object.fromEntries(
    [...new Set(statuses)].toSorted((a, b) => a - b).map((status) => [String(status), ref('responses', problemName(status))]),
  )
}

export function problemComponents(statuses: Iterable<number>): Part {
  return Object.fromEntries(
    [...new Set(statuses)].toSorted((a, b) => a - b).map((status) => [problemName(status), problemComponent(status)]),
  )
}

function problemComponent(status: number): Part {
  const headers = {
    'X-Request-Id': ref('headers', 'RequestId'),
    ...(status === 401 || status === 403 ? { 'WWW-Authenticate': ref('headers', 'WWWAuthenticate') } : {}),
    ...(status === 429 || status === 503 ? { 'Retry-After': ref('headers', 'RetryAfter') } : {}),
  }
  return {
    description: PROBLEMS[status] ?? 'Refused, and nothing was changed',
    headers,
    content: { 'application/problem+json': { schema: ref('schemas', 'Problem') } },
  }
}

export function securitySchemes(sites: Sites, scopes: Readonly<Record<string, string>>): Part {
  const tokenUrl = `${sites.accounts}/token`
  return {
    oauth2: {
      type: 'oauth2',
      description: 'Authorization code with PKCE (S256). The token goes into the header `Authorization: Bearer`.',
      flows: { authorizationCode: { authorizationUrl: `${sites.accounts}/authorize`, tokenUrl, refreshUrl: tokenUrl, scopes } },
    },
    session: {
      type: 'apiKey',
      in: 'cookie',
      name: '__Host-Http-access',
      description: 'The session of a frontend of the app itself; unsafe methods need the header X-CSRF-Token',
    },
  }
}
