// Fonts of an app's own on the accounts origin: they come from there alone, under the hash of their bytes, so that it is we who say where they are.
import { type Asset, asset } from '../pages/asset.ts'
import type { ThemeFont } from './contract.ts'
import { readFile } from './logo.ts'

const MAX_BYTES = 512 * 1024
/** WOFF File Format 2.0, section 4: the signature. */
const WOFF2 = 'wOF2'

export interface Face {
  readonly asset: Asset
  readonly rule: string
}

/** Throws with the path and the reason. */
export function faceOf({ family, file, weight = '400', style = 'normal' }: ThemeFont): Face {
  const bytes = readFile(file, MAX_BYTES)
  if (bytes.toString('latin1', 0, WOFF2.length) !== WOFF2) throw new Error(`The font ${file} is no WOFF2 file.`)
  const made = asset(bytes, { extension: 'woff2', about: 'Font' })
  const source = `url("${made.path}") format("woff2")`
  // What is there can be read while it is on its way.
  const rule = `@font-face { font-family: "${family}"; src: ${source}; font-weight: ${weight}; font-style: ${style}; font-display: swap; }\n`
  return { asset: made, rule }
}
