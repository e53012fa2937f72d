// Fonts of an app's own on the accounts origin: they come from there alone, under the hash of their bytes, so that it is we who say where they are.
import { type Asset, asset } from '../pages/asset.ts'
import type { ThemeFont } from './contract.ts'
import { readFile } from './logo.ts'

const MAX_BYTES = 512 * 1024
/** WOFF File Format 2.0, section 4: the signature. */
const WOFF2 = 'wOF2'

interface Faces {
  readonly assets: readonly Asset[]
  /** For the style sheet. */
  readonly rules: string
}

/** Throws with the path and the reason. */
export function facesOf(fonts: readonly ThemeFont[] = []): Faces {
  const faces = fonts.map((font) => ({ ...font, made: fontAsset(font.file) }))
  return { assets: faces.map(({ made }) => made), rules: faces.map(ruleOf).join('') }
}

function fontAsset(path: string): Asset {
  const bytes = readFile(path, MAX_BYTES)
  if (bytes.toString('latin1', 0, WOFF2.length) !== WOFF2) throw new Error(`The font ${path} is no WOFF2 file.`)
  return asset(bytes, { extension: 'woff2', about: 'Font' })
}

/** What is there can be read while the font is on its way. */
function ruleOf({ family, weight = '400', style = 'normal', made }: ThemeFont & { readonly made: Asset }): string {
  const source = `url("${made.path}") format("woff2")`
  return `@font-face { font-family: "${family}"; src: ${source}; font-weight: ${weight}; font-style: ${style}; font-display: swap; }\n`
}
