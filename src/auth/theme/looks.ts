// A theme put together: the style sheet in its colours, its files as assets, its template with ours behind it.
import { type Html, html, isHtml } from '#kernel/html.ts'
import { asset, type Asset } from '../pages/asset.ts'
import { icon, mark } from '../pages/mark.ts'
import { styleRules } from '../pages/style.ts'
import { type Palette, paletteOf } from './colours.ts'
import type { PageViewV1, ThemeDefinition } from './contract.ts'
import { facesOf } from './fonts.ts'
import { withLeftOut } from './left-out.ts'
import { readFile, readPicture } from './logo.ts'

const MAX_STYLE_BYTES = 256 * 1024

export interface Looks {
  /** Our style sheet, then the app's. */
  readonly stylePaths: readonly string[]
  readonly icon: { readonly path: string; readonly type: string }
  /** Beside the name of the product. */
  readonly mark: Html
  readonly saysName: boolean
  /** The body of a page as the app wants it, or `undefined` for ours. What it leaves out stands around it, the way to an account under this name. */
  body(view: PageViewV1, signUpName: string): Html | undefined
  readonly assets: readonly Asset[]
}

export type TemplateFailed = (failure: { readonly title: string; readonly error: unknown }) => void

export function createLooks(theme: ThemeDefinition = {}, failed: TemplateFailed = () => {}): Looks {
  const { colours = {}, logo, styleFile, template } = theme
  const fonts = facesOf(theme.fonts)
  const light = paletteOf('light', colours.light)
  const style = asset(`${fonts.rules}${variables(light, paletteOf('dark', colours.dark))}${styleRules}`, {
    extension: 'css',
    about: 'Style sheet',
  })
  const own =
    styleFile === undefined ? [] : [asset(readFile(styleFile, MAX_STYLE_BYTES), { extension: 'css', about: 'Style sheet of the app' })]
  const picture = logo && assetOf(logo.file)
  const dark = logo?.darkFile === undefined ? undefined : assetOf(logo.darkFile)
  const tabIcon = picture ?? asset(icon(light), { extension: 'svg', about: 'Icon' })
  return {
    stylePaths: [style, ...own].map(({ path }) => path),
    icon: { path: tabIcon.path, type: tabIcon.type },
    mark: picture === undefined ? mark : logoOf(picture, dark),
    saysName: logo?.saysName === true,
    assets: [style, ...own, ...fonts.assets, tabIcon, ...(dark === undefined ? [] : [dark])],
    body(view, signUpName) {
      if (template === undefined) return undefined
      try {
        const body: unknown = template.body(view)
        if (isHtml(body)) return withLeftOut(body, view.details, signUpName)
        throw new TypeError('The template did not answer what html`...` makes')
      } catch (error) {
        failed({ title: view.title, error })
        return undefined
      }
    },
  }
}

function assetOf(path: string): Asset {
  const { bytes, extension } = readPicture(path)
  return asset(bytes, { extension, about: 'Logo' })
}

/** Without words of its own: the name of the product is beside it, or said for those who do not see it. */
function logoOf({ path }: Asset, dark: Asset | undefined): Html {
  const source = dark === undefined ? undefined : html`<source media="(prefers-color-scheme: dark)" srcset="${dark.path}">`
  return html`<picture>${source}<img class="logo" src="${path}" alt=""></picture>`
}

function declarations({ tones, ...palette }: Palette): string {
  const named = Object.entries(palette).map(
    ([name, colour]) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}: ${colour};`,
  )
  return [...named, ...tones.map((tone, index) => `--t${index + 1}: ${tone};`), `--t9: ${palette.glow};`].join(' ')
}

function variables(light: Palette, dark: Palette): string {
  return `:root { color-scheme: light dark; ${declarations(light)} }\n@media (prefers-color-scheme: dark) { :root { ${declarations(dark)} } }\n`
}
