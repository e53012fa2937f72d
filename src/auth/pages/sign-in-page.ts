// Signing in, signing up, and the mail in between.
import { type Html, html } from '#kernel/html.ts'
import type { Interaction } from '../engine.ts'
import { csrfField, field, lead, message, type Skin, stagePage } from './layout.ts'

export interface FormState {
  /** For the whole form. */
  readonly problem?: string | undefined
  readonly problems?: Readonly<Record<string, string>>
  readonly values?: Readonly<Record<string, string>>
}

function title(words: string, { problem, problems = {} }: FormState): string {
  return problem === undefined && Object.keys(problems).length === 0 ? words : `Problem: ${words}`
}

export interface SignInView {
  readonly interaction: Interaction
  readonly csrfToken: string
  readonly state: FormState
  readonly confirmed: boolean
  /** Off: people come in by other ways alone. */
  readonly password: boolean
  /** Ways beside the password, in their order. */
  readonly others: readonly Html[]
}

export function signInPage(skin: Skin, view: SignInView): Html {
  const { interaction, state, confirmed, password, others } = view
  const { client, uid } = interaction
  const ownPage = client.name === skin.productName
  const words = client.firstParty
    ? ownPage
      ? undefined
      : html`to continue to ${client.name}`
    : html`${client.name} (<span class="wrap">${client.host}</span>) lets you sign in with your ${skin.productName} account. Your password stays here.`
  return stagePage(skin, {
    title: title('Sign in', state),
    main: html`${lead('Sign in', words)}
${confirmed ? message('good', 'Your address is confirmed. Sign in, and you are there.') : undefined}
${message('bad', state.problem)}
${password ? passwordForm(view) : undefined}
${others.length === 0 ? undefined : html`<div class="others">${others}</div>`}
<p class="aside">New here? <a href="/interaction/${uid}/sign-up">Create an account</a></p>`,
  })
}

function passwordForm({ interaction, csrfToken, state, others }: SignInView): Html {
  const email = state.values?.['email'] ?? interaction.loginHint ?? ''
  return html`<form class="form" method="post" action="/interaction/${interaction.uid}/sign-in">
${csrfField(csrfToken)}
${field({ name: 'email', label: 'Email address', type: 'email', autocomplete: others.length === 0 ? 'username' : 'username webauthn', value: email, focus: email === '' })}
${field({ name: 'password', label: 'Password', type: 'password', autocomplete: 'current-password', focus: email !== '' })}
<p class="small"><a href="/interaction/${interaction.uid}/forgot-password">Forgot your password?</a></p>
<button class="button" type="submit">Sign in</button>
</form>`
}

export function signUpPage(skin: Skin, view: { action: string; signInPath: string; csrfToken: string; state: FormState }): Html {
  const { problem, problems = {}, values = {} } = view.state
  const first = ['name', 'email', 'password'].find((name) => problems[name] !== undefined) ?? 'name'
  return stagePage(skin, {
    title: title('Create an account', view.state),
    main: html`${lead('Create an account', html`One account for ${skin.productName} and for every app that you let in.`)}
${message('bad', problem ?? (Object.keys(problems).length > 0 ? 'Please look at the marked fields.' : undefined))}
<form class="form" method="post" action="${view.action}">
${csrfField(view.csrfToken)}
${field({ name: 'name', label: 'Your name', type: 'text', autocomplete: 'name', value: values['name'] ?? '', hint: 'Others see it. It need not be your full name.', problem: problems['name'], focus: first === 'name', maxLength: 80 })}
${field({ name: 'email', label: 'Email address', type: 'email', autocomplete: 'username', value: values['email'] ?? '', problem: problems['email'], focus: first === 'email' })}
${field({ name: 'password', label: 'Password', type: 'password', autocomplete: 'new-password', hint: 'At least 8 characters. Several words that only you would join are easier to keep than one clever one.', problem: problems['password'], focus: first === 'password' })}
<button class="button" type="submit">Create account</button>
</form>
<p class="aside">Do you have an account? <a href="${view.signInPath}">Sign in</a></p>`,
  })
}

interface CheckMailView {
  readonly signUpPath: string
  readonly signInPath: string
  readonly minutes: number
  readonly mailbox?: string | undefined
}

export function checkMailPage(skin: Skin, view: CheckMailView): Html {
  const { mailbox } = view
  const hint = html`<strong>Development:</strong> mails are not sent, they are in the <a href="${mailbox}">mailbox</a>.`
  return stagePage(skin, {
    title: 'Check your mail',
    main: html`${lead('Check your mail', `We have written to the address that you gave. The link in the mail works once, within ${view.minutes} minutes.`)}
<ul class="list">
<li>Open the mail and follow its link.</li>
<li>Press the button on the page that opens.</li>
<li>Then <a href="${view.signInPath}">sign in</a>.</li>
</ul>
${mailbox === undefined ? undefined : message('warn', hint)}
<p class="aside soft">Nothing there? Look into the spam folder, or <a href="${view.signUpPath}">try again</a>: perhaps there was a slip in the address.</p>`,
  })
}

export interface ConfirmView {
  readonly email: string
  readonly token: string
  readonly csrfToken: string
  /** Another browser signed up: whoever opens the mail shows that the password is theirs, too. */
  readonly needsPassword: boolean
  readonly state: FormState
}

export function confirmPage(skin: Skin, { email, token, csrfToken, needsPassword, state }: ConfirmView): Html {
  const { problem, problems = {} } = state
  const password = html`<input type="text" name="username" autocomplete="username" value="${email}" hidden>
${field({ name: 'password', label: 'The password that you chose', type: 'password', autocomplete: 'current-password', hint: 'This is another browser than the one that signed up, so please show that it was you.', problem: problems['password'], focus: true })}`
  return stagePage(skin, {
    title: title('Confirm your address', state),
    main: html`${lead('Confirm your address', html`Is <strong class="wrap">${email}</strong> yours, and did you just sign up for ${skin.productName}?`)}
${message('bad', problem)}
<form class="form" method="post" action="/confirm">
${csrfField(csrfToken)}
<input type="hidden" name="token" value="${token}">
${needsPassword ? password : undefined}
<button class="button" type="submit">Yes, confirm my address</button>
</form>
<p class="aside soft">If you did not sign up, close this page. Without the button there will be no account.</p>`,
  })
}

export function confirmedPage(skin: Skin, accountPath: string): Html {
  return stagePage(skin, {
    title: 'Address confirmed',
    main: html`${lead('Your address is confirmed', `The account is ready. Go on to ${skin.productName} and sign in there.`)}
<div class="buttons"><a class="button" href="${skin.home}">Go to ${skin.productName}</a><a class="button quiet" href="${accountPath}">Your account</a></div>`,
  })
}
