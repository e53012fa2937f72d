// Serves the OpenAPI document and the page made from it: made once, the same for everybody.
import { noneMatchHits } from '#kernel/http/etag.ts'
import { type Route, route } from '#kernel/http/route.ts'
import { sha256 } from '#kernel/keyring.ts'
import { z } from '#kernel/schema.ts'
import { referenceRoute } from '../reference/route.ts'
import { type OpenApiInput, openApiOf } from './document.ts'

export function documentRoutes(input: OpenApiInput): Route[] {
  const document = openApiOf(input)
  return [jsonRoute(document), referenceRoute(document)]
}

function jsonRoute(document: unknown): Route {
  const jsonText = JSON.stringify(document)
  const headers = { etag: `"${sha256(jsonText)}"`, 'cache-control': 'public, no-cache' }
  return route({
    method: 'GET',
    path: '/api/openapi.json',
    site: 'app',
    allow: { who: 'anyone' },
    rate: 'api',
    summary: 'The OpenAPI 3.1 document of the data API',
    answers: { 200: z.looseObject({ openapi: z.literal('3.1.0') }), 304: 'empty' },
    handle: async (_call, _input, { request }) =>
      noneMatchHits(request.headers['if-none-match'], headers.etag)
        ? { status: 304, headers }
        : { status: 200, headers, body: { jsonText } },
  })
}
