// Cuts an XML document into the children of its root element. Only tags are followed here; what is in a row is parsed later. Document type declarations
// are refused, and with them every entity that a document could declare.
import { BEGINNING, BrokenSource, type Cutter, countLines, KEPT_BYTES, MAX_ROW_BYTES, type Position, type RawRow } from './record.ts'

const EMPTY = Buffer.alloc(0)
const [LT, GT, SLASH, BANG, QUESTION, DOUBLE, SINGLE] = [0x3c, 0x3e, 0x2f, 0x21, 0x3f, 0x22, 0x27]
const CDATA = '<![CDATA['
const LONGEST_OPENING = CDATA.length
/** What hides tags, with what ends it. */
const HIDING: readonly (readonly [string, string])[] = [
  ['<!--', '-->'],
  [CDATA, ']]>'],
  ['<?', '?>'],
]
const LONGEST_NAME = 200
/** White space, and what else cannot be in a name. */
const ENDS_NAME: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d, SLASH, GT, DOUBLE, SINGLE, LT])
/** Bytes that may be read a second time after rows that never ended: what that may cost in all. */
const RESCAN_BYTES = 8 * 1024 * 1024
const NOT_CLOSED = 'The element is not closed'

export function createXmlCutter(from: Position = BEGINNING): Cutter {
  return new XmlCutter(from)
}

interface Tag {
  readonly name: string
  readonly kind: 'start' | 'end' | 'empty'
  readonly at: number
  readonly end: number
}

type Step = RawRow | 'again' | 'more'

class XmlCutter implements Cutter {
  /** From the first byte of the row under way, else from where the reading is. */
  #buffer: Buffer = EMPTY
  #at = 0
  #offset: number
  #line: number
  #until: string | undefined
  #root: string | undefined
  #ended = false
  #row: string | undefined
  /** Elements of the row's own name that are open. */
  #open = 0
  /** Where the first of them within the row began: there the next row begins, if this one never closes. */
  #nested: number | undefined
  /** The beginning of a row that is too long. */
  #skipped: Buffer | undefined
  #skippedLine = 1
  #rescanned = 0
  /** Some row held an element of its own name. */
  #nests = false
  /** An element of the row's own name means that the row was not closed. */
  #isStrict = false
  #isLast = false

  constructor(from: Position) {
    this.#offset = from.offset
    this.#line = from.line
    this.#root = from.context === '' ? undefined : from.context
  }

  feed(piece: Buffer | undefined): void {
    if (piece === undefined) this.#isLast = true
    else this.#buffer = this.#buffer.length === 0 ? piece : Buffer.concat([this.#buffer, piece])
  }

