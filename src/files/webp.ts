// WebP without notes: what a camera or a program wrote into it, and what hides behind the end (RFC 9649). The size of the whole stands at the very
// beginning, when the rest has not come yet, so notes are not left out but blanked.
import { fileErrors } from './errors.ts'
import { createWindow, type Window } from './window.ts'

/** `RIFF`, the size, `WEBP`. */
const FILE_HEAD_BYTES = 12
const HEAD_BYTES = 8
/** Readers skip types that they do not know. */
const BLANK = 'JUNK'
const PICTURES: ReadonlySet<string> = new Set(['VP8 ', 'VP8L', 'ANMF'])
const NEEDED: ReadonlySet<string> = new Set([...PICTURES, 'VP8X', 'ALPH', 'ANIM', 'ICCP'])
/** The flags of `VP8X` that promise Exif and XMP. */
const NOTE_FLAGS = 0x0c

export async function* webpWithoutNotes(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const input = createWindow(source)
  if (!(await input.fill(FILE_HEAD_BYTES))) throw damaged()
  let left = input.bytes.readUInt32LE(4) - 4
  yield input.take(FILE_HEAD_BYTES)
  let hasPicture = false
  while (left >= HEAD_BYTES && (await input.fill(HEAD_BYTES))) {
    const type = input.bytes.toString('latin1', 0, 4)
    const size = input.bytes.readUInt32LE(4)
    // Chunks begin at even places, and none is larger than what holds it.
    const length = Math.min(size + (size % 2), left - HEAD_BYTES)
    left -= HEAD_BYTES + length
    hasPicture ||= PICTURES.has(type)
    yield* NEEDED.has(type) ? kept(input, type, length) : blanked(input, length)
  }
  await input.drain()
  if (!hasPicture) throw damaged()
}

async function* kept(input: Window, type: string, length: number): AsyncGenerator<Uint8Array> {
  yield input.take(HEAD_BYTES)
  let isFirst = type === 'VP8X'
  for await (const piece of input.pass(length)) {
    if (isFirst) piece.writeUInt8(piece.readUInt8(0) & ~NOTE_FLAGS & 0xff, 0)
    isFirst = false
    yield piece
  }
}

async function* blanked(input: Window, length: number): AsyncGenerator<Uint8Array> {
  const head = Buffer.from(input.take(HEAD_BYTES))
  head.write(BLANK, 'latin1')
  yield head
  for await (const piece of input.pass(length)) yield Buffer.alloc(piece.length)
}

function damaged(): Error {
  return fileErrors.damaged({ detail: 'This WebP is damaged: no picture can be found in it.' })
}
