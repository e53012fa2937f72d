// Another API as one stream of rows. Its pages are lists, or objects with a list in them; the next page is named by a Link header (RFC 8288), or by a
// member `next` that is an address or a cursor for the parameter `after`.
import type { IncomingMessage } from 'node:http'
import { z } from '#kernel/schema.ts'
import { transferErrors } from '../errors.ts'
import { createJsonCutter } from '../formats/json-array.ts'
import type { ImportFormat } from '../schemas.ts'
import { type Fetched, fetchChecked, parsedUrl, type Wanted } from './request.ts'

/** A page that must be parsed as a whole; longer ones would hold up everybody else. Lists may be of any length. */
const MAX_PAGE_BYTES = 4 * 1024 * 1024
const MAX_PAGES = 100_000
const LIST_MEMBERS = ['items', 'data', 'results', 'value', 'records', 'rows']
const OPEN_LIST = 0x5b

export interface Download {
  /** What the pieces are: JSON comes as NDJSON, a line for each row. */
  readonly format: ImportFormat
  readonly contentType: string
  readonly content: AsyncIterable<Uint8Array>
}

/** `named` is what the person said it is; else what the other side says. */
export async function download(wanted: Wanted, named: ImportFormat | undefined): Promise<Download> {
  const first = await fetchChecked(wanted)
  const contentType = first.response.headers['content-type'] ?? ''
  const format = named ?? formatOfType(contentType)
  if (format === undefined) {
    first.response.destroy()
    throw transferErrors.unknown_format({ detail: `${first.url.host} does not say what it sends. Give "format".` })
  }
  if (format === 'json') return { format: 'ndjson', contentType: 'application/x-ndjson', content: pagesOf(wanted, first) }
  return { format, contentType, content: first.response }
}

export function formatOfType(contentType: string): ImportFormat | undefined {
  const type = (contentType.split(';')[0] ?? '').trim().toLowerCase()
  if (type === 'text/csv' || type === 'text/tab-separated-values') return 'csv'
  if (type === 'application/xml' || type === 'text/xml' || type.endsWith('+xml')) return 'xml'
  if (/^application\/(?:x-)?(?:ndjson|jsonl|json-lines|jsonlines)$/.test(type)) return 'ndjson'
  return type === 'application/json' || type.endsWith('+json') ? 'json' : undefined
}

async function* pagesOf(wanted: Wanted, first: Fetched): AsyncGenerator<Buffer> {
  let page: Fetched | undefined = first
  for (let number = 0; number < MAX_PAGES && page !== undefined; number += 1) {
    const current: Fetched = page
    const linked = linkedNext(current)
    const named = yield* rowsOf(current)
    const next: URL | undefined = linked ?? (named === undefined ? undefined : nextAddress(named, current.url))
    if (next?.href === current.url.href) throw transferErrors.bad_address({ detail: 'A page names itself as the next one.' })
    page = next === undefined ? undefined : await fetchChecked({ ...wanted, url: next })
  }
}

/** Gives the member `next` of a page that has one. */
async function* rowsOf({ url, response }: Fetched): AsyncGenerator<Buffer, string | undefined> {
  const pieces: AsyncIterator<Buffer> = response[Symbol.asyncIterator]()
  // Joined once: the other side decides how small its pieces are.
  const all: Buffer[] = []
  let bytes = 0
  let isBegun = false
  for (let step = await pieces.next(); step.done !== true && bytes <= MAX_PAGE_BYTES; step = await pieces.next()) {
    const start: number = isBegun ? -1 : step.value.findIndex((byte) => byte > 0x20)
    isBegun ||= start !== -1
    if (step.value[start] === OPEN_LIST) {
      yield* elementsOf(step.value, pieces)
      return undefined
    }
    all.push(step.value)
    bytes += step.value.length
  }
  if (bytes > MAX_PAGE_BYTES) {
    response.destroy()
    throw transferErrors.bad_address({ detail: `A page of ${url.host} is longer than ${MAX_PAGE_BYTES} bytes. Ask it for shorter pages.` })
  }
  const { rows, next } = parsedPage(url, Buffer.concat(all))
  // One piece for each row: the whole page as one text would be a second copy of it.
  for (const row of rows) yield Buffer.from(`${JSON.stringify(row)}\n`)
  return next
}

async function* elementsOf(head: Buffer, pieces: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  const cutter = createJsonCutter()
  let piece: Buffer | undefined = head
  for (;;) {
    cutter.feed(piece)
    for (let row = cutter.next(); row !== undefined; row = cutter.next()) yield asLine(row.bytes)
    if (piece === undefined) return
    const step: IteratorResult<Buffer> = await pieces.next()
    piece = step.done === true ? undefined : step.value
  }
}

/** Line ends within JSON are white space. */
function asLine(bytes: Buffer): Buffer {
  return Buffer.from(`${bytes.toString('utf8').replaceAll(/[\r\n]+/g, ' ')}\n`)
}

const pageObject = z.record(z.string(), z.unknown())

function parsedPage(url: URL, bytes: Buffer): { rows: unknown[]; next: string | undefined } {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch (cause) {
    throw transferErrors.bad_address({ detail: `A page of ${url.host} is not JSON.`, cause })
  }
  const page = pageObject.safeParse(value).data
  const rows = page === undefined ? undefined : listIn(page)
  if (page === undefined || rows === undefined)
    throw transferErrors.bad_address({
      detail: `A page of ${url.host} has no list of objects. Lists are looked for in ${LIST_MEMBERS.join(', ')}.`,
    })
  const links = pageObject.safeParse(page['links'] ?? page['_links']).data
  const next = page['next'] ?? links?.['next']
  return { rows, next: typeof next === 'string' && next !== '' ? next : undefined }
}

function listIn(page: Record<string, unknown>): unknown[] | undefined {
  const named = LIST_MEMBERS.map((name) => page[name]).find(Array.isArray)
  if (named !== undefined) return named
  const lists = Object.values(page).filter(Array.isArray)
  return lists.length === 1 ? lists[0] : undefined
}

function nextAddress(next: string, current: URL): URL {
  if (/^(?:https?:|[/?])/.test(next)) return parsedUrl(next, current)
  const url = new URL(current)
  url.searchParams.set('after', next)
  return url
}

function linkedNext({ url, response }: Fetched): URL | undefined {
  const target = nextLink(response)
  return target === undefined ? undefined : parsedUrl(target, url)
}

function nextLink(response: IncomingMessage): string | undefined {
  const header = response.headers['link']
  const text = typeof header === 'string' ? header : (header ?? []).join(', ')
  for (const [, target = '', parameters = ''] of text.slice(0, 8192).matchAll(/<([^<>]{1,2000})>((?:\s*;\s*[^,;<>]+)*)/g))
    if (/;\s*rel\s*=\s*(?:"(?:[^"]* )?next(?: [^"]*)?"|next\s*(?:;|$))/i.test(parameters)) return target
  return undefined
}
