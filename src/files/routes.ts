// Files over HTTP: uploads and their metadata on the app's origin, downloads on the origin for user content.
import { httpErrors } from '#kernel/http/problem.ts'
import { ok, type Route, route } from '#kernel/http/route.ts'
import { DOCUMENT_ID } from '#kernel/ids.ts'
import { type Schema, z } from '#kernel/schema.ts'
import type { BucketDefinition } from './contract.ts'
import { downloadRoute } from './download.ts'
import { tooLarge } from './intake.ts'
import { fileMeta } from './schemas.ts'
import type { FilesService } from './service.ts'

const oneFile: Schema<{ id: string }> = z.strictObject({ id: z.string().regex(DOCUMENT_ID, 'Not the id of a file') })

/** The upload and metadata routes are one set per bucket, since each bucket has scopes and a limit of its own. */
export function filesRoutes(files: FilesService, buckets: readonly BucketDefinition[]): Route[] {
  return [...buckets.flatMap((bucket) => bucketRoutes(files, bucket)), downloadRoute(files)]
}

function bucketRoutes(files: FilesService, bucket: BucketDefinition): Route[] {
  const path = `/api/files/${bucket.name}`
  return [
    route({
      method: 'POST',
      path,
      site: 'app',
      allow: { who: 'user', scope: bucket.scopes.write },
      rate: 'files',
      summary: `Uploads a file of at most ${bucket.maxBytes} bytes: ${bucket.accept.join(', ')}. The body is the file.`,
      body: 'stream',
      maxBodyBytes: bucket.maxBytes,
      answers: { 201: fileMeta },
      handle: async (call, _input, { request }) => {
        // What is announced as too large is refused before a byte is read; what is not announced is counted on its way.
        if (Number(request.headers['content-length'] ?? 0) > bucket.maxBytes) throw tooLarge(bucket)
        const meta = await files.upload(call, { bucket: bucket.name, name: nameFrom(request.headers['x-file-name']), content: request })
        return { status: 201, headers: { location: `${path}/${meta.id}` }, body: { json: meta } }
      },
    }),
    route<{ id: string }>({
      method: 'GET',
      path: `${path}/:id`,
      site: 'app',
      allow: { who: 'user', scope: bucket.scopes.read },
      rate: 'api',
      summary: 'What is known of a file of your own',
      input: { params: oneFile },
      answers: { 200: fileMeta },
      handle: async (call, { params }) => {
        return ok(await files.statIn(call, { bucket: bucket.name, id: params.id }))
      },
    }),
    route<{ id: string }>({
      method: 'DELETE',
      path: `${path}/:id`,
      site: 'app',
      allow: { who: 'user', scope: bucket.scopes.write },
      rate: 'api',
      summary: 'Removes a file of your own that no object holds',
      input: { params: oneFile },
      answers: { 204: 'empty' },
      handle: async (call, { params }) => {
        await files.removeFrom(call, { bucket: bucket.name, id: params.id })
        return { status: 204 }
      },
    }),
  ]
}

function nameFrom(header: string | string[] | undefined): string {
  if (header === undefined) return ''
  try {
    return decodeURIComponent(String(header))
  } catch (cause) {
    throw httpErrors.bad_request({ detail: 'X-File-Name must be percent-encoded UTF-8.', cause })
  }
}
