// Cuts a JSON array (RFC 8259) into its elements without parsing it: strings and brackets are all that has to be followed.
import { BEGINNING, BrokenSource, type Cutter, KEPT_BYTES, LF, MAX_ROW_BYTES, type Position, QUOTE, type RawRow } from './record.ts'

const EMPTY = Buffer.alloc(0)
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT, COMMA, BACKSLASH] = [0x5b, 0x5d, 0x7b, 0x7d, 0x2c, 0x5c]

type Place =
  /** Before the list. */
  | 'start'
  /** An element or the end of the list may follow. */
  | 'first'
  /** An element must follow. */
  | 'element'
  | 'inside'
  /** A comma or the end of the list must follow. */
  | 'after'
  | 'end'

const WHITE_SPACE: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d])
const MISPLACED: Readonly<Record<Exclude<Place, 'first' | 'element'>, string>> = {
  start: 'The file must be a JSON array of objects.',
  inside: 'An element is broken.',
  after: 'A comma is missing between two elements.',
  end: 'Something follows the array.',
}
const PLACES: Readonly<Record<string, Place>> = { '': 'start', after: 'after' }

export function createJsonCutter(from: Position = BEGINNING): Cutter {
  return new JsonCutter(from)
}

class JsonCutter implements Cutter {
  #place: Place
  /** Of the element under way, from its first byte; while nothing is under way, empty. */
  #kept: Buffer[] = []
  #keptBytes = 0
  #tooLong = false
  #depth = 0
  #inString = false
  #escaped = false
  #offset: number
  #line: number
  #startLine = 1
  #piece: Buffer = EMPTY
  #at = 0
  /** Where in the piece the element under way begins, or goes on. */
  #start = 0
  #isLast = false

  constructor(from: Position) {
    this.#place = PLACES[from.context] ?? 'start'
    this.#offset = from.offset
    this.#line = from.line
  }

  feed(piece: Buffer | undefined): void {
    if (piece === undefined) this.#isLast = true
    else this.#piece = piece
    this.#at = 0
    this.#start = 0
  }

  next(): RawRow | undefined {
    const piece = this.#piece
    while (this.#at < piece.length) {
      const at = this.#at
      this.#at += 1
      const byte = piece[at] ?? 0
      if (byte === LF) this.#line += 1
      if (this.#place !== 'inside') {
        if (!this.#between(byte)) continue
        this.#start = at
        this.#startLine = this.#line
      }
      const end = this.#follow(byte)
      if (end === undefined) continue
      // A bare value ends at the byte before this one, which is read again; a list or an object ends with this one.
      if (end === 'before') this.#at = at
      this.#keep(piece.subarray(this.#start, this.#at))
      return this.#row(this.#offset + this.#at)
    }
    if (this.#place === 'inside') this.#keep(piece.subarray(this.#start))
    this.#offset += piece.length
    this.#piece = EMPTY
    if (this.#isLast) this.#checkEnd()
    return undefined
  }

  #checkEnd(): void {
    if (this.#place === 'end') return
    if (this.#place === 'start') throw new BrokenSource(this.#line, 'The file is empty; it must be a JSON array of objects.')
    throw new BrokenSource(this.#place === 'inside' ? this.#startLine : this.#line, 'The file ends before its array does.')
  }

  /** True when an element begins with this byte. */
  #between(byte: number): boolean {
    if (WHITE_SPACE.has(byte)) return false
    const isEnd = byte === CLOSE_LIST && (this.#place === 'first' || this.#place === 'after')
    if (isEnd) this.#place = 'end'
    else if (this.#place === 'after' && byte === COMMA) this.#place = 'element'
    else if (this.#place === 'start' && byte === OPEN_LIST) this.#place = 'first'
    else if (this.#place === 'first' || this.#place === 'element') {
      this.#place = 'inside'
      return true
    } else throw new BrokenSource(this.#line, MISPLACED[this.#place])
    return false
  }

  #follow(byte: number): 'here' | 'before' | undefined {
    if (this.#inString) {
      this.#followString(byte)
      return undefined
    }
    if (byte === QUOTE) this.#inString = true
    else if (byte === OPEN_OBJECT || byte === OPEN_LIST) this.#depth += 1
    else if (this.#depth === 0 && (byte === COMMA || byte === CLOSE_LIST)) return 'before'
    else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
      this.#depth -= 1
      if (this.#depth <= 0) return 'here'
    }
    return undefined
  }

  #followString(byte: number): void {
    if (this.#escaped) this.#escaped = false
    else if (byte === BACKSLASH) this.#escaped = true
    else if (byte === QUOTE) this.#inString = false
  }

  #keep(bytes: Buffer): void {
    this.#keptBytes += bytes.length
    if (this.#tooLong) return
    this.#kept.push(bytes)
    if (this.#keptBytes <= MAX_ROW_BYTES) return
    this.#tooLong = true
    this.#kept = [Buffer.from(Buffer.concat(this.#kept).subarray(0, KEPT_BYTES))]
  }

  #row(offset: number): RawRow {
    const bytes = this.#kept.length === 1 ? (this.#kept[0] ?? EMPTY) : Buffer.concat(this.#kept)
    const next = { offset, line: this.#line, context: 'after' }
    const row = { line: this.#startLine, bytes, next }
    const tooLong = this.#tooLong
    this.#kept = []
    this.#keptBytes = 0
    this.#tooLong = false
    this.#depth = 0
    this.#place = 'after'
    return tooLong ? { ...row, problem: `The element is longer than ${MAX_ROW_BYTES} bytes` } : row
  }
}
