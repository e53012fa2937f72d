// Passkeys on the pages that all features share: a way to sign in, and a section of the account page.
import { html } from '#kernel/html.ts'
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
      return { body: methods.password ? form : html`${form}${withoutPasskeys(skin)}` }
    },
  }
}

function accountSection({ passkeys }: PageParts): AccountSection {
  return {
    id: 'passkeys',
    heading: (texts) => texts.passkeys.heading,
    async body({ call, session }, view) {
      return passkeySection(await passkeys.list(call, session.accountId), view)
    },
  }
}
