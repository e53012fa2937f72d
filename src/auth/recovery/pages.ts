// Asking for a new password, and setting it.
import { type Html, html } from '#kernel/html.ts'
import { csrfField, field, lead, message, type Skin, stagePage } from '../pages/layout.ts'
import type { FormState } from '../pages/sign-in-page.ts'

const TEXTS = {
  problem: 'Problem: ',
  look: 'Please look at the marked field.',
  ask: {
    title: 'Set a new password',
    words: 'Tell us your address, and we write to it. With the link in that mail you can choose a new password.',
    email: 'Email address',
    send: 'Send the mail',
    back: 'Do you know it after all?',
    signIn: 'Sign in',
  },
  choose: {
    title: 'Choose a new password',
    words: 'Everything that is signed in with the old one will be signed out.',
    password: 'New password',
    hint: 'At least 8 characters. Several words that only you would join are easier to keep than one clever one.',
    save: 'Save the new password',
  },
  done: { title: 'Your password is changed', words: 'Everything is signed out. Sign in with the new password now.', signIn: 'Sign in' },
  mailed: {
    title: 'Check your mail',
    words: (minutes: number): string =>
      `If this address has an account, the mail has a link that works once, within ${minutes} minutes. Follow it, and choose the new password there.`,
    development: 'Development: mails are not sent.',
    where: 'Open the mailbox',
    nothing: 'Nothing there? Look into the spam folder, or',
    again: 'try again',
  },
  dead: {
    heading: 'This link does not work any more',
    words: 'Links in our mails work once and for a short while. If you still need a new password, ask for another mail.',
    again: 'Ask for another mail',
  },
} as const

export const recoveryTexts = TEXTS

const titled = (words: string, { problem, problems = {} }: FormState): string =>
  problem === undefined && Object.keys(problems).length === 0 ? words : `${TEXTS.problem}${words}`

const wrong = ({ problem, problems = {} }: FormState): string | undefined =>
  problem ?? (Object.keys(problems).length > 0 ? TEXTS.look : undefined)

export function forgotPage(skin: Skin, view: { action: string; signInPath: string; csrfToken: string; state: FormState }): Html {
  const { action, signInPath, csrfToken, state } = view
  const { title, words, email, send, back, signIn } = TEXTS.ask
  return stagePage(skin, {
    title: titled(title, state),
    main: html`${lead(title, words)}
${message('bad', wrong(state))}
<form class="form" method="post" action="${action}">${csrfField(csrfToken)}
${field({ name: 'email', label: email, type: 'email', autocomplete: 'username', value: state.values?.['email'] ?? '', problem: state.problems?.['email'], focus: true })}
<button class="button" type="submit">${send}</button></form>
<p class="aside">${back} <a href="${signInPath}">${signIn}</a></p>`,
  })
}

export function resetPage(skin: Skin, view: { email: string; token: string; csrfToken: string; state: FormState }): Html {
  const { email, token, csrfToken, state } = view
  const { title, words, password, hint, save } = TEXTS.choose
  return stagePage(skin, {
    title: titled(title, state),
    main: html`${lead(title, words)}
${message('bad', wrong(state))}
<form class="form" method="post" action="/reset-password">${csrfField(csrfToken)}
<input type="hidden" name="token" value="${token}">
<input type="text" name="username" autocomplete="username" value="${email}" hidden>
${field({ name: 'password', label: password, type: 'password', autocomplete: 'new-password', hint, problem: state.problems?.['password'], focus: true })}
<button class="button" type="submit">${save}</button></form>`,
  })
}

export function resetDonePage(skin: Skin, signInPath: string): Html {
  const { title, words, signIn } = TEXTS.done
  return stagePage(skin, {
    title,
    main: html`${lead(title, words)}<div class="buttons"><a class="button" href="${signInPath}">${signIn}</a></div>`,
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
  const { title, nothing, again, development, where } = TEXTS.mailed
  const hint = mailbox === undefined ? undefined : html`<strong>${development}</strong> <a href="${mailbox}">${where}</a>`
  return stagePage(skin, {
    title,
    main: html`${lead(title, words)}
${message('warn', hint)}
<p class="aside soft">${nothing} <a href="${againPath}">${again}</a></p>`,
  })
}
