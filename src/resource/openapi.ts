// The OpenAPI 3.1 document of the data API, made from the same definitions that serve it.
import { httpErrors } from '#kernel/http/problem.ts'
import type { Sites } from '#kernel/sites.ts'
import type { BucketDefinition } from '../files/contract.ts'
import { jsonSchemaOf, type Resource } from './compile.ts'
import type { ResourceOperation } from './contract.ts'
import { resourceErrors } from './errors.ts'
import { shownSchemas } from './shown.ts'

export interface OpenApiInput {
  readonly productName: string
  readonly sites: Sites
  readonly scopes: Readonly<Record<string, string>>
  readonly resources: readonly Resource[]
  readonly buckets: readonly BucketDefinition[]
}

type Part = Readonly<Record<string, unknown>>

const PROBLEM: Part = {
  type: 'object',
  description: 'RFC 9457 problem details. Match on `code`; `requestId` ties the answer to the log.',
  required: ['type', 'title', 'status', 'code', 'requestId'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string' },
    detail: { type: 'string' },
    requestId: { type: 'string' },
    errors: {
      type: 'array',
      items: { type: 'object', required: ['field', 'message'], properties: { field: { type: 'string' }, message: { type: 'string' } } },
    },
  },
}

const ID = { name: 'id', in: 'path', required: true, schema: { type: 'string' } }
const IF_MATCH = { name: 'If-Match', in: 'header', description: 'The ETag that the change is meant for', schema: { type: 'string' } }
const IF_NONE_MATCH = { name: 'If-None-Match', in: 'header', schema: { type: 'string' } }
const ETAG = { ETag: { description: 'The version of the object', schema: { type: 'string' } } }
const LOCATION = { Location: { schema: { type: 'string' } } }

export function openApiOf(input: OpenApiInput): Part {
  const { productName, sites, scopes } = input
  const tokens = {
    authorizationUrl: `${sites.accounts}/authorize`,
    tokenUrl: `${sites.accounts}/token`,
    refreshUrl: `${sites.accounts}/token`,
    scopes,
  }
  return {
    openapi: '3.1.0',
    info: { title: `${productName} API`, version: '1' },
    servers: [{ url: sites.app }],
    paths: Object.assign({}, ...input.resources.map(pathsOf), ...input.buckets.map(bucketPaths)),
    components: {
      schemas: Object.assign({ Problem: PROBLEM, ...(input.buckets.length > 0 ? { File: FILE } : {}) }, ...input.resources.map(schemasOf)),
      responses: {
        Problem: {
          description: 'Refused, and nothing was changed',
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
      securitySchemes: {
        oauth2: { type: 'oauth2', description: 'Authorization code with PKCE (S256)', flows: { authorizationCode: tokens } },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: '__Host-Http-access',
          description: 'The session of a frontend of the app itself; unsafe methods need X-CSRF-Token',
        },
      },
    },
  }
}

const titleOf = (name: string): string =>
  name
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')
const ref = (name: string): Part => ({ $ref: `#/components/schemas/${name}` })
const json = (schema: Part): Part => ({ 'application/json': { schema } })

function schemasOf({ name, definition }: Resource): Part {
  const title = titleOf(name)
  const create = jsonSchemaOf(definition.schema, 'input')
  const { required: _required, ...change } = create
  const shown = shownSchemas(definition)
  return {
    [title]: jsonSchemaOf(shown.object, 'output'),
    [`${title}Create`]: create,
    [`${title}Change`]: { ...change, description: 'Fields that are absent stay as they are; null removes an optional field.' },
    [`${title}List`]: {
      type: 'object',
      required: ['items'],
      properties: { items: { type: 'array', items: ref(title) }, next: { type: 'string' } },
    },
  }
}

/** The statuses that a caller must expect beside success. */
function problems(...statuses: readonly number[]): Part {
  return Object.fromEntries(statuses.map((status) => [String(status), { $ref: '#/components/responses/Problem' }]))
}

const statusOf = {
  invalid: resourceErrors.invalid().status,
  notFound: resourceErrors.not_found().status,
  conflict: resourceErrors.version_conflict().status,
  duplicate: resourceErrors.duplicate().status,
  query: resourceErrors.no_index().status,
  unauthenticated: httpErrors.unauthenticated().status,
  forbidden: httpErrors.forbidden().status,
  limited: httpErrors.too_many_requests().status,
}

const guarded = [statusOf.unauthenticated, statusOf.forbidden, statusOf.limited]

function securityOf({ definition, grants }: Resource, operation: ResourceOperation): readonly Part[] {
  const rights =
    operation === 'update'
      ? [definition.scopes.write, definition.scopes.read]
      : [operation === 'list' || operation === 'get' ? definition.scopes.read : definition.scopes.write]
  const open = grants[operation].some((grant) => grant.who === 'anyone')
  return [{ oauth2: rights }, { session: [] }, ...(open ? [{}] : [])]
}

function pathsOf(resource: Resource): Part {
  const { name, grants } = resource
  const title = titleOf(name)
  const object = (headers: Part): Part => ({ description: 'The object', headers, content: json(ref(title)) })
  const about = (operation: ResourceOperation): Part => ({
    operationId: `${operation}${title}`,
    tags: [name],
    security: securityOf(resource, operation),
  })
  const offered = (operation: ResourceOperation, method: string, rest: Part): Part =>
    grants[operation].length === 0 ? {} : { [method]: { ...about(operation), ...rest } }
  return {
    [`/api/${name}`]: {
      ...offered('list', 'get', {
        parameters: listParameters(resource),
        responses: {
          200: { description: 'A page', content: json(ref(`${title}List`)) },
          ...problems(statusOf.query, statusOf.invalid, ...guarded),
        },
      }),
      ...offered('create', 'post', {
        requestBody: { required: true, content: json(ref(`${title}Create`)) },
        responses: { 201: object({ ...ETAG, ...LOCATION }), ...problems(statusOf.invalid, statusOf.duplicate, ...guarded) },
      }),
    },
    [`/api/${name}/{id}`]: {
      ...offered('get', 'get', {
        parameters: [ID, IF_NONE_MATCH],
        responses: { 200: object(ETAG), 304: { description: 'Unchanged' }, ...problems(statusOf.notFound, ...guarded) },
      }),
      ...offered('update', 'patch', {
        parameters: [ID, IF_MATCH],
        requestBody: { required: true, content: json(ref(`${title}Change`)) },
        responses: {
          200: object(ETAG),
          ...problems(statusOf.notFound, statusOf.duplicate, statusOf.conflict, statusOf.invalid, ...guarded),
        },
      }),
      ...offered('delete', 'delete', {
        parameters: [ID, IF_MATCH],
        responses: { 204: { description: 'Deleted' }, ...problems(statusOf.notFound, statusOf.conflict, ...guarded) },
      }),
    },
  }
}

function listParameters({ kinds, indexes }: Resource): readonly Part[] {
  const fields = [...new Set(indexes.flatMap((index) => index.fields))]
  const served = indexes.map((index) => index.fields.join(' + ')).join('; ')
  return [
    ...fields.map((field) => ({
      name: field,
      in: 'query',
      description: `Equal to. Filters are the first fields of an index: ${served}`,
      schema: { type: kinds.get(field) },
    })),
    { name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 100, default: 20 } },
    { name: 'order', in: 'query', schema: { enum: ['ascending', 'descending'], default: 'ascending' } },
    { name: 'after', in: 'query', description: 'The "next" of the page before', schema: { type: 'string' } },
  ]
}