  next(): RawRow | undefined {
    for (;;) {
      const step = this.#step()
      if (step === 'again') continue
      if (step !== 'more') return step
      if (!this.#isLast) return undefined
      if (this.#row !== undefined) return this.#giveUp(this.#buffer.length)
      if (this.#ended) return undefined
      throw new BrokenSource(
        this.#line,
        this.#root === undefined ? 'The file has no root element.' : 'The file ends before its root element does.',
      )
    }
  }

  #step(): Step {
    if (this.#until !== undefined) return this.#leaveHidden(this.#until)
    const at = this.#buffer.indexOf(LT, this.#at)
    const end = at === -1 ? this.#buffer.length : at
    if (this.#row === undefined) this.#requireBlank(end)
    this.#at = end
    if (at === -1 || (!this.#isLast && this.#buffer.length - at < LONGEST_OPENING)) return this.#wait()
    return this.#markup(at)
  }

  #requireBlank(end: number): void {
    const text = this.#buffer.toString('latin1', this.#at, end)
    const blank = text.length - text.trimStart().length
    if (blank < text.length) throw this.#broken(this.#at + blank, 'There is text outside of a row.')
  }

  #markup(at: number): Step {
    const mark = this.#buffer[at + 1]
    const isHiding = mark === BANG || mark === QUESTION
    const hiding = isHiding ? HIDING.find(([opening]) => this.#buffer.toString('latin1', at, at + opening.length) === opening) : undefined
    if (hiding !== undefined) {
      if (hiding[0] === CDATA && this.#row === undefined) throw this.#broken(at, 'There is text outside of a row.')
      this.#until = hiding[1]
      this.#at = at + hiding[0].length
      return 'again'
    }
    if (mark === BANG) throw this.#broken(at, 'Document type declarations are not accepted.')
    const tag = this.#tag(at)
    return tag === undefined ? this.#wait() : this.#follow(tag)
  }

  #leaveHidden(until: string): Step {
    const end = this.#buffer.indexOf(until, this.#at)
    if (end === -1) {
      this.#at = Math.max(this.#at, this.#buffer.length - until.length + 1)
      return this.#wait()
    }
    this.#until = undefined
    this.#at = end + until.length
    if (this.#row === undefined) this.#drop(this.#at)
    return 'again'
  }

  #tag(at: number): Tag | undefined {
    let quote = 0
    for (let index = at + 1; index < this.#buffer.length; index += 1) {
      const byte = this.#buffer[index] ?? 0
      if (quote !== 0) {
        if (byte === quote) quote = 0
      } else if (byte === DOUBLE || byte === SINGLE) quote = byte
      else if (byte === GT) return this.#named(at, index)
    }
    if (this.#buffer.length - at > MAX_ROW_BYTES) throw this.#broken(at, 'A tag is never closed.')
    return undefined
  }

  #named(at: number, end: number): Tag {
    const buffer = this.#buffer
    const isEnd = buffer[at + 1] === SLASH
    const start = isEnd ? at + 2 : at + 1
    let stop = start
    while (stop < end && !ENDS_NAME.has(buffer[stop] ?? 0)) stop += 1
    if (stop === start) throw this.#broken(at, 'A "<" begins no tag; it must be written as &lt;.')
    const name = buffer.toString('utf8', start, Math.min(stop, start + LONGEST_NAME))
    if (isEnd) return { name, kind: 'end', at, end }
    return { name, kind: buffer[end - 1] === SLASH ? 'empty' : 'start', at, end }
  }

  #follow(tag: Tag): Step {
    if (this.#row !== undefined) return this.#followInRow(tag, this.#row)
    if (this.#ended) throw this.#broken(tag.at, 'Something follows the root element.')
    if (tag.kind === 'end' && tag.name !== this.#root) throw this.#broken(tag.at, `</${tag.name}> closes nothing.`)
    if (this.#root === undefined || tag.kind === 'end') {
      this.#root = tag.name
      this.#ended = tag.kind !== 'start'
      this.#drop(tag.end + 1)
      return 'again'
    }
    this.#drop(tag.at)
    this.#row = tag.name
    this.#at = tag.end - tag.at + 1
    if (tag.kind === 'empty') return this.#take(this.#at)
    this.#open = 1
    return 'again'
  }

  #followInRow(tag: Tag, row: string): Step {
    if (tag.kind === 'end' && tag.name === this.#root && tag.name !== row) return this.#giveUp(tag.at)
    this.#at = tag.end + 1
    if (tag.name !== row || tag.kind === 'empty') return 'again'
    if (tag.kind === 'start') {
      if (this.#skipped !== undefined || this.#isStrict) return this.#take(tag.at, NOT_CLOSED)
      this.#open += 1
      this.#nested ??= tag.at
      return 'again'
    }
    this.#open -= 1
    if (this.#open > 0) return 'again'
    this.#nests ||= this.#nested !== undefined
    return this.#take(this.#at)
  }

  /** The row has no end. The next one begins where an element of its name does. */
  #giveUp(at: number): RawRow {
    this.#rescanned += this.#buffer.length
    // Looking for the end of each that has none would take for ever.
    if (this.#rescanned > RESCAN_BYTES && this.#nests)
      throw new BrokenSource(this.#line, 'There are too many elements that are not closed.')
    this.#isStrict = this.#rescanned > RESCAN_BYTES
    return this.#take(this.#nested ?? at, NOT_CLOSED)
  }

  #wait(): Step {
    if (this.#row === undefined) {
      this.#drop(this.#at)
      return 'more'
    }
    if (this.#buffer.length <= MAX_ROW_BYTES) return 'more'
    if (this.#nested !== undefined) return this.#giveUp(this.#at)
    if (this.#skipped === undefined) {
      this.#skipped = Buffer.from(this.#buffer.subarray(0, KEPT_BYTES))
      this.#skippedLine = this.#line
    }
    this.#drop(this.#at)
    return 'more'
  }

  #broken(at: number, reason: string): BrokenSource {
    return new BrokenSource(this.#line + countLines(this.#buffer.subarray(0, at)), reason)
  }

  #drop(bytes: number): void {
    this.#line += countLines(this.#buffer.subarray(0, bytes))
    this.#offset += bytes
    this.#buffer = this.#buffer.subarray(bytes)
    this.#at = 0
  }

  #take(end: number, problem?: string): RawRow {
    const line = this.#skipped === undefined ? this.#line : this.#skippedLine
    const tooLong = this.#skipped !== undefined || end > MAX_ROW_BYTES
    const bytes = this.#skipped ?? this.#buffer.subarray(0, tooLong ? KEPT_BYTES : end)
    this.#drop(end)
    this.#row = undefined
    this.#open = 0
    this.#until = undefined
    this.#nested = undefined
    this.#skipped = undefined
    const row = { line, bytes, next: { offset: this.#offset, line: this.#line, context: this.#root ?? '' } }
    if (tooLong) return { ...row, problem: problem ?? `The element is longer than ${MAX_ROW_BYTES} bytes` }
    return problem === undefined ? row : { ...row, problem }
  }
}
