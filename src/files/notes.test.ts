// PNG and WebP built by hand, so that what goes and what stays is known byte by byte, however the bytes are cut on their way.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pngWithoutNotes } from './png.ts'
import { webpWithoutNotes } from './webp.ts'

type Cleaner = (source: AsyncIterable<Uint8Array>) => AsyncGenerator<Uint8Array>

const SECRET = 'GPS 48.1372 N 11.5756 E'
const CUTS = [1, 7, 64, 100_000]

async function cleaned(cleaner: Cleaner, bytes: Buffer, cut: number): Promise<Buffer> {
  async function* source(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += cut) yield bytes.subarray(at, at + cut)
  }
  const pieces: Uint8Array[] = []
  for await (const piece of cleaner(source())) pieces.push(piece)
  return Buffer.concat(pieces)
}

const png = (...chunks: Buffer[]): Buffer => Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), ...chunks])
const pngChunk = (type: string, data: string | Buffer): Buffer => {
  const body = Buffer.from(data as string, 'latin1')
  const head = Buffer.alloc(8)
  head.writeUInt32BE(body.length, 0)
  head.write(type, 4, 'latin1')
  return Buffer.concat([head, body, Buffer.from('crc!')])
}
const IHDR = pngChunk('IHDR', Buffer.alloc(13, 1))
const IDAT = pngChunk('IDAT', Buffer.alloc(300, 2))
const IEND = pngChunk('IEND', '')

test('a PNG keeps picture and colours, and loses texts, times, Exif and what stands behind the end', async () => {
  const colours = pngChunk('iCCP', 'colours')
  const notes = ['tEXt', 'zTXt', 'iTXt', 'eXIf', 'tIME', 'prVt'].map((type) => pngChunk(type, SECRET))
  for (const cut of CUTS) {
    const out = await cleaned(
      pngWithoutNotes,
      Buffer.concat([png(IHDR, colours, ...notes, IDAT, ...notes, IEND), Buffer.from(SECRET)]),
      cut,
    )
    assert.deepEqual(out, png(IHDR, colours, IDAT, IEND))
  }
})

test('a PNG that is cut short keeps what there is of its picture; without one it is refused', async () => {
  for (const cut of CUTS) {
    const short = png(IHDR, IDAT).subarray(0, -100)
    assert.deepEqual(await cleaned(pngWithoutNotes, short, cut), short)
    for (const bad of [png(), png(IHDR), png(IHDR, IEND), png(IHDR, pngChunk('\0\0\0\0', 'x'), IDAT), png(pngChunk('tEXt', SECRET))])
      await assert.rejects(cleaned(pngWithoutNotes, bad, cut), { code: 'files.damaged' })
  }
})

const webpChunk = (type: string, data: string | Buffer): Buffer => {
  const body = Buffer.from(data as string, 'latin1')
  const head = Buffer.alloc(8)
  head.write(type, 0, 'latin1')
  head.writeUInt32LE(body.length, 4)
  return Buffer.concat([head, body, Buffer.alloc(body.length % 2)])
}
const webp = (...chunks: Buffer[]): Buffer => {
  const body = Buffer.concat([Buffer.from('WEBP'), ...chunks])
  const head = Buffer.from('RIFF\0\0\0\0')
  head.writeUInt32LE(body.length, 4)
  return Buffer.concat([head, body])
}
const flags = (value: number): Buffer => webpChunk('VP8X', Buffer.from([value, 0, 0, 0, 9, 0, 0, 9, 0, 0]))
const PICTURE = webpChunk('VP8L', Buffer.alloc(301, 3))

test('a WebP keeps picture and colours in its size, and has its notes blanked', async () => {
  const colours = webpChunk('ICCP', 'colours')
  const notes = ['EXIF', 'XMP ', 'prvt'].map((type) => webpChunk(type, SECRET))
  const blank = webpChunk('JUNK', Buffer.alloc(SECRET.length))
  const whole = webp(flags(0x3e), colours, PICTURE, ...notes)
  for (const cut of CUTS) {
    const out = await cleaned(webpWithoutNotes, Buffer.concat([whole, Buffer.from(SECRET)]), cut)
    assert.deepEqual(out, webp(flags(0x32), colours, PICTURE, blank, blank, blank))
  }
})

test('a WebP whose chunks say that they are larger than the whole hides nothing; without a picture it is refused', async () => {
  for (const cut of CUTS) {
    const greedy = webp(PICTURE, webpChunk('EXIF', SECRET))
    greedy.writeUInt32LE(0xffffffff, greedy.length - SECRET.length - 1 - 4)
    const out = await cleaned(webpWithoutNotes, Buffer.concat([greedy, Buffer.from(SECRET)]), cut)
    assert.ok(!out.includes('GPS'))
    assert.equal(out.length, greedy.length)
    for (const bad of [webp(), webp(flags(0)), Buffer.from('RIFF'), webp(webpChunk('EXIF', SECRET))])
      await assert.rejects(cleaned(webpWithoutNotes, bad, cut), { code: 'files.damaged' })
  }
})
