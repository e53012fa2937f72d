// What nobody can do without, where the template of an app leaves it out: those written before messages and the way to sign up could be asked for by
// themselves made sign-in and account page of methods and sections alone. HTML stands in HTML letter by letter, so that what is there is found, and
// nothing is shown twice.
import { type Html, html } from '#kernel/html.ts'
import type { PageDetails } from './contract.ts'

/** To the accounts pages, with or without the interaction: also one that the app has written by itself. */
const SIGN_UP_LINK = /\shref=["']?[^"'\s>]*\/sign-up(?=["'\s>?#])/

/** Announced by what they are, wherever they stand. */
function above(messages: Html | undefined): Html | undefined {
  return messages === undefined ? undefined : html`<div class="left-out">${messages}</div>`
}

/** A landmark of its own, since it is in none of the template's; with a name, since the template may have others of the kind. */
function below(signUp: Html | undefined, name: string): Html | undefined {
  return signUp === undefined ? undefined : html`<aside class="left-out" aria-label="${name}">${signUp}</aside>`
}

/** `signUpName`: what the way to an account is called, for those who do not see where it stands. */
export function withLeftOut(body: Html, details: PageDetails, signUpName: string): Html {
  const text = body.toString()
  const messages = details.page === 'sign-in' || details.page === 'account' ? details.messages : undefined
  const signUp = details.page === 'sign-in' ? details.signUp : undefined
  const isSaid = messages === undefined || text.includes(messages.toString())
  return html`${isSaid ? undefined : above(messages)}${body}${SIGN_UP_LINK.test(text) ? undefined : below(signUp, signUpName)}`
}
