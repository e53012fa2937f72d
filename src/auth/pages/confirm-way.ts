// In the place of forms that count only soon after a sign-in: asked for afterwards, it would give them back empty.
import { type Html, html } from '#kernel/html.ts'
import type { Skin } from './layout.ts'

/** `path` is that of `firstSignIn`. */
export function confirmWay({ texts }: Skin, path: string | undefined): Html | undefined {
  const { words, way } = texts.frame.confirmFirst
  return path === undefined
    ? undefined
    : html`<p class="soft">${words}</p><div><a class="button quiet compact" href="${path}">${way}</a></div>`
}
