// What JSON text may look like before the parser sees it: not deep, not crowded, no NUL, no number beyond all numbers, no name twice in an object.
import { httpErrors } from './problem.ts'

const MAX_DEPTH = 32
const MAX_KEYS = 10_000
const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d
const COMMA = 0x2c
const COLON = 0x3a
const NUMBER = /[-+.0-9eE]+/y
/** A number as long as this may be too large for one: JSON has no bounds, and what overflows would be read as infinite. */
const MAX_PLAIN_DIGITS = 300

/** `JSON.parse` follows any depth, and a deep value costs every later walk its stack. */
export function checkJsonShape(text: string): void {
  const shape = new Shape(text)
  for (let index = 0; index < text.length; index = shape.after(index));
  if (shape.separators > 2 * MAX_KEYS) throw httpErrors.bad_request({ detail: 'The JSON value has too many members.' })
}

class Shape {
  separators = 0
  readonly #text: string
  /** For each level that is open: the names so far, or nothing for a list. */
  readonly #open: (Set<string> | undefined)[] = []
  /** The next string in an object is the name of a member. */
  #isName = false

  constructor(text: string) {
    this.#text = text
  }

  /** The index of what follows the token at this one. */
  after(index: number): number {
    const code = this.#text.charCodeAt(index)
    if (code === QUOTE) return this.#afterString(index)
    if ((code >= 0x30 && code <= 0x39) || code === 0x2d) return this.#afterNumber(index)
    if (code === OPEN_OBJECT || code === OPEN_LIST) this.#begin(code)
    else if (code === CLOSE_OBJECT || code === CLOSE_LIST) this.#open.pop()
    else if (code === COMMA || code === COLON) {
      this.separators += 1
      this.#isName = code === COMMA
    }
    return index + 1
  }

  #begin(code: number): void {
    this.#isName = code === OPEN_OBJECT
    this.#open.push(code === OPEN_OBJECT ? new Set() : undefined)
    if (this.#open.length > MAX_DEPTH) throw httpErrors.bad_request({ detail: `JSON may be nested ${MAX_DEPTH} levels deep at most.` })
  }

  #afterString(start: number): number {
    const end = endOfString(this.#text, start + 1)
    const names = this.#isName ? this.#open.at(-1) : undefined
    this.#isName = false
    if (names !== undefined) noteName(names, this.#text.slice(start, end + 1))
    return end + 1
  }

  #afterNumber(start: number): number {
    NUMBER.lastIndex = start
    const number = NUMBER.exec(this.#text)?.[0] ?? ''
    if ((number.length > MAX_PLAIN_DIGITS || /[eE]/.test(number)) && Math.abs(Number(number)) === Number.POSITIVE_INFINITY)
      throw httpErrors.bad_request({ detail: 'A number is too large.' })
    return start + number.length
  }
}

/** The index of the closing quote of the string that begins before `start`. */
function endOfString(text: string, start: number): number {
  let index = start
  for (; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code === QUOTE) break
    if (code !== BACKSLASH) continue
    if (text.startsWith('u0000', index + 1)) throw httpErrors.bad_request({ detail: 'NUL characters are not accepted.' })
    index += 1
  }
  return index
}

// RFC 8259 section 4: which of two members of one name wins differs from reader to reader, so what one has checked another may not see.
function noteName(names: Set<string>, literal: string): void {
  // Two spellings of one name are one name.
  const name = literal.includes('\\') ? unescaped(literal) : literal
  if (names.has(name)) throw httpErrors.bad_request({ detail: 'An object has two members of one name.' })
  names.add(name)
}

function unescaped(literal: string): string {
  try {
    return `"${String(JSON.parse(literal))}"`
  } catch (error) {
    throw httpErrors.bad_request({ detail: 'The body is not valid JSON.', cause: error })
  }
}
