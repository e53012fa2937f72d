// What all formats share: a file is cut into rows before anything is parsed, so that one bad row, however long or broken, costs only itself.

/** Where the next row begins: enough to go on from there after a crash. */
export interface Position {
  /** In bytes. */
  readonly offset: number
  /** The first line of a file is 1. */
  readonly line: number
  /** What a cutter must know of what came before; empty for most. */
  readonly context: string
}

export const BEGINNING: Position = { offset: 0, line: 1, context: '' }

/** One row as it is in the file, not yet looked into. */
export interface RawRow {
  readonly line: number
  readonly bytes: Buffer
  /** Why it cannot be read at all; then `bytes` may be its beginning only. */
  readonly problem?: string
  readonly next: Position
}

/** Given a file piece by piece; after each piece it is asked for rows until it has no more. */
export interface Cutter {
  /** The next piece, or `undefined` at the end of the file. */
  feed(piece: Buffer | undefined): void
  /** The next row that is whole; its bytes stay good. Throws `BrokenSource` when no more rows can be told apart. */
  next(): RawRow | undefined
}

/** As long as what the data API takes in one body. */
export const MAX_ROW_BYTES = 256 * 1024

/** How much of a row that is too long is kept for the report. */
export const KEPT_BYTES = 1024

/** From here on rows cannot be told apart: the import ends, and keeps what it has. */
export class BrokenSource extends Error {
  override readonly name = 'BrokenSource'
  readonly line: number

  constructor(line: number, reason: string) {
    super(`Line ${line}: ${reason}`)
    this.line = line
  }
}

export const LF = 0x0a
export const CR = 0x0d
export const QUOTE = 0x22

export function countLines(bytes: Buffer): number {
  let lines = 0
  for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, at + 1)) lines += 1
  return lines
}
