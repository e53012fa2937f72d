// Cuts NDJSON at line ends, and CSV (RFC 4180) at line ends outside of quotes. A quote that never closes costs its own line: the next line is read anew.
import {
  BEGINNING,
  BrokenSource,
  CR,
  type Cutter,
  countLines,
  KEPT_BYTES,
  LF,
  MAX_ROW_BYTES,
  type Position,
  QUOTE,
  type RawRow,
} from './record.ts'

/** Where in a CSV row the reading is. Without a delimiter a row is a line, and always `plain`. */
type Place = 'field' | 'plain' | 'quoted' | 'closed' | 'broken'

const EMPTY = Buffer.alloc(0)
const TOO_LONG = `The row is longer than ${MAX_ROW_BYTES} bytes`
/** Bytes that may be read a second time after quotes that never closed: what that may cost in all. */
const RESCAN_BYTES = 1024 * 1024 * 1024
const NOT_CLOSED = 'A quote is opened and not closed, or text follows a closing quote'

export interface LineOptions {
  /** The byte between fields; absent when a line is a row whatever is in it. */
  readonly delimiter?: number
  readonly from?: Position
}

export function createLineCutter({ delimiter, from = BEGINNING }: LineOptions): Cutter {
  return new LineCutter(delimiter, from)
}

class LineCutter implements Cutter {
  readonly #delimiter: number | undefined
  /** From the first byte of the row under way. */
  #buffer: Buffer = EMPTY
  /** How far the row under way was looked at. */
  #at = 0
  #place: Place
  /** The row under way is too long: its beginning, kept while the rest is passed over. */
  #skipped: Buffer | undefined
  #offset: number
  #line: number
  #rescanned = 0
  #isLast = false

  constructor(delimiter: number | undefined, from: Position) {
    this.#delimiter = delimiter
    this.#place = this.#first()
    this.#offset = from.offset
    this.#line = from.line
  }

  feed(piece: Buffer | undefined): void {
    if (piece === undefined) this.#isLast = true
    else this.#buffer = this.#buffer.length === 0 ? piece : Buffer.concat([this.#buffer, piece])
  }

  next(): RawRow | undefined {
    const end = this.#scan()
    if (this.#place === 'broken' && this.#buffer.includes(LF)) return this.#firstLine()
    if (end !== undefined) return this.#take(end, end + 1)
    if (this.#isLast) return this.#rest()
    if (this.#buffer.length <= MAX_ROW_BYTES) return undefined
    if (this.#place === 'quoted' && this.#buffer.includes(LF)) return this.#firstLine()
    this.#passOver()
    return undefined
  }

  #rest(): RawRow | undefined {
    if (this.#buffer.length === 0 && this.#skipped === undefined) return undefined
    return this.#place === 'quoted' || this.#place === 'broken' ? this.#firstLine() : this.#take(this.#buffer.length, this.#buffer.length)
  }

  #first(): Place {
    return this.#delimiter === undefined ? 'plain' : 'field'
  }

  /** The index of the line end that ends the row. */
  #scan(): number | undefined {
    const isLine = this.#skipped !== undefined || this.#delimiter === undefined || this.#place === 'broken'
    return isLine ? this.#lineEnd() : this.#rowEnd()
  }

  #lineEnd(): number | undefined {
    const end = this.#buffer.indexOf(LF, this.#at)
    this.#at = end === -1 ? this.#buffer.length : end
    return end === -1 ? undefined : end
  }

  #rowEnd(): number | undefined {
    const buffer = this.#buffer
    let place = this.#place
    let at = this.#at
    for (; at < buffer.length && place !== 'broken'; at += 1) {
      if (place === 'quoted') {
        const close = buffer.indexOf(QUOTE, at)
        at = close === -1 ? buffer.length - 1 : close
        if (close !== -1) place = 'closed'
        continue
      }
      const byte = buffer[at] ?? 0
      if (byte === LF) break
      place = this.#behind(place, byte)
    }
    this.#at = at
    this.#place = place
    if (place === 'broken') {
      this.#rescanned += at
      this.#at = 0
      return this.#lineEnd()
    }
    return at < buffer.length ? at : undefined
  }

  /** Outside of quotes. */
  #behind(place: Place, byte: number): Place {
    if (byte === this.#delimiter) return 'field'
    if (byte === QUOTE) return place === 'plain' ? 'plain' : 'quoted'
    if (place === 'closed') return byte === CR ? 'closed' : 'broken'
    return 'plain'
  }

  /** What is too long is not kept. Only its beginning is, for the report. */
  #passOver(): void {
    this.#skipped ??= Buffer.from(this.#buffer.subarray(0, KEPT_BYTES))
    this.#offset += this.#buffer.length
    this.#buffer = EMPTY
    this.#at = 0
  }

  #firstLine(): RawRow {
    const end = this.#buffer.indexOf(LF)
    this.#rescanned += this.#at
    if (this.#rescanned > RESCAN_BYTES) throw new BrokenSource(this.#line, 'There are too many quotes that never close.')
    const length = end === -1 ? this.#buffer.length : end
    return this.#take(length, Math.min(length + 1, this.#buffer.length), NOT_CLOSED)
  }

  /** Ends the row before `end`; the next one begins at `next`. */
  #take(end: number, next: number, problem?: string): RawRow {
    const whole = this.#buffer.subarray(0, end)
    const bytes = this.#skipped ?? (whole.at(-1) === CR ? whole.subarray(0, -1) : whole)
    const tooLong = this.#skipped !== undefined || bytes.length > MAX_ROW_BYTES
    const line = this.#line
    this.#line += this.#delimiter === undefined ? 1 : countLines(whole) + 1
    this.#offset += next
    this.#buffer = this.#buffer.subarray(next)
    this.#at = 0
    this.#place = this.#first()
    this.#skipped = undefined
    const position = { offset: this.#offset, line: this.#line, context: '' }
    if (tooLong) return { line, bytes: bytes.subarray(0, KEPT_BYTES), problem: TOO_LONG, next: position }
    return problem === undefined ? { line, bytes, next: position } : { line, bytes, problem, next: position }
  }
}
