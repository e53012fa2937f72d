// JPEG without what the camera wrote into it: where, when and with which device a picture was taken, and pictures hidden behind the picture. Works on
// the marker level (ITU-T T.81 annex B) while the bytes stream past; the image itself is not decoded and stays as it is.
import { fileErrors } from './errors.ts'
import { createWindow, type Window } from './window.ts'

const SOI = 0xd8
const EOI = 0xd9
const SOS = 0xda
const APP0 = 0xe0
const APP1 = 0xe1
const APP2 = 0xe2
const APP14 = 0xee
const APP15 = 0xef
const COM = 0xfe
const TEM = 0x01
const ORIENTATION_TAG = 0x0112

/** Nothing is kept that is not needed to show the picture: colours (JFIF, ICC, Adobe) and which side is up. */
export async function* withoutCameraData(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const input = createWindow(source)
  let hasScan = false
  if (!(await input.fill(2)) || markerIn(input) !== SOI) throw damaged()
  yield input.take(2)
  while (await seekMarker(input)) {
    const marker = markerIn(input)
    if (marker === EOI) {
      yield input.take(2)
      // Behind the end there may be previews, a film, or another picture with all its data.
      await input.drain()
      return
    }
    if (marker === TEM || isRestart(marker)) {
      input.take(2)
      continue
    }
    const segment = await takeSegment(input)
    if (segment === undefined) break
    if (marker !== SOS) {
      yield* keptOf(marker, segment)
      continue
    }
    hasScan = true
    yield segment
    yield* copyScan(input)
  }
  // Cut short after the picture has begun, it still shows; before that there is nothing to show.
  if (!hasScan) throw damaged()
}

function markerIn(input: Window): number {
  return input.bytes[1] ?? 0
}

/** Drops what stands between segments, until the window begins with a marker. */
async function seekMarker(input: Window): Promise<boolean> {
  while (await input.fill(2)) {
    const [first, second] = input.bytes
    if (first === 0xff && second !== 0xff && second !== 0) return true
    const at = input.bytes.indexOf(0xff, 1)
    input.take(at === -1 ? input.bytes.length : at)
  }
  return false
}

async function takeSegment(input: Window): Promise<Buffer | undefined> {
  if (!(await input.fill(4))) return undefined
  const length = input.bytes.readUInt16BE(2)
  if (length < 2) throw damaged()
  return (await input.fill(2 + length)) ? input.take(2 + length) : undefined
}

/** Compressed data: everything up to a marker that is neither a stuffed byte nor a restart. */
async function* copyScan(input: Window): AsyncGenerator<Uint8Array> {
  let from = 0
  for (;;) {
    const at = input.bytes.indexOf(0xff, from)
    const next = at === -1 ? undefined : input.bytes[at + 1]
    if (next === undefined) {
      const whole = at === -1 ? input.bytes.length : at
      if (whole > 0) yield input.take(whole)
      if (!(await input.fill(input.bytes.length + 1))) return
      from = 0
    } else if (next === 0 || isRestart(next)) from = at + 2
    else if (next === 0xff) from = at + 1
    else {
      if (at > 0) yield input.take(at)
      return
    }
  }
}

function isRestart(marker: number): boolean {
  return marker >= 0xd0 && marker <= 0xd7
}

/** What of the application segments is needed to show the picture, by the name that each begins with. */
const NEEDED: ReadonlyMap<number, string> = new Map([
  [APP0, 'JFIF\0'],
  [APP2, 'ICC_PROFILE\0'],
  [APP14, 'Adobe'],
])

function* keptOf(marker: number, segment: Buffer): Generator<Uint8Array> {
  const isApplication = marker >= APP0 && marker <= APP15
  if (marker === COM) return
  if (!isApplication || beginsWith(segment, NEEDED.get(marker))) yield segment
  else if (marker === APP1 && beginsWith(segment, 'Exif\0\0')) {
    const orientation = orientationOf(segment.subarray(10))
    if (orientation > 1) yield orientationSegment(orientation)
  }
}

function beginsWith(segment: Buffer, name: string | undefined): boolean {
  return name !== undefined && segment.subarray(4, 4 + name.length).equals(Buffer.from(name, 'latin1'))
}

/** 1 to 8 from the first directory of the TIFF structure; 1, upright, when it does not say or makes no sense. */
function orientationOf(tiff: Buffer): number {
  if (tiff.length < 8) return 1
  const little = tiff.readUInt16BE(0) === 0x4949
  const short = (at: number): number => (at + 2 > tiff.length ? 0 : little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at))
  const start = little ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4)
  const entries = Math.min(short(start), 1000)
  for (let index = 0; index < entries; index += 1) {
    const at = start + 2 + index * 12
    if (short(at) !== ORIENTATION_TAG) continue
    const value = short(at + 8)
    return value >= 1 && value <= 8 ? value : 1
  }
  return 1
}

/** An Exif segment with one entry in one directory. */
function orientationSegment(orientation: number): Buffer {
  const tiff = [...Buffer.from('MM\0*', 'latin1'), 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0]
  const body = [...Buffer.from('Exif\0\0', 'latin1'), ...tiff]
  return Buffer.from([0xff, APP1, 0, body.length + 2, ...body])
}

function damaged(): Error {
  return fileErrors.damaged({ detail: 'This JPEG is damaged: no picture can be found in it.' })
}
