// Pictures of an app's own on the accounts origin: read once, known by their bytes and not by their name.
import { readFileSync } from 'node:fs'

const MAX_BYTES = 256 * 1024

export interface Picture {
  readonly bytes: Uint8Array
  readonly extension: 'svg' | 'png' | 'jpg' | 'webp'
}

const RASTER: readonly { readonly extension: Picture['extension']; readonly begins: RegExp }[] = [
  { extension: 'png', begins: /^\x89PNG\r\n/ },
  { extension: 'jpg', begins: /^\xff\xd8\xff/ },
  { extension: 'webp', begins: /^RIFF[^]{4}WEBP/ },
]

const SVG = /^\s*(?:<\?xml[^>]*>\s*)?(?:<!--[^]*?-->\s*)*<svg[\s>]/
/** Opened by itself it is a document of the accounts origin: so nothing in it that could act or load. */
const ACTIVE =
  /<script|<foreignobject|<iframe|<!doctype|<!entity|\son[a-z]+\s*=|javascript:|(?:href|src)\s*=\s*["'](?!#|data:image\/(?:png|jpeg|webp);)/i

/** Throws with the path and the reason. */
export function readPicture(path: string): Picture {
  const bytes = readFile(path, MAX_BYTES)
  const head = bytes.toString('latin1', 0, 16)
  const raster = RASTER.find(({ begins }) => begins.test(head))
  if (raster !== undefined) return { bytes, extension: raster.extension }
  const text = bytes.toString('utf8')
  if (!SVG.test(text)) throw new Error(`The logo ${path} is no SVG, PNG, JPEG or WebP picture.`)
  const active = ACTIVE.exec(text)
  if (active !== null) throw new Error(`The logo ${path} has something in it that could act or load: ${JSON.stringify(active[0].trim())}.`)
  return { bytes, extension: 'svg' }
}

/** At start, while the routes are made: their addresses are the hashes of the bytes. */
export function readFile(path: string, maxBytes: number): Buffer {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (error) {
    throw new Error(`The file ${path} of the theme cannot be read.`, { cause: error })
  }
  if (bytes.length > maxBytes) throw new Error(`The file ${path} of the theme has ${bytes.length} bytes; at most ${maxBytes} are served.`)
  return bytes
}
