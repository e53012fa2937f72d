// The routes of the files server in the OpenAPI document, which is one for the whole API.
import type { BucketDefinition } from '../../files/contract.ts'
import { type Part, problemResponses, ref, titleOf } from './parts.ts'

export const FILE: Part = {
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
  additionalProperties: false,
}

const ALWAYS = [400, 401, 403, 404, 408, 414, 417, 421, 429, 431, 500, 503]
const DONE = { headers: { 'X-Request-Id': ref('headers', 'RequestId'), RateLimit: ref('headers', 'RateLimit') } }
const shown: Part = { 'application/json': { schema: ref('schemas', 'File') } }

export function bucketPaths({ name, accept, maxBytes, scopes }: BucketDefinition): Part {
  const title = titleOf(name)
  const security = (scope: string): Part => ({ tags: ['files'], security: [{ oauth2: [scope] }, { session: [] }] })
  const fileName = {
    name: 'X-File-Name',
    in: 'header',
    required: false,
    description: 'Percent-encoded UTF-8, for people only',
    schema: { type: 'string' },
  }
  return {
    [`/api/files/${name}`]: {
      post: {
        operationId: `upload${title}`,
        summary: `Uploads a file of at most ${maxBytes} bytes`,
        ...security(scopes.write),
        parameters: [fileName],
        requestBody: {
          required: true,
          description: `The bytes of the file, at most ${maxBytes}`,
          content: Object.fromEntries(accept.map((type) => [type, { schema: { type: 'string', contentEncoding: 'binary' } }])),
        },
        responses: {
          201: { description: 'Kept', headers: { ...DONE.headers, Location: ref('headers', 'Location') }, content: shown },
          ...problemResponses([...ALWAYS, 411, 413, 415, 422, 507]),
        },
      },
    },
    [`/api/files/${name}/{id}`]: {
      get: {
        operationId: `read${title}`,
        summary: 'What is known of a file of your own',
        ...security(scopes.read),
        parameters: [ref('parameters', 'Id')],
        responses: { 200: { description: 'What is known of the file', ...DONE, content: shown }, ...problemResponses(ALWAYS) },
      },
      delete: {
        operationId: `remove${title}`,
        summary: 'Removes a file of your own that no object holds',
        ...security(scopes.write),
        parameters: [ref('parameters', 'Id')],
        responses: { 204: { description: 'Removed', ...DONE }, ...problemResponses([...ALWAYS, 409]) },
      },
    },
  }
}
