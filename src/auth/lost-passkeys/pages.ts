// Making a new passkey by a mailed link.
import { type Html, html } from '#kernel/html.ts'
import type { CreationOptions } from '../passkeys/ceremonies.ts'
import { passkeyForm, withoutPasskeys } from '../passkeys/pages.ts'
import { lead, message, type Skin, stagePage } from '../pages/layout.ts'
import type { FormState } from '../pages/parts.ts'
import { titleOf } from '../pages/sign-in-page.ts'

export interface NewPasskeyView {
  readonly email: string
  /** Those before go in any case. */
  readonly firstProof: boolean
  readonly token: string
  readonly options: CreationOptions
  readonly csrfToken: string
  readonly state: FormState
}

export function newPasskeyPage(skin: Skin, { email, firstProof, token, options, csrfToken, state }: NewPasskeyView): Html {
  const { lostPasskey: texts } = skin.texts
  const { problem, problems = {}, values = {} } = state
  const choice = firstProof
    ? html`<p class="soft">${texts.allGo}</p>`
    : html`<label class="choice"><input type="checkbox" name="alone" value="yes"${values['alone'] === 'yes' ? html` checked` : undefined}> <span>${texts.alone}</span></label>`
  const fields = html`<input type="hidden" name="token" value="${token}">
${choice}`
  return stagePage(skin, {
    title: titleOf(skin, texts.choose, state),
    main: html`${lead(texts.choose, texts.chooseLead(html`<strong class="wrap">${email}</strong>`))}
${message('bad', problem ?? problems['name'])}
${withoutPasskeys(skin)}
${passkeyForm(skin, { kind: 'create', action: '/new-passkey', options, csrfToken, button: skin.texts.passkeys.create, primary: true, fields })}`,
  })
}
