// Downloads (RFC 9110: conditions, ranges). The gateway puts the sandboxing policy of the files origin on every answer; what is decided here is
// whether a browser shows or saves a file, and how long it may keep it.
import { Readable } from 'node:stream'
import { noneMatchHits, rangeStillHolds } from '#kernel/http/etag.ts'
import { type Answer, type Exchange, type Route, route } from '#kernel/http/route.ts'
import { type Schema, z } from '#kernel/schema.ts'
import { dispositionOf } from './disposition.ts'
import { fileErrors } from './errors.ts'
import { chooseRange } from './range.ts'
import type { Admission, FilesService } from './service.ts'

interface Params {
  readonly bucket: string
  readonly id: string
}

interface Query {
  readonly exp?: string | undefined
  readonly sig?: string | undefined
}

// Loose on purpose: an address that is not one of ours is a file that does not exist, not a malformed request.
const params: Schema<Params> = z.strictObject({ bucket: z.string().max(100), id: z.string().max(100) })
const query: Schema<Query> = z.strictObject({ exp: z.string().max(20).optional(), sig: z.string().max(100).optional() })

export function downloadRoute(files: FilesService): Route {
  return route<Params, Query>({
    method: 'GET',
    path: '/:bucket/:id',
    site: 'files',
    allow: {
      who: 'handler',
      reason:
        'a signed link shows one file to whoever has it; without one the bearer must own the file and have the read scope of its bucket',
    },
    rate: 'files',
    summary: 'Downloads a file by a signed link or by its owner',
    input: { params, query },
    answers: { 200: 'bytes', 206: 'bytes', 304: 'empty' },
    handle: async (call, input, exchange) => {
      const { exp, sig } = input.query
      const claim = exp === undefined && sig === undefined ? {} : { claim: { exp: exp ?? '', sig: sig ?? '' } }
      return answerWith(await files.admit(call, { ...input.params, ...claim }), exchange)
    },
  })
}

async function answerWith(admission: Admission, exchange: Exchange): Promise<Answer> {
  const { meta, keepSeconds } = admission
  const etag = `"${meta.sha256}"`
  // A link is fetched by whoever has it, so its answer may be kept as long as the link lives. What a bearer fetched belongs to that bearer.
  const cacheControl = keepSeconds === undefined ? 'private, no-cache' : `private, max-age=${keepSeconds}, immutable`
  const headers = { etag, 'accept-ranges': 'bytes', 'cache-control': cacheControl, 'content-disposition': dispositionOf(meta) }
  const { range, 'if-none-match': ifNoneMatch, 'if-range': ifRange } = exchange.request.headers
  if (noneMatchHits(ifNoneMatch, etag)) return { status: 304, headers }
  // RFC 9110 section 14.2: a range means something for GET only.
  // RFC 9110 section 14.2: a range means something for GET only. The stream is never read; it says that there are that many bytes.
  if (exchange.method === 'HEAD')
    return { status: 200, headers, body: { stream: Readable.from([]), type: meta.mediaType, length: meta.bytes } }
  const choice = rangeStillHolds(textOf(ifRange), etag) ? chooseRange(range, meta.bytes) : { kind: 'whole' as const }
  if (choice.kind === 'unsatisfiable') {
    throw fileErrors.bad_range({
      detail: `The file has ${meta.bytes} bytes.`,
      headers: { 'content-range': `bytes */${meta.bytes}` },
    })
  }
  if (choice.kind === 'whole') {
    return { status: 200, headers, body: { stream: await admission.read(), type: meta.mediaType, length: meta.bytes } }
  }
  const { start, end } = choice.range
  const contentRange = `bytes ${start}-${end}/${meta.bytes}`
  const body = { stream: await admission.read(choice.range), type: meta.mediaType, length: end - start + 1 }
  return { status: 206, headers: { ...headers, 'content-range': contentRange }, body }
}

function textOf(header: string | string[] | undefined): string | undefined {
  return header === undefined ? undefined : String(header)
}
