// Imports and exports over HTTP. A file is the body of the request; a JSON object in its place says where else the rows are.
import type { IncomingMessage } from 'node:http'
import { parseJson } from '#kernel/http/body.ts'
import { httpErrors } from '#kernel/http/problem.ts'
import { type Answer, ok, type Route, route } from '#kernel/http/route.ts'
import { fieldProblems, type Schema, z } from '#kernel/schema.ts'
import type { Resource } from '../compile.ts'
import { ruleFor } from '../rule.ts'
import type { ImportView, Transfers } from './contract.ts'
import { FORMATS, importFromUrl, type ImportOptions, importOptions, importView, oneImport } from './schemas.ts'

const REQUEST_BYTES = 64 * 1024
const OPEN_OBJECT = 0x7b
const yes = z.enum(['true', 'false']).transform((text) => text === 'true')
const asJson = z
  .string()
  .max(16_384)
  .transform((text, context) => {
    try {
      return parseJson(Buffer.from(text))
    } catch {
      context.addIssue({ code: 'custom', message: 'Not JSON' })
      return z.NEVER
    }
  })

/** Options as text: maps and constants as JSON. */
const importQuery = z
  .strictObject({
    ...importOptions.shape,
    map: asJson.pipe(importOptions.shape.map.unwrap()).exactOptional(),
    constants: asJson.pipe(importOptions.shape.constants.unwrap()).exactOptional(),
    ignoreUnknown: yes.exactOptional(),
    dryRun: yes.exactOptional(),
    decimalComma: yes.exactOptional(),
  })
  .meta({ description: 'How the file is to be read' })

const reportQuery = z.strictObject({ format: z.enum(['csv', 'ndjson']).exactOptional() })
const exportQuery = z.intersection(
  z.object({ format: z.enum(FORMATS).exactOptional(), formulas: z.enum(['guarded', 'keep']).exactOptional() }),
  z.record(z.string(), z.string()),
)

export function transferRoutes(transfers: Transfers, resource: Resource, maxBytes: number): Route[] {
  return [
    ...(resource.grants.create.length === 0 ? [] : importRoutes(transfers, resource, maxBytes)),
    ...(resource.grants.list.length === 0 ? [] : [exportRoute(transfers, resource)]),
  ]
}

function importRoutes(transfers: Transfers, resource: Resource, maxBytes: number): Route[] {
  return [beginRoute(transfers, resource, maxBytes), ...lookRoutes(transfers, resource), removeRoute(transfers, resource)]
}

function beginRoute(transfers: Transfers, resource: Resource, maxBytes: number): Route {
  const { name } = resource
  return route<Record<string, never>, ImportOptions>({
    method: 'POST',
    path: `/api/${name}/import`,
    site: 'app',
    allow: ruleFor(resource, 'create'),
    rate: 'files',
    summary: `Imports a file into ${name}, or what another API gives: the body is the file, or JSON that names an address`,
    body: 'stream',
    maxBodyBytes: maxBytes,
    input: { query: importQuery },
    answers: { 202: importView },
    handle: async (call, { query }, { request }) => {
      const { first, content } = await begun(request)
      const contentType = request.headers['content-type'] ?? ''
      const isRequest = first === OPEN_OBJECT && /^application\/json\b/i.test(contentType) && query.format === undefined
      const view = isRequest
        ? await transfers.importFrom(call, name, { ...query, ...(await requestIn(content)) })
        : await transfers.importFile(call, name, { options: query, contentType, content })
      return { status: 202, headers: { location: view.links.self }, body: { json: view } }
    },
  })
}

