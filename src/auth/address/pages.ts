// Confirming a new address, and taking a change back from the old one.
import { type Html, html } from '#kernel/html.ts'
import { csrfField, lead, type Skin, stagePage } from '../pages/layout.ts'

interface AskView {
  readonly heading: string
  readonly words: Html
  readonly action: string
  readonly token: string
  readonly csrfToken: string
  readonly button: string
  readonly aside: string
}

function askPage(skin: Skin, { heading, words, action, token, csrfToken, button, aside }: AskView): Html {
  return stagePage(skin, {
    title: heading,
    main: html`${lead(heading, words)}
<form class="form" method="post" action="${action}">${csrfField(csrfToken)}
<input type="hidden" name="token" value="${token}">
<button class="button" type="submit">${button}</button></form>
<p class="aside soft">${aside}</p>`,
  })
}

interface LinkView {
  readonly email: string
  readonly token: string
  readonly csrfToken: string
}

const shown = (email: string): Html => html`<strong class="wrap">${email}</strong>`

export function confirmAddressPage(skin: Skin, { email, ...view }: LinkView): Html {
  const { address } = skin.texts
  const words = address.confirmLead(shown(email))
  return askPage(skin, {
    ...view,
    heading: address.confirm,
    words,
    action: '/account/email/confirm',
    button: address.confirmSubmit,
    aside: address.confirmAside,
  })
}

interface RestoreView extends LinkView {
  readonly offered: boolean
  /** The app lets people sign in with one. */
  readonly hasPasswords: boolean
}

export function restoreAddressPage(skin: Skin, { email, offered, hasPasswords, ...view }: RestoreView): Html {
  const { address } = skin.texts
  if (offered)
    return askPage(skin, {
      ...view,
      heading: address.take,
      words: (hasPasswords ? address.takeLead : address.takeLeadNoPassword)(shown(email)),
      action: '/restore-address',
      button: address.takeSubmit,
      aside: address.takeAside,
    })
  const words = (hasPasswords ? address.restoreLead : address.restoreLeadNoPassword)(shown(email))
  return askPage(skin, {
    ...view,
    heading: address.restore,
    words,
    action: '/restore-address',
    button: address.restoreSubmit,
    aside: address.restoreAside,
  })
}

interface RestoredView {
  /** The app lets people sign in with one. */
  readonly hasPasswords: boolean
  /** Of a link for a new passkey, where passkeys are all there is and every one is gone. */
  readonly passkeyToken: string | undefined
  readonly suspended: boolean
  readonly offered: boolean
  /** Invitations that the account has sent are withdrawn by it. */
  readonly hasOrganisations: boolean
}

const newPasskeyPath = (token: string): string => `/new-passkey?${new URLSearchParams({ token }).toString()}`

export function restoredPage(skin: Skin, { hasPasswords, passkeyToken, suspended, offered, hasOrganisations }: RestoredView): Html {
  const { address } = skin.texts
  const title = offered ? address.taken : address.restored
  // No button: none leads on before an operator has let them in again.
  if (suspended) return stagePage(skin, { title, main: lead(title, address.restoredBlocked) })
  const { words, href, label } = hasPasswords
    ? { words: address.restoredWords, href: '/forgot-password', label: address.newPassword }
    : passkeyToken === undefined
      ? { words: address.restoredSignIn, href: '/account', label: address.signIn }
      : { words: address.restoredPasskey, href: newPasskeyPath(passkeyToken), label: address.newPasskey }
  return stagePage(skin, {
    title,
    main: html`${lead(title, words)}<div class="buttons"><a class="button" href="${href}">${label}</a></div>
${hasOrganisations ? html`<p class="aside soft">${skin.texts.organisations.withdrawn}</p>` : undefined}`,
  })
}