const FILE: Part = {
  type: 'object',
  required: ['id', 'bucket', 'ownerId', 'mediaType', 'bytes', 'sha256', 'name', 'createdAt'],
  properties: {
    id: { type: 'string' },
    bucket: { type: 'string' },
    ownerId: { type: 'string' },
    mediaType: { type: 'string', description: 'What the bytes are' },
    bytes: { type: 'integer' },
    sha256: { type: 'string' },
    name: { type: 'string' },
    createdAt: { type: 'integer', description: 'Epoch milliseconds' },
  },
}

function bucketPaths({ name, accept, maxBytes, scopes }: BucketDefinition): Part {
  const title = titleOf(name.replaceAll('-', '_'))
  const security = (scope: string): Part => ({ tags: ['files'], security: [{ oauth2: [scope] }, { session: [] }] })
  const fileName = { name: 'X-File-Name', in: 'header', description: 'Percent-encoded UTF-8, for people only', schema: { type: 'string' } }
  return {
    [`/api/files/${name}`]: {
      post: {
        operationId: `upload${title}`,
        ...security(scopes.write),
        parameters: [fileName],
        requestBody: {
          required: true,
          description: `At most ${maxBytes} bytes`,
          content: Object.fromEntries(accept.map((type) => [type, {}])),
        },
        responses: {
          201: { description: 'Kept', headers: LOCATION, content: json(ref('File')) },
          ...problems(413, 415, 422, 507, ...guarded),
        },
      },
    },
    [`/api/files/${name}/{id}`]: {
      get: {
        operationId: `read${title}`,
        ...security(scopes.read),
        parameters: [ID],
        responses: { 200: { description: 'What is known of the file', content: json(ref('File')) }, ...problems(404, ...guarded) },
      },
      delete: {
        operationId: `remove${title}`,
        ...security(scopes.write),
        parameters: [ID],
        responses: { 204: { description: 'Removed' }, ...problems(404, 409, ...guarded) },
      },
    },
  }
}
