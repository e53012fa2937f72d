// How the gateway's pages look.
import { type Html, trustedHtml } from '#kernel/html.ts'
import type { PageColours } from '../contract.ts'

const RULES = `
body { margin: 0; min-height: 100dvh; display: grid; place-items: center; background: var(--ground); color: var(--ink); overflow-wrap: anywhere; font: 1.0625rem/1.5 system-ui, sans-serif }
main { max-width: 26rem; padding: 2rem }
h1 { font-size: 1.5rem; line-height: 1.2; margin: 0 0 .75rem; text-wrap: balance }
p { margin: 0 0 1.25rem }
small { color: var(--soft) }
.action { display: inline-block; font: inherit; padding: .6rem 1.1rem; border: 0; border-radius: .6rem; background: var(--accent); color: var(--accent-ink); text-decoration: none; cursor: pointer }
.action:hover { background: var(--accent-hover) }
.action:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px }
`

/** The style sheet of the pages, in the colours of the app. */
export function pageStyle({ light, dark }: { readonly light: PageColours; readonly dark: PageColours }): Html {
  const said = ({ ground, ink, soft, accent, accentHover, accentInk, focus }: PageColours): string =>
    Object.entries({ ground, ink, soft, accent, 'accent-hover': accentHover, 'accent-ink': accentInk, focus })
      .map(([name, colour]) => `--${name}: ${checked(colour)};`)
      .join(' ')
  return trustedHtml(`
:root { color-scheme: light dark; ${said(light)} }
@media (prefers-color-scheme: dark) { :root { ${said(dark)} } }${RULES}`)
}

/** The definition of the app was checked; this is the last door before what is taken for safe. */
function checked(colour: string): string {
  if (!/^#[0-9a-f]{6}$/i.test(colour)) throw new TypeError(`${colour} is no colour`)
  return colour
}
