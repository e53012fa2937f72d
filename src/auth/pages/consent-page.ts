// The question whether an app may act for somebody: who asks, from where, for what, and what stays out of its reach.
import { type Html, html } from '#kernel/html.ts'
import type { Interaction } from '../engine.ts'
import { csrfField, lead, message, type Skin, stagePage } from './layout.ts'

const LOOPBACK = /^(?:localhost|(?:[a-z0-9-]+\.)+localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i

export function isLoopbackHost(host: string): boolean {
  return LOOPBACK.test(host)
}

export function consentPage(
  skin: Skin,
  view: { interaction: Interaction; person: { name: string; email: string }; csrfToken: string },
): Html {
  const { client, scopes, uid } = view.interaction
  // RFC 9700 section 4.14 and the OAuth 2.1 draft section 7.9: any program on a machine can listen on its loopback address.
  const local = isLoopbackHost(client.host)
    ? message(
        'warn',
        'This app runs on your own device. Any program there could use this address, so allow it only if you have just started the app yourself.',
      )
    : undefined
  const asked =
    scopes.length === 0 ? html`<li>know that you have an account here</li>` : scopes.map((scope) => html`<li>${scope.words}</li>`)
  return stagePage(skin, {
    title: `Allow ${client.name}?`,
    main: html`${lead(`Allow ${client.name}?`, `It asks to use your ${skin.productName} account.`)}
<div class="who"><span class="letter" aria-hidden="true">${(client.name[0] ?? '?').toUpperCase()}</span><div><p class="name wrap">${client.name}</p><p class="soft small wrap">${client.host}</p></div></div>
${local}
<div class="block"><p class="label" id="asked">It will be able to</p><ul class="list" aria-labelledby="asked">${asked}</ul></div>
<div class="block"><p class="label" id="never">It will not be able to</p><ul class="list not soft" aria-labelledby="never"><li>see or change your password</li><li>do anything that you have not allowed</li></ul></div>
<form class="form" method="post" action="/interaction/${uid}/consent">
${csrfField(view.csrfToken)}
<div class="buttons"><button class="button" type="submit" name="decision" value="allow">Allow</button><button class="button quiet" type="submit" name="decision" value="deny">Do not allow</button></div>
</form>`,
    footer: html`Signed in as ${view.person.name} (<span class="wrap">${view.person.email}</span>). You can end this at any time on <a href="/account">your account page</a>.`,
  })
}
