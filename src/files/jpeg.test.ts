// Built by hand from segments, so that what goes and what stays is known byte by byte.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withoutCameraData } from './jpeg.ts'

const segment = (marker: number, body: Uint8Array | string): Buffer => {
  const bytes = Buffer.from(body as string, 'latin1')
  return Buffer.concat([Buffer.from([0xff, marker, (bytes.length + 2) >> 8, (bytes.length + 2) & 0xff]), bytes])
}
const SOI = Buffer.from([0xff, 0xd8])
const EOI = Buffer.from([0xff, 0xd9])
const JFIF = segment(0xe0, 'JFIF\0\x01\x01\0\0\x01\0\x01\0\0')
const ICC = segment(0xe2, 'ICC_PROFILE\0\x01\x01colours')
const ADOBE = segment(0xee, 'Adobe\0d\0\0\0\0\x01')
const TABLES = segment(0xdb, 'tables \xff\xd9 with a marker inside')
const SCAN = Buffer.concat([segment(0xda, 'scan'), Buffer.from([1, 2, 0xff, 0, 3, 0xff, 0xd0, 4, 0xff, 0, 0xff, 0xd7, 5])])
const MORE = Buffer.concat([segment(0xc4, 'between scans'), segment(0xda, 'scan'), Buffer.from([6, 0xff, 0, 7])])

const exif = (orientation: number | undefined, order: 'II' | 'MM' = 'II'): Buffer => {
  const tiff = Buffer.alloc(8 + 2 + 2 * 12 + 4)
  const little = order === 'II'
  const short = (value: number, at: number): unknown => (little ? tiff.writeUInt16LE(value, at) : tiff.writeUInt16BE(value, at))
  const long = (value: number, at: number): unknown => (little ? tiff.writeUInt32LE(value, at) : tiff.writeUInt32BE(value, at))
  tiff.write(order, 0, 'latin1')
  short(42, 2)
  long(8, 4)
  short(2, 8)
  short(0x8825, 10)
  short(4, 12)
  long(1, 14)
  if (orientation !== undefined) {
    short(0x0112, 22)
    short(3, 24)
    long(1, 26)
    short(orientation, 30)
  }
  return segment(0xe1, Buffer.concat([Buffer.from('Exif\0\0'), tiff, Buffer.from('GPS 48.1372 N 11.5756 E')]))
}

async function clean(bytes: Buffer, chunk = 7): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  const source = async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk)
  }
  for await (const piece of withoutCameraData(source())) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces)
}

test('keeps a picture without camera data byte for byte, in pieces of any size', async () => {
  const whole = Buffer.concat([SOI, JFIF, ICC, ADOBE, TABLES, SCAN, MORE, EOI])
  for (const chunk of [1, 2, 3, 5, 17, 1000]) assert.deepEqual(await clean(whole, chunk), whole, String(chunk))
})

test('drops place, comments, previews and what hides behind the end', async () => {
  const secrets = [
    exif(undefined),
    segment(0xe1, 'http://ns.adobe.com/xap/1.0/\0<x>secret</x>'),
    segment(0xed, 'Photoshop secret'),
    segment(0xfe, 'secret comment'),
    segment(0xe2, 'MPF\0secret'),
    segment(0xe0, 'JFXX\0secret'),
    segment(0xe7, 'secret maker'),
  ]
  const whole = Buffer.concat([
    SOI,
    JFIF,
    ...secrets,
    ICC,
    TABLES,
    segment(0xfe, 'secret'),
    SCAN,
    segment(0xe1, 'Exif\0\0secret'),
    MORE,
    EOI,
    SOI,
    exif(6),
    Buffer.from('secret film'),
    EOI,
  ])
  for (const chunk of [1, 13, 4096]) {
    const kept = await clean(whole, chunk)
    assert.deepEqual(kept, Buffer.concat([SOI, JFIF, ICC, TABLES, SCAN, MORE, EOI]))
    assert.doesNotMatch(kept.toString('latin1'), /secret|GPS|48\.1372/)
  }
})

test('keeps which side is up, and nothing else of the Exif data', async () => {
  for (const order of ['II', 'MM'] as const) {
    for (let orientation = 2; orientation <= 8; orientation += 1) {
      const kept = await clean(Buffer.concat([SOI, exif(orientation, order), TABLES, SCAN, EOI]))
      const again = await clean(kept)
      assert.deepEqual(again, kept)
      assert.doesNotMatch(kept.toString('latin1'), /GPS/)
      const at = kept.indexOf(Buffer.from([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0]))
      assert.equal(kept[at + 9], orientation)
    }
  }
  for (const orientation of [0, 1, 9, 400]) {
    assert.deepEqual(await clean(Buffer.concat([SOI, exif(orientation), TABLES, SCAN, EOI])), Buffer.concat([SOI, TABLES, SCAN, EOI]))
  }
})

test('shows what was cut short after the picture began, and refuses what has none', async () => {
  const cut = Buffer.concat([SOI, TABLES, SCAN])
  assert.deepEqual(await clean(cut), cut)
  const none = [
    Buffer.alloc(0),
    SOI,
    Buffer.concat([SOI, TABLES]),
    Buffer.concat([SOI, TABLES.subarray(0, 9)]),
    Buffer.concat([SOI, Buffer.from([0xff, 0xdb, 0, 1])]),
    Buffer.from('nothing of the kind'),
  ]
  for (const bytes of none) await assert.rejects(clean(bytes), { code: 'files.damaged' })
})

test('never breaks on Exif data that makes no sense', async () => {
  const whole = exif(6)
  for (let at = 10; at < 40; at += 1) {
    for (const value of [0, 1, 0x7f, 0x80, 0xff]) {
      const bent = Buffer.from(whole)
      bent[at] = value
      const kept = await clean(Buffer.concat([SOI, bent, TABLES, SCAN, EOI]), 64)
      assert.doesNotMatch(kept.toString('latin1'), /GPS/)
    }
  }
})
