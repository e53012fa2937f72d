// Asking for a new password, and setting it. What a page says that asks for something else is told to it.
import { type Html, html, type HtmlValue } from '#kernel/html.ts'
import { csrfField, field, lead, message, type Skin, stagePage } from '../pages/layout.ts'
import { newPasswordField } from '../pages/new-password.ts'
import type { FormState } from '../pages/parts.ts'
import { isWrong, titleOf } from '../pages/sign-in-page.ts'

function wrong({ texts }: Skin, state: FormState): string | undefined {
  return state.problem ?? (isWrong(state) ? texts.frame.lookAtField : undefined)
}

/** Of a page that asks for an address, and of the one after it. */
export interface AskWords {
  readonly title: string
  readonly lead: string
  readonly send: string
  remembered(link: HtmlValue): Html
  readonly signIn: string
  mailed(minutes: number): string
}

interface ForgotView {
  readonly action: string
  readonly signInPath: string
  readonly csrfToken: string
  readonly state: FormState
  readonly guard: Html | undefined
}

export function forgotPage(skin: Skin, texts: AskWords, { action, signInPath, csrfToken, state, guard }: ForgotView): Html {
  const { fields } = skin.texts
  return stagePage(skin, {
    title: titleOf(skin, texts.title, state),
    main: html`${lead(texts.title, texts.lead)}
${message('bad', wrong(skin, state))}
<form class="form" method="post" action="${action}">${csrfField(csrfToken)}
${field({ name: 'email', label: fields.email, type: 'email', autocomplete: 'username', value: state.values?.['email'] ?? '', problem: state.problems?.['email'], focus: true })}
${guard}
<button class="button" type="submit">${texts.send}</button></form>
<p class="aside">${texts.remembered(html`<a href="${signInPath}">${texts.signIn}</a>`)}</p>`,
  })
}

export function resetPage(skin: Skin, view: { email: string; token: string; csrfToken: string; state: FormState }): Html {
  const { email, token, csrfToken, state } = view
  const { recovery: texts, fields } = skin.texts
  return stagePage(skin, {
    title: titleOf(skin, texts.choose, state),
    main: html`${lead(texts.choose, texts.chooseLead)}
${message('bad', wrong(skin, state))}
<form class="form" method="post" action="/reset-password">${csrfField(csrfToken)}
<input type="hidden" name="token" value="${token}">
<input type="text" name="username" autocomplete="username" value="${email}" hidden>
${newPasswordField(skin, { label: fields.newPassword, problem: state.problems?.['password'], focus: true })}
<button class="button" type="submit">${texts.save}</button></form>`,
  })
}

export interface DoneWords {
  readonly done: string
  readonly doneLead: string
  readonly signIn: string
}

interface DoneView {
  readonly signInPath: string
  /** Invitations that the account has sent are withdrawn by it. */
  readonly hasOrganisations: boolean
}

/** After the form behind a mailed link. */
export function donePage(skin: Skin, { done, doneLead, signIn }: DoneWords, { signInPath, hasOrganisations }: DoneView): Html {
  return stagePage(skin, {
    title: done,
    main: html`${lead(done, doneLead)}<div class="buttons"><a class="button" href="${signInPath}">${signIn}</a></div>
${hasOrganisations ? html`<p class="aside soft">${skin.texts.organisations.withdrawn}</p>` : undefined}`,
  })
}

interface MailedView {
  readonly words: string
  /** Where to ask once more. */
  readonly againPath: string
  readonly mailbox?: string | undefined
}

/** After asking for a mail, whatever came of it. */
export function mailedPage(skin: Skin, { words, againPath, mailbox }: MailedView): Html {
  const { checkMail } = skin.texts
  const hint = mailbox === undefined ? undefined : checkMail.development(html`<a href="${mailbox}">${checkMail.mailbox}</a>`)
  return stagePage(skin, {
    title: checkMail.title,
    main: html`${lead(checkMail.title, words)}
${message('warn', hint)}
<p class="aside soft">${checkMail.nothing(html`<a href="${againPath}">${checkMail.tryAgain}</a>`)}</p>`,
  })
}
