// What nobody can do without, where the template of an app leaves it out: those written before messages and the way to sign up could be asked for by
// themselves made sign-in and account page of methods and sections alone. HTML stands in HTML letter by letter, so that what is there is found, and
// nothing is shown twice.
import { type Html, html } from '#kernel/html.ts'
import type { PageDetails } from './contract.ts'

/** To the accounts pages, with or without the interaction: also one that the app has written by itself. */
const SIGN_UP_LINK = /\shref=["']?[^"'\s>]*\/sign-up(?=["'\s>?#])/

function around(part: Html | undefined): Html | undefined {
  return part === undefined ? undefined : html`<div class="left-out">${part}</div>`
}

export function withLeftOut(body: Html, details: PageDetails): Html {
  const text = body.toString()
  const messages = details.page === 'sign-in' || details.page === 'account' ? details.messages : undefined
  const signUp = details.page === 'sign-in' ? details.signUp : undefined
  const isSaid = messages === undefined || text.includes(messages.toString())
  return html`${isSaid ? undefined : around(messages)}${body}${SIGN_UP_LINK.test(text) ? undefined : around(signUp)}`
}