function lookRoutes(transfers: Transfers, resource: Resource): Route[] {
  const { name } = resource
  const looking = { method: 'GET', site: 'app', allow: ruleFor(resource, 'create'), rate: 'api' } as const
  return [
    route({
      ...looking,
      path: `/api/${name}/imports`,
      summary: `Your imports into ${name}, newest first`,
      answers: { 200: z.strictObject({ items: z.array(importView) }) },
      handle: async (call) => ok({ items: await transfers.list(call, name) }),
    }),
    route<{ id: string }>({
      ...looking,
      path: `/api/${name}/imports/:id`,
      summary: `How far an import into ${name} is`,
      input: { params: oneImport },
      answers: { 200: importView },
      handle: async (call, { params }) => {
        const view = await transfers.get(call, name, params.id)
        return ok(view, headersFor(view))
      },
    }),
    route<{ id: string }, z.infer<typeof reportQuery>>({
      ...looking,
      path: `/api/${name}/imports/:id/rejects`,
      summary: `The rows that an import into ${name} has rejected, with reasons; corrected, they can be imported`,
      input: { params: oneImport, query: reportQuery },
      answers: { 200: 'bytes' },
      handle: async (call, { params, query }) =>
        download(await transfers.report(call, name, { id: params.id, format: query.format ?? 'csv' })),
    }),
  ]
}

function removeRoute(transfers: Transfers, resource: Resource): Route {
  const { name } = resource
  return route<{ id: string }>({
    method: 'DELETE',
    path: `/api/${name}/imports/:id`,
    site: 'app',
    allow: ruleFor(resource, 'create'),
    rate: 'api',
    summary: `Ends an import into ${name}, keeping what it has stored; forgets one that has ended`,
    input: { params: oneImport },
    answers: { 204: 'empty' },
    handle: async (call, { params }) => {
      await transfers.remove(call, name, params.id)
      return { status: 204 }
    },
  })
}

function exportRoute(transfers: Transfers, resource: Resource): Route {
  const { name } = resource
  return route<Record<string, never>, z.infer<typeof exportQuery>>({
    method: 'GET',
    path: `/api/${name}/export`,
    site: 'app',
    allow: ruleFor(resource, 'list'),
    rate: 'files',
    summary: `All of ${name} that a list would show, as CSV, NDJSON, JSON or XML`,
    input: { query: exportQuery },
    answers: { 200: 'bytes' },
    handle: async (call, { query: { format = 'csv', formulas = 'guarded', ...query } }) =>
      download(await transfers.export(call, name, { format, formulas, query })),
  })
}

function headersFor({ state }: ImportView): Record<string, string> {
  return state === 'waiting' || state === 'running' ? { 'cache-control': 'no-store', 'retry-after': '1' } : { 'cache-control': 'no-store' }
}

function download({ type, fileName, content }: Awaited<ReturnType<Transfers['export']>>): Answer {
  const headers = { 'content-disposition': `attachment; filename="${fileName}"`, 'cache-control': 'private, no-store' }
  return { status: 200, headers, body: { stream: content, type } }
}

/** The body from its first byte, and what that is beyond white space. */
async function begun(request: IncomingMessage): Promise<{ first: number | undefined; content: AsyncIterable<Uint8Array> }> {
  const coding = request.headers['content-encoding']
  if (coding !== undefined && coding !== 'identity')
    throw httpErrors.unsupported_media_type({ detail: 'Send the file without a content coding.' })
  // The connection stays open when the file is refused, so that the answer can still be sent on it.
  const pieces: AsyncIterator<Buffer> = request.iterator({ destroyOnReturn: false })
  const step = await pieces.next()
  if (step.done === true) throw httpErrors.bad_request({ detail: 'Send the file as the body of the request.' })
  const start = step.value
  return { first: start.find((byte) => byte > 0x20), content: startingWith(start, pieces) }
}

async function* startingWith(start: Buffer, pieces: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield start
  for (let step = await pieces.next(); step.done !== true; step = await pieces.next()) yield step.value
}

const anyRequest: Schema<z.infer<typeof importFromUrl>> = importFromUrl

async function requestIn(content: AsyncIterable<Uint8Array>): Promise<z.infer<typeof importFromUrl>> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of content) {
    pieces.push(piece)
    bytes += piece.length
    if (bytes > REQUEST_BYTES)
      throw httpErrors.too_large({ detail: 'A file of JSON is an array. An object says where the rows are, and is short.' })
  }
  const parsed = anyRequest.safeParse(parseJson(Buffer.concat(pieces)))
  if (!parsed.success) throw httpErrors.invalid({ fields: fieldProblems(parsed.error) })
  return parsed.data
}
