// Exports: a list from its first page to its last, written as it is read. Each page is decided on like any list, so that what the caller may no longer see
// is no longer there.
import { setImmediate as turn } from 'node:timers/promises'
import { Readable } from 'node:stream'
import { type Call, systemCall } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import type { Resource } from '../../compile.ts'
import type { ListRequest, ResourceObject, Resources } from '../../contract.ts'
import { resourceErrors } from '../../errors.ts'
import { parseListQuery } from '../../queries/parse.ts'
import { PLATFORM_FIELDS } from '../../schemas.ts'
import type { Exported, ExportRequest } from '../contract.ts'
import { CHECK_MS, type Undertaking } from '../imports/authority.ts'
import { csvWriter } from './csv.ts'
import { jsonWriter, ndjsonWriter } from './json.ts'
import type { Writer } from './writer.ts'
import { xmlWriter } from './xml.ts'

export interface ExportParts {
  readonly resources: ReadonlyMap<string, Resource>
  readonly service: Resources
  readonly clock: Clock
  /** Whether what the export was begun on has ended since. */
  readonly hasEnded: (call: Call, about: Undertaking) => Promise<boolean>
}

const PAGE = 100
/** An export has one page, and shows objects as they are. */
const NOT_FOR_EXPORTS = new Set(['limit', 'after', 'count', 'expand', 'search', 'shared'])
const PIECE_CHARACTERS = 64 * 1024
const TYPES = { csv: 'text/csv; charset=utf-8', json: 'application/json', ndjson: 'application/x-ndjson', xml: 'application/xml' } as const

export async function exported(
  { resources, service, ...authority }: ExportParts,
  call: Call,
  request: { name: string } & ExportRequest,
): Promise<Exported> {
  const { name, format, formulas, query } = request
  const resource = resources.get(name)
  if (resource === undefined) throw resourceErrors.not_found({ detail: `There is no resource ${name}.` })
  const wrong = Object.keys(query).filter((parameter) => NOT_FOR_EXPORTS.has(parameter))
  if (wrong.length > 0)
    throw resourceErrors.invalid({
      detail: 'The query has parameters that do not fit.',
      fields: wrong.map((field) => ({ field, message: 'Not for exports' })),
    })
  const list: ListRequest = { ...parseListQuery(resource, query), limit: PAGE }
  // Before anything is sent: a refusal must be an answer of its own.
  const first = await service.list(call, name, list)
  const columns = columnsOf(resource, list.fields)
  const writers: Record<ExportRequest['format'], () => Writer> = {
    csv: () => csvWriter(columns, formulas === 'guarded'),
    json: () => jsonWriter(columns),
    ndjson: () => ndjsonWriter(columns),
    xml: () => xmlWriter(columns, name),
  }
  // A long export outlives the time that a request is given; its caller's going away still ends it.
  const { principal, requestId, signal } = call
  const lasting: Call = { principal, requestId, signal, deadline: Number.POSITIVE_INFINITY }
  const requireGood = goodness(authority, call)
  const pages = pagesFrom(first, async (after) => {
    await requireGood()
    return await service.list(lasting, name, { ...list, after })
  })
  return {
    type: TYPES[format],
    fileName: `${name}.${format}`,
    content: Readable.from(written(writers[format](), pages, call.signal), { objectMode: false }),
  }
}

/** The gateway asked when the export began. Whoever reads slowly makes it last, and what has ended meanwhile must end it. */
function goodness({ clock, hasEnded }: Pick<ExportParts, 'clock' | 'hasEnded'>, { principal }: Call): () => Promise<void> {
  const createdAt = clock.now()
  let checkedAt = createdAt
  return async () => {
    if (principal.kind !== 'user' || clock.now() - checkedAt < CHECK_MS) return
    checkedAt = clock.now()
    if (await hasEnded(systemCall('resource.export'), { principal, createdAt, endsWithSession: true }))
      throw resourceErrors.forbidden({ detail: 'What the export was begun on has ended.' })
  }
}

/** What can be imported again, and what tells objects apart. Links end soon, and tags belong to a moment. */
function columnsOf(resource: Resource, fields: readonly string[] | undefined): readonly string[] {
  const shown = fields ?? [...resource.fields.keys(), ...resource.computed.map(([name]) => name)]
  return [...PLATFORM_FIELDS, ...shown]
}

type Page = Awaited<ReturnType<Resources['list']>>

async function* pagesFrom(first: Page, next: (after: string) => Promise<Page>): AsyncGenerator<readonly ResourceObject[]> {
  for (let page = first; ; page = await next(page.next ?? '')) {
    yield page.items
    if (page.next === undefined) return
  }
}

async function* written(writer: Writer, pages: AsyncIterable<readonly ResourceObject[]>, signal: AbortSignal): AsyncGenerator<string> {
  let piece = writer.begin
  let isFirst = true
  for await (const objects of pages) {
    signal.throwIfAborted()
    for (const object of objects) {
      piece += writer.object(object, isFirst)
      isFirst = false
    }
    if (piece.length < PIECE_CHARACTERS) continue
    yield piece
    piece = ''
    // Reads may answer at once; others must get their turn between pages.
    await turn()
  }
  yield piece + writer.end
}
