// The question whether an app may act for somebody: who asks, from where, for what, and what stays out of its reach.
import { type Html, html } from '#kernel/html.ts'
import type { Interaction } from '../engine.ts'
import { csrfField, lead, message, type Skin, stagePage } from './layout.ts'
import { appOnPage } from './sign-in-page.ts'
import { scopeWords } from './words.ts'

const LOOPBACK = /^(?:localhost|(?:[a-z0-9-]+\.)+localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i

export function isLoopbackHost(host: string): boolean {
  return LOOPBACK.test(host)
}

const NEW_MS = 7 * 86_400_000

function picture({ logo, name }: Interaction['client']): Html {
  if (logo !== undefined) return html`<img class="of-app" src="${logo}" alt="">`
  return html`<span class="letter" aria-hidden="true">${(Array.from(name)[0] ?? '?').toUpperCase()}</span>`
}

/** Where the app says more of itself. In a tab of its own: the question here stays. */
function about({ texts: { consent } }: Skin, { clientUri, policyUri, tosUri }: Interaction['client']): Html | undefined {
  const links = [
    { words: consent.links.home, address: clientUri },
    { words: consent.links.policy, address: policyUri },
    { words: consent.links.terms, address: tosUri },
  ].flatMap(({ words, address }) =>
    address === undefined ? [] : [html`<li><a href="${address}" target="_blank" rel="noopener noreferrer nofollow">${words}</a></li>`],
  )
  return links.length === 0 ? undefined : html`<ul class="links small">${links}</ul>`
}

export function consentPage(
  skin: Skin,
  view: { interaction: Interaction; person: { name: string; email: string }; csrfToken: string; now: number },
): Html {
  const { consent } = skin.texts
  const { client, scopes, uid } = view.interaction
  const { name, email } = view.person
  // RFC 9700 section 4.14 and the OAuth 2.1 draft section 7.9: any program on a machine can listen on its loopback address.
  const local = isLoopbackHost(client.host) ? message('warn', consent.local) : undefined
  // MCP, security considerations: what nobody has checked is said to be so, and what is new too.
  const isNew = client.createdAt !== undefined && view.now - client.createdAt < NEW_MS
  const unknown =
    client.isUnknown === undefined
      ? undefined
      : message('warn', html`${consent.unknown(client.describedBy ?? client.host)}${isNew ? ` ${consent.isNew}` : ''}`)
  const asked =
    scopes.length === 0 ? html`<li>${consent.knowYou}</li>` : scopes.map((scope) => html`<li>${scopeWords(skin.texts, scope)}</li>`)
  return stagePage(skin, {
    title: consent.title(client.name),
    details: {
      page: 'consent',
      app: appOnPage(view.interaction),
      scopes: scopes.map((scope) => ({ name: scope.name, words: scopeWords(skin.texts, scope) })),
      person: { name, email },
    },
    main: html`${lead(consent.title(client.name), consent.lead(skin.productName))}
<div class="who">${picture(client)}<div><p class="name wrap"><bdi>${client.name}</bdi></p><p class="soft small wrap"><bdi>${client.host}</bdi></p>${client.describedBy === undefined ? undefined : html`<p class="soft small wrap">${consent.describedBy(client.describedBy)}</p>`}${about(skin, client)}</div></div>
${local}${unknown}
<div class="block"><p class="label" id="asked">${consent.will}</p><ul class="list" aria-labelledby="asked">${asked}</ul></div>
<div class="block"><p class="label" id="never">${consent.willNot}</p><ul class="list not soft" aria-labelledby="never"><li>${consent.seePassword}</li><li>${consent.doMore}</li></ul></div>
<form class="form" method="post" action="/interaction/${uid}/consent">
${csrfField(view.csrfToken)}
<div class="buttons"><button class="button" type="submit" name="decision" value="allow">${consent.allow}</button><button class="button quiet" type="submit" name="decision" value="deny">${consent.deny}</button></div>
</form>`,
    footer: consent.signedInAs(name, html`<span class="wrap">${email}</span>`, html`<a href="/account">${consent.yourAccountPage}</a>`),
  })
}
