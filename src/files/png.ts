// PNG without notes: text, times, what a camera or a program wrote into it, and what hides behind the end (PNG, third edition, chapters 5 and 11).
// Works on chunks while the bytes stream past; the image itself is not decoded and stays as it is.
import { fileErrors } from './errors.ts'
import { createWindow } from './window.ts'

const SIGNATURE_BYTES = 8
/** Length, type, and the check sum behind the data. */
const HEAD_BYTES = 8
const FRAME_BYTES = 12
const CHUNK_TYPE = /^[A-Za-z]{4}$/

/** The picture, its colours and its size, still or moving. */
const NEEDED: ReadonlySet<string> = new Set(
  'IHDR PLTE IDAT IEND tRNS acTL fcTL fdAT cHRM gAMA iCCP sBIT sRGB cICP mDCV cLLI bKGD hIST pHYs sPLT'.split(' '),
)

export async function* pngWithoutNotes(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const input = createWindow(source)
  if (!(await input.fill(SIGNATURE_BYTES))) throw damaged()
  yield input.take(SIGNATURE_BYTES)
  let hasPicture = false
  while (await input.fill(HEAD_BYTES)) {
    const length = input.bytes.readUInt32BE(0)
    const type = input.bytes.toString('latin1', 4, HEAD_BYTES)
    if (!CHUNK_TYPE.test(type)) throw damaged()
    hasPicture ||= type === 'IDAT'
    for await (const piece of input.pass(FRAME_BYTES + length)) if (NEEDED.has(type)) yield piece
    if (type !== 'IEND') continue
    await input.drain()
    break
  }
  // Cut short after the picture has begun, it still shows; before that there is nothing to show.
  if (!hasPicture) throw damaged()
}

function damaged(): Error {
  return fileErrors.damaged({ detail: 'This PNG is damaged: no picture can be found in it.' })
}
