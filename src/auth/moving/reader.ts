// Reads people from a file: NDJSON, JSON or CSV, as a stream. What cannot be read is told with its line, and what follows is read on.
import { type Readable, Transform } from 'node:stream'
import { createInterface } from 'node:readline'
import { parse } from 'csv-parse'

export type FileFormat = 'ndjson' | 'json' | 'csv'

/** `entry`, from 1: which element of the list, where lines do not tell. */
export type ReadRow = { readonly line: number; readonly entry?: number } & ({ readonly value: unknown } | { readonly problem: string })

const MAX_ROW_CHARACTERS = 1024 * 1024
/** What the console of Keycloak exports has no people in it, and does not say so. */
const NO_LIST =
  'there is no list of people in this file: neither a list nor a member "users" (of Keycloak, kc.sh export --realm <realm> --file realm.json writes one, and the export of its console does not)'

export function readRows(source: Readable, format: FileFormat): AsyncIterable<ReadRow> {
  if (format === 'csv') return csvRows(source)
  return format === 'json' ? jsonRows(source) : ndjsonRows(source)
}

function parsed(text: string, line: number): ReadRow {
  if (text.length > MAX_ROW_CHARACTERS) return { line, problem: 'the row is longer than a million characters' }
  try {
    return { line, value: JSON.parse(text) }
  } catch {
    return { line, problem: 'this is no JSON' }
  }
}

const withoutMark = (text: string): string => (text.startsWith('\ufeff') ? text.slice(1) : text)

async function* ndjsonRows(source: Readable): AsyncGenerator<ReadRow> {
  let line = 0
  for await (const text of createInterface({ input: source.setEncoding('utf8'), crlfDelay: Number.POSITIVE_INFINITY })) {
    line += 1
    const bare = (line === 1 ? withoutMark(text) : text).trim()
    if (bare !== '') yield parsed(bare, line)
  }
}

/**
 * The elements of the first array that is the whole document, or its member `users`: exports of realms and projects have much else beside. The file may
 * be larger than memory, so only one element is held at a time.
 */
async function* jsonRows(source: Readable): AsyncGenerator<ReadRow> {
  const scanner = new ArrayScanner()
  for await (const chunk of source.setEncoding('utf8')) yield* scanner.take(String(chunk))
  const left = scanner.problem()
  if (left !== undefined) yield left
}

class ArrayScanner {
  #line = 1
  #depth = 0
  #inText = false
  #escaped = false
  /** The text that is open at depth 1, or the last one there: a name of a member. */
  #name = ''
  #collecting: string[] | undefined
  #length = 0
  #began = 1
  #entry = 0
  /** The depth of the array whose elements are wanted. */
  #within = 0
  #ended = false

  take(chunk: string): ReadRow[] {
    const found: ReadRow[] = []
    for (const character of chunk) {
      if (character === '\n') this.#line += 1
      if (this.#ended) continue
      const done = this.#inText ? this.#insideText(character) : this.#outsideText(character)
      if (done !== undefined) found.push(done)
    }
    return found
  }

  problem(): ReadRow | undefined {
    if (this.#ended) return undefined
    return {
      line: this.#line,
      problem: this.#within === 0 ? NO_LIST : 'the file ends in the middle of its list',
    }
  }

  #keep(character: string): void {
    if (this.#collecting === undefined) return
    this.#length += 1
    // What is too long is dropped, and told at its end.
    if (this.#length <= MAX_ROW_CHARACTERS + 1) this.#collecting.push(character)
  }

  #insideText(character: string): undefined {
    this.#keep(character)
    if (this.#escaped) this.#escaped = false
    else if (character === '\\') this.#escaped = true
    else if (character === '"') this.#inText = false
    else if (this.#depth === 1 && this.#collecting === undefined) this.#name += character
  }

  #outsideText(character: string): ReadRow | undefined {
    if (character === '"') {
      this.#inText = true
      if (this.#depth === 1) this.#name = ''
      this.#begin(character)
      this.#keep(character)
      return undefined
    }
    if (character === '{' || character === '[') return this.#open(character)
    if (character === '}' || character === ']') return this.#close(character)
    if (character === ',' && this.#depth === this.#within) return this.#finish()
    if (!/\s/.test(character)) this.#begin(character)
    this.#keep(character)
    return undefined
  }

  /** An element of the wanted list begins with its first character. */
  #begin(character: string): void {
    if (this.#within === 0 || this.#depth !== this.#within || this.#collecting !== undefined || character === ',') return
    this.#collecting = []
    this.#length = 0
    this.#began = this.#line
  }

  #open(character: string): undefined {
    this.#begin(character)
    this.#keep(character)
    this.#depth += 1
    const isWanted = this.#depth === 1 || (this.#depth === 2 && this.#name === 'users')
    if (character === '[' && this.#within === 0 && isWanted) this.#within = this.#depth
  }

  #close(character: string): ReadRow | undefined {
    if (this.#within !== 0 && this.#depth === this.#within) {
      this.#ended = true
      return this.#finish()
    }
    this.#keep(character)
    this.#depth -= 1
    return undefined
  }

  #finish(): ReadRow | undefined {
    if (this.#collecting === undefined) return undefined
    const text = this.#collecting.join('')
    this.#collecting = undefined
    this.#entry += 1
    const entry = { entry: this.#entry }
    return this.#length > MAX_ROW_CHARACTERS
      ? { line: this.#began, ...entry, problem: 'the row is longer than a million characters' }
      : { ...parsed(text, this.#began), ...entry }
  }
}

interface CsvItem {
  readonly record: Readonly<Record<string, string>>
  readonly info: { readonly lines: number }
}

/** Rows that cannot be read come among the others, not always in their order. */
async function* csvRows(source: Readable): AsyncGenerator<ReadRow> {
  const bad: ReadRow[] = []
  const parser = parse({
    bom: true,
    columns: true,
    info: true,
    relax_column_count: false,
    skip_empty_lines: true,
    skip_records_with_error: true,
    max_record_size: MAX_ROW_CHARACTERS,
  })
  parser.on('skip', (error: { readonly lines?: number; readonly message: string }) => {
    bad.push({ line: error.lines ?? 0, problem: 'the row does not have the columns that the first line names, or its quotes do not match' })
  })
  const rows = source.pipe(parser).pipe(
    new Transform({
      objectMode: true,
      transform({ record, info }: CsvItem, _encoding, done) {
        done(null, { line: info.lines, value: record })
      },
    }),
  )
  source.once('error', (error) => rows.destroy(error))
  parser.once('error', (error) => rows.destroy(error))
  for await (const row of rows) {
    yield* bad.splice(0)
    yield row
  }
  yield* bad.splice(0)
}
