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

export function signInPage(skin: Skin, view: { interaction: Interaction; csrfToken: string; state: FormState; confirmed: boolean }): Html {
  const { interaction, csrfToken, state, confirmed } = view
  const { client, uid } = interaction
  const email = state.values?.['email'] ?? interaction.loginHint ?? ''
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
<form class="form" method="post" action="/interaction/${uid}/sign-in">
${csrfField(csrfToken)}
${field({ name: 'email', label: 'Email address', type: 'email', autocomplete: 'username', value: email, focus: email === '' })}
${field({ name: 'password', label: 'Password', type: 'password', autocomplete: 'current-password', focus: email !== '' })}
<button class="button" type="submit">Sign in</button>
</form>
<p class="aside">New here? <a href="/interaction/${uid}/sign-up">Create an account</a></p>`,
  })
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

export function checkMailPage(skin: Skin, view: { signUpPath: string; signInPath: string; minutes: number }): Html {
  return stagePage(skin, {
    title: 'Check your mail',
    main: html`${lead('Check your mail', `We have written to the address that you gave. The link in the mail works once, within ${view.minutes} minutes.`)}
<ul class="list">
<li>Open the mail and follow its link.</li>
<li>Press the button on the page that opens.</li>
<li>Then <a href="${view.signInPath}">sign in</a>.</li>
</ul>
<p class="aside soft">Nothing there? Look into the spam folder, or <a href="${view.signUpPath}">try again</a>: perhaps there was a slip in the address.</p>`,
  })
}

export function confirmPage(skin: Skin, view: { email: string; token: string; csrfToken: string }): Html {
  return stagePage(skin, {
    title: 'Confirm your address',
    main: html`${lead('Confirm your address', html`Is <strong class="wrap">${view.email}</strong> yours, and did you just sign up for ${skin.productName}?`)}
<form class="form" method="post" action="/confirm">
${csrfField(view.csrfToken)}
<input type="hidden" name="token" value="${view.token}">
<button class="button" type="submit">Yes, confirm my address</button>
</form>
<p class="aside soft">If you did not sign up, close this page. Without the button there will be no account.</p>`,
  })
}

export function confirmedPage(skin: Skin, signInPath: string): Html {
  return stagePage(skin, {
    title: 'Address confirmed',
    main: html`${lead('Your address is confirmed', 'The account is ready. You can go back to the app that you came from, or sign in to your account here.')}
<div class="buttons"><a class="button" href="${signInPath}">Sign in</a></div>`,
  })
}
