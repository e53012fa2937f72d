// Signing up, and the mail that confirms the address.
import { type Html, html } from '#kernel/html.ts'
import type { FormState } from './handling.ts'
import { csrfField, field, lead, message, type Skin, stagePage } from './layout.ts'
import { newPasswordField } from './new-password.ts'
import { withoutPasskeys } from '../passkeys/pages.ts'
import { isWrong, titleOf } from './sign-in-page.ts'

export interface SignUpView {
  readonly action: string
  readonly signInPath: string
  readonly csrfToken: string
  readonly state: FormState
  /** Off: what signs them in comes after the mail. */
  readonly password: boolean
  readonly guard: Html | undefined
  /** Further ways to begin. */
  readonly others?: Html | undefined
}

export function signUpPage(skin: Skin, view: SignUpView): Html {
  const { fields, frame, signIn, signUp } = skin.texts
  const { problem, problems = {}, values = {} } = view.state
  const first = ['name', 'email', 'password'].find((name) => problems[name] !== undefined) ?? 'name'
  return stagePage(skin, {
    title: titleOf(skin, signUp.title, view.state),
    main: html`${lead(signUp.title, signUp.lead(skin.productName))}
${message('bad', problem ?? (isWrong(view.state) ? frame.lookAtFields : undefined))}
<form class="form" method="post" action="${view.action}">
${csrfField(view.csrfToken)}
${field({ name: 'name', label: fields.name, type: 'text', autocomplete: 'name', value: values['name'] ?? '', hint: signUp.nameHint, problem: problems['name'], focus: first === 'name', maxLength: 80 })}
${field({ name: 'email', label: fields.email, type: 'email', autocomplete: 'username', value: values['email'] ?? '', problem: problems['email'], focus: first === 'email' })}
${view.password ? newPasswordField(skin, { label: fields.password, problem: problems['password'], focus: first === 'password' }) : undefined}
${view.guard}
<button class="button" type="submit">${signUp.submit}</button>
</form>
${view.others === undefined ? undefined : html`<p class="or"><span>${signIn.or}</span></p>${view.others}`}
<p class="aside">${signUp.haveAccount(html`<a href="${view.signInPath}">${signUp.signIn}</a>`)}</p>`,
  })
}

interface CheckMailView {
  readonly signUpPath: string
  readonly signInPath: string
  readonly minutes: number
  readonly mailbox?: string | undefined
}

export function checkMailPage(skin: Skin, { mailbox, minutes, signInPath, signUpPath }: CheckMailView): Html {
  const { checkMail } = skin.texts
  const hint = mailbox === undefined ? undefined : checkMail.development(html`<a href="${mailbox}">${checkMail.mailbox}</a>`)
  return stagePage(skin, {
    title: checkMail.title,
    main: html`${lead(checkMail.title, checkMail.lead(minutes))}
<ul class="list">
<li>${checkMail.open}</li>
<li>${checkMail.press}</li>
<li>${checkMail.andThen(html`<a href="${signInPath}">${checkMail.signIn}</a>`)}</li>
</ul>
${message('warn', hint)}
<p class="aside soft">${checkMail.nothing(html`<a href="${signUpPath}">${checkMail.tryAgain}</a>`)}</p>`,
  })
}

export interface ConfirmView {
  readonly email: string
  readonly token: string
  readonly csrfToken: string
  /** Another browser signed up: whoever opens the mail shows that the password is theirs, too. */
  readonly needsPassword: boolean
  /** The form that makes a passkey, where the account begins with one. */
  readonly passkey: Html | undefined
  readonly state: FormState
}

export function confirmPage(skin: Skin, { email, token, csrfToken, needsPassword, passkey, state }: ConfirmView): Html {
  const { confirm } = skin.texts
  const { problem, problems = {} } = state
  const password = html`<input type="text" name="username" autocomplete="username" value="${email}" hidden>
${field({ name: 'password', label: confirm.passwordLabel, type: 'password', autocomplete: 'current-password', hint: confirm.passwordHint, problem: problems['password'], focus: true })}`
  const press = html`<form class="form" method="post" action="/confirm">
${csrfField(csrfToken)}
<input type="hidden" name="token" value="${token}">
${needsPassword ? password : undefined}
<button class="button" type="submit">${confirm.submit}</button>
</form>`
  return stagePage(skin, {
    title: titleOf(skin, confirm.title, state),
    main: html`${lead(confirm.title, confirm.lead(html`<strong class="wrap">${email}</strong>`, skin.productName))}
${message('bad', problem)}
${passkey === undefined ? press : html`<p>${confirm.passkeyWords}</p>${withoutPasskeys(skin)}${passkey}`}
<p class="aside soft">${confirm.notYou}</p>`,
  })
}

export function confirmedPage(skin: Skin, accountPath: string): Html {
  const { confirm, frame } = skin.texts
  return stagePage(skin, {
    title: confirm.doneTitle,
    main: html`${lead(confirm.done, confirm.doneWords(skin.productName))}
<div class="buttons"><a class="button" href="${skin.home}">${frame.goTo(skin.productName)}</a><a class="button quiet" href="${accountPath}">${frame.yourAccount}</a></div>`,
  })
}
