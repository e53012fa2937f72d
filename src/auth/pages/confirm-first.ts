// In the place of a form that comes to nothing as long as nobody has confirmed the address.
import { type Html, html } from '#kernel/html.ts'
import { needsPasskey, type SignInMethods } from '../methods.ts'
import type { SectionView } from './parts.ts'

export function confirmFirst({ skin, person }: SectionView, methods: SignInMethods): Html {
  const { unconfirmed: texts } = skin.texts.account
  return html`<p class="soft">${texts.words(html`<strong class="wrap">${person.email}</strong>`)}</p>
<p class="soft small">${texts.how}</p>
${way(texts, methods)}`
}

function way(texts: SectionView['skin']['texts']['account']['unconfirmed'], methods: SignInMethods): Html {
  if (methods.password) return html`<div><a class="button quiet" href="/forgot-password">${texts.password}</a></div>`
  if (needsPasskey(methods)) return html`<div><a class="button quiet" href="/lost-passkey">${texts.passkey}</a></div>`
  return html`<p>${texts.mail}</p>`
}
