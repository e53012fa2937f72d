// However a file arrives, and wherever reading begins again, it has the same rows.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createJsonCutter } from './json-array.ts'
import { createLineCutter } from './lines.ts'
import type { Cutter, Position, RawRow } from './record.ts'
import { createXmlCutter } from './xml-elements.ts'

const ROUNDS = 500
const COMMA = 0x2c

interface Subject {
  readonly make: (from?: Position) => Cutter
  readonly begin: string
  readonly parts: readonly string[]
  readonly end: string
}

const SUBJECTS: Readonly<Record<string, Subject>> = {
  CSV: {
    make: (from) => createLineCutter({ delimiter: COMMA, ...(from === undefined ? {} : { from }) }),
    begin: '',
    parts: ['a', '"', ',', '\n', '\r\n', ' ', '""'],
    end: '',
  },
  NDJSON: { make: (from) => createLineCutter(from === undefined ? {} : { from }), begin: '', parts: ['{}', '\n', '\r', 'x'], end: '' },
  JSON: { make: createJsonCutter, begin: '[', parts: ['[', ']', '{', '}', ',', '"', '\\', 'a', '1', ' ', '\n', '{},', '"a",'], end: ']' },
  XML: {
    make: createXmlCutter,
    begin: '<a>',
    parts: ['<a>', '</a>', '<b>', '</b>', '<b/>', '<b>x</b>', 'x', '<!--', '-->', '\n', '<![CDATA[', ']]>', '"', '<c d=">">', '</c>'],
    end: '</a>',
  },
}

/** The same numbers in every run. */
function dice(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

interface Cut {
  readonly rows: readonly (Omit<RawRow, 'bytes'> & { readonly text: string })[]
  readonly problem: string | undefined
}

function cut(cutter: Cutter, bytes: Buffer, pieceBytes: number): Cut {
  const rows: Cut['rows'][number][] = []
  const take = (): void => {
    for (let row = cutter.next(); row !== undefined; row = cutter.next()) {
      const { bytes: own, ...rest } = row
      rows.push({ ...rest, text: own.toString() })
    }
  }
  try {
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      cutter.feed(bytes.subarray(at, at + pieceBytes))
      take()
    }
    cutter.feed(undefined)
    take()
    return { rows, problem: undefined }
  } catch (error) {
    return { rows, problem: String(error) }
  }
}

for (const [name, { make, begin, parts, end }] of Object.entries(SUBJECTS)) {
  test(`${name} has the same rows in pieces of any size, and from the end of any row on`, () => {
    const roll = dice(7)
    let found = 0
    for (let round = 0; round < ROUNDS; round += 1) {
      const text = begin + Array.from({ length: roll(40) }, () => parts[roll(parts.length)]).join('') + end
      const bytes = Buffer.from(text)
      const whole = cut(make(), bytes, bytes.length + 1)
      found += whole.rows.length
      for (const pieceBytes of [1, 2, 3, 7]) assert.deepEqual(cut(make(), bytes, pieceBytes), whole, text)
      for (const [index, { next }] of whole.rows.entries()) {
        const rest = cut(make(next), bytes.subarray(next.offset), 5)
        assert.deepEqual(rest, { rows: whole.rows.slice(index + 1), problem: whole.problem }, text)
      }
    }
    assert.ok(found > ROUNDS / 2, `${found} rows`)
  })
}
