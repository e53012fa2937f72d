// The way in: whatever a file is encoded in, it is kept as UTF-8 without a byte order mark, so that places in it are places in what is kept.
import { TextDecoder } from 'node:util'
import { transferErrors } from '../errors.ts'
import type { ImportOptions } from '../schemas.ts'

export type Encoding = NonNullable<ImportOptions['encoding']>

const HEAD_BYTES = 256
const MARKS: readonly (readonly [readonly number[], Encoding])[] = [
  [[0xef, 0xbb, 0xbf], 'utf-8'],
  [[0xff, 0xfe], 'utf-16le'],
  [[0xfe, 0xff], 'utf-16be'],
]
const DECLARED = /^<\?xml\s[^>]*?\bencoding\s*=\s*["']([\w.-]{1,40})["']/
const LABELS: Readonly<Record<string, Encoding>> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'us-ascii': 'utf-8',
  'iso-8859-1': 'latin1',
  'iso8859-1': 'latin1',
  latin1: 'latin1',
  'windows-1252': 'latin1',
  'utf-16': 'utf-16le',
  'utf-16le': 'utf-16le',
  'utf-16be': 'utf-16be',
}

export function encodingNamed(label: string): Encoding {
  const known = Object.hasOwn(LABELS, label.toLowerCase()) ? LABELS[label.toLowerCase()] : undefined
  if (known === undefined) throw transferErrors.bad_file({ detail: `The encoding ${label} is not known here. Send UTF-8.` })
  return known
}

interface Found {
  readonly encoding: Encoding
  readonly markBytes: number
}

/** A mark says most, then who sends the file, then the file. */
function encodingOf(head: Buffer, declared: Encoding | undefined): Found {
  const mark = MARKS.find(([bytes]) => bytes.every((byte, index) => head[index] === byte))
  if (mark !== undefined) return { encoding: mark[1], markBytes: mark[0].length }
  if (declared !== undefined) return { encoding: declared, markBytes: 0 }
  const inXml = DECLARED.exec(head.toString('latin1'))?.[1]
  return { encoding: inXml === undefined ? 'utf-8' : encodingNamed(inXml), markBytes: 0 }
}

export interface TextLimits {
  readonly encoding: Encoding | undefined
  readonly maxBytes: number
}

/** Throws in the middle when there is too much of it, or when it is not what it says. UTF-8 is not looked at here: a broken row is one row's fault. */
export async function* asUtf8(content: AsyncIterable<Uint8Array>, limits: TextLimits): AsyncGenerator<Buffer> {
  let decoder: TextDecoder | undefined
  let head: Buffer | undefined = Buffer.alloc(0)
  let bytes = 0
  const begin = (whole: Buffer): Buffer => {
    const { encoding, markBytes } = encodingOf(whole.subarray(0, HEAD_BYTES), limits.encoding)
    if (encoding !== 'utf-8') decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true })
    head = undefined
    return whole.subarray(markBytes)
  }
  for await (const chunk of content) {
    let piece = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    bytes += piece.length
    if (bytes > limits.maxBytes) throw tooLarge(limits.maxBytes)
    if (head !== undefined) {
      head = Buffer.concat([head, piece])
      if (head.length < HEAD_BYTES) continue
      piece = begin(head)
    }
    yield decoder === undefined ? piece : decoded(decoder, piece)
  }
  const rest = head === undefined ? Buffer.alloc(0) : begin(head)
  yield decoder === undefined ? rest : decoded(decoder, rest, true)
}

export function tooLarge(maxBytes: number): Error {
  return transferErrors.too_large({ detail: `At most ${maxBytes} bytes are accepted. Send the file in parts.` })
}

// oxlint-disable-next-line eslint/max-params -- what, with what, and whether it is the last
function decoded(decoder: TextDecoder, piece: Buffer, isLast = false): Buffer {
  try {
    return Buffer.from(decoder.decode(piece, { stream: !isLast }))
  } catch (cause) {
    throw transferErrors.bad_file({ detail: `The file is not valid ${decoder.encoding.toUpperCase()}.`, cause })
  }
}
