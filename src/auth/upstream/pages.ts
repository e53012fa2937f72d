// What people see of signing in with other providers.
import { type Html, html } from '#kernel/html.ts'
import { csrfField, field, lead, message, type Skin, stagePage } from '../pages/layout.ts'
import type { FormState, SectionView } from '../pages/parts.ts'
import { titleOf } from '../pages/sign-in-page.ts'
import { ago } from '../pages/words.ts'
import type { LinkedIdentity, Upstreams } from './service.ts'

type Offered = Upstreams['list']

/** Links, not forms: no other site's redirect is then one of a form of ours, which the content security policy would have to allow. */
export function upstreamButtons({ texts }: Skin, { uid, list }: { readonly uid: string; readonly list: Offered }): Html {
  const button = ({ id, name }: Offered[number]): Html =>
    html`<a class="button quiet" href="/interaction/${uid}/upstream/${id}">${texts.upstream.continueWith(name)}</a>`
  return html`<div class="buttons">${list.map(button)}</div>`
}

export interface WelcomeView {
  readonly uid: string
  readonly provider: string
  readonly email: string
  readonly name: string
  readonly csrfToken: string
  readonly state: FormState
}

export function welcomePage(skin: Skin, { uid, provider, email, name, csrfToken, state }: WelcomeView): Html {
  const { upstream: texts, fields, signUp } = skin.texts
  const { problem, problems = {}, values = {} } = state
  const typed = { name: 'name', label: fields.name, type: 'text', autocomplete: 'name', hint: signUp.nameHint, maxLength: 80 } as const
  return stagePage(skin, {
    title: titleOf(skin, texts.welcome, state),
    main: html`${lead(texts.welcome, texts.welcomeLead(provider, skin.productName))}
${message('bad', problem ?? problems['email'])}
<p>${texts.address(html`<strong class="wrap">${email}</strong>`)}</p>
<form class="form" method="post" action="/interaction/${uid}/welcome">
${csrfField(csrfToken)}
${field({ ...typed, value: values['name'] ?? name, problem: problems['name'], focus: true })}
<button class="button" type="submit">${texts.submit}</button>
</form>
<p class="aside">${texts.haveOther(html`<a href="/account/identities/connect">${texts.signInAndConnect}</a>`)}</p>`,
  })
}

export function choosePage(skin: Skin, { uid, provider, signUp }: { uid: string; provider: string; signUp: boolean }): Html {
  const { upstream: texts } = skin.texts
  const create = html`<a class="button quiet" href="/interaction/${uid}/sign-up">${texts.create}</a>`
  return stagePage(skin, {
    title: texts.choose,
    main: html`${lead(texts.choose, texts.chooseLead(provider))}
<div class="buttons"><a class="button" href="/account/identities/connect">${texts.have}</a>${signUp ? create : undefined}</div>
<p class="aside soft">${texts.later(provider)}</p>`,
  })
}

export interface ConnectView {
  readonly provider: string
  /** What the account there is known by. */
  readonly label: string
  readonly email: string
  readonly csrfToken: string
}

export function connectPage(skin: Skin, { provider, label, email, csrfToken }: ConnectView): Html {
  const { upstream: texts } = skin.texts
  return stagePage(skin, {
    title: texts.connectTitle(provider),
    main: html`${lead(texts.connectTitle(provider), texts.connectLead(provider))}
<ul class="list"><li>${texts.at(provider)}: <strong class="wrap">${label}</strong></li><li>${texts.here}: <strong class="wrap">${email}</strong></li></ul>
<form class="form" method="post" action="/account/identities/connect">${csrfField(csrfToken)}
<div class="buttons"><button class="button" type="submit">${texts.submitConnect}</button><a class="button quiet" href="/account">${texts.cancel}</a></div></form>`,
  })
}

export function connectedPage(skin: Skin, { provider, path }: { provider: string; path: string }): Html {
  const { upstream: texts } = skin.texts
  return stagePage(skin, {
    title: texts.connected(provider),
    main: html`${lead(texts.connected(provider), texts.connectedWords(provider))}<div class="buttons"><a class="button" href="${path}">${texts.goOn}</a></div>`,
  })
}

/** The section of the account page. */
export function identitiesSection(
  { identities, list }: { readonly identities: readonly LinkedIdentity[]; readonly list: Offered },
  { skin, csrfToken, now }: SectionView,
): Html {
  const { upstream: texts } = skin.texts
  const row = ({ id, provider, label, linkedAt }: LinkedIdentity): Html => {
    const named = label === undefined ? provider : `${provider} (${label})`
    return html`<li><div class="what"><p><strong>${provider}</strong> <span class="soft small">${texts.since(ago(skin.texts, linkedAt, now))}</span></p>
${label === undefined ? undefined : html`<p class="soft small wrap">${label}</p>`}</div>
<form method="post" action="/account/identities/${id}/unlink">${csrfField(csrfToken)}<button class="button danger compact" type="submit" aria-label="${texts.disconnectOf(named)}">${texts.disconnect}</button></form></li>`
  }
  const offered = list.map(
    ({ id, name }) => html`<a class="button quiet compact" href="/account/identities/link/${id}">${texts.connect(name)}</a>`,
  )
  const rows = identities.length === 0 ? html`<p class="soft">${texts.none}</p>` : html`<ul class="rows">${identities.map(row)}</ul>`
  return html`<p class="soft">${texts.lead}</p>${rows}${offered.length === 0 ? undefined : html`<div class="ways">${offered}</div>`}`
}
