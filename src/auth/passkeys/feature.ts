// Passkeys on the pages that all features share: a way to sign in, and a section of the account page.
import { html } from '#kernel/html.ts'
import { needsPasskey } from '../methods.ts'
import type { AccountSection, PageFeature, PageParts, SignInMethod } from '../pages/parts.ts'
import { passkeyForm, passkeySection, withoutPasskeys } from './pages.ts'
import { signInPlace } from './places.ts'

export function passkeyFeature(parts: PageParts): PageFeature {
  return { signInMethods: [signInMethod(parts)], accountSections: [accountSection(parts)] }
}

function signInMethod({ passkeys, methods }: PageParts): SignInMethod {
  return {
    id: 'passkey',
    autofills: true,
    async part({ call, exchange }, { skin, interaction: { uid }, csrfToken }) {
      const form = passkeyForm(skin, {
        kind: 'get',
        action: `/interaction/${uid}/passkey`,
        options: await passkeys.requestOptions(call, signInPlace(exchange, uid)),
        csrfToken,
        button: skin.texts.passkeys.use,
        primary: !methods.password,
        autofill: methods.password,
        again: `/interaction/${uid}/passkey`,
      })
      if (methods.password) return { body: form }
      const lost = html`<p class="small"><a href="/interaction/${uid}/lost-passkey">${skin.texts.lostPasskey.lost}</a></p>`
      return { body: html`${form}${withoutPasskeys(skin)}${needsPasskey(methods) ? lost : undefined}` }
    },
  }
}

function accountSection({ passkeys, methods }: PageParts): AccountSection {
  return {
    id: 'passkeys',
    heading: (texts) => texts.passkeys.heading,
    async body({ call, session }, view) {
      return passkeySection(await passkeys.list(call, session.accountId), { ...view, methods })
    },
  }
}
