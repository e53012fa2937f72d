// The account page: one section for each thing that people have here, in the order below.
import { type Html, html } from '#kernel/html.ts'
import type { FormState } from './handling.ts'
import { csrfField, deskPage, message, messagesOf, type Skin } from './layout.ts'
import { isWrong, titleOf } from './sign-in-page.ts'

/** From the top; a section that is not named here comes before the last two. */
const ORDER: readonly string[] = [
  'profile',
  'email',
  'password',
  'passkeys',
  'second-factors',
  'identities',
  'sessions',
  'apps',
  'organisations',
  'events',
  'data',
  'delete',
]
const LAST = ['data', 'delete']

export interface ShownSection {
  readonly id: string
  readonly heading: string
  readonly body: Html
}

export interface AccountView {
  readonly person: { readonly name: string }
  readonly sections: readonly ShownSection[]
  readonly csrfToken: string
  /** What has just been done. */
  readonly done?: string | undefined
  readonly state: FormState
}

function place({ id }: { readonly id: string }): number {
  const at = ORDER.indexOf(id)
  return at === -1 ? ORDER.length - LAST.length - 0.5 : at
}

export function inOrder<Section extends { readonly id: string }>(sections: readonly Section[]): readonly Section[] {
  return sections.toSorted((a, b) => place(a) - place(b))
}

function sectionOf({ id, heading, body }: ShownSection): Html {
  return html`<section class="sheet" id="${id}" aria-labelledby="${id}-heading"><h2 id="${id}-heading">${heading}</h2>${body}</section>`
}

export function accountPage(skin: Skin, view: AccountView): Html {
  const { account, frame } = skin.texts
  const { sections, csrfToken, state, done } = view
  const problem = state.problem ?? (isWrong(state) ? frame.lookAtField : undefined)
  const messages = messagesOf(message('bad', problem), message('good', done))
  const ways = sections.map(({ id, heading }) => html`<li><a href="#${id}">${heading}</a></li>`)
  return deskPage(skin, {
    title: titleOf(skin, account.title, state),
    details: { page: 'account', person: { name: view.person.name }, messages, sections },
    top: html`<div class="ways"><a class="button quiet compact" href="${skin.home}">${frame.goTo(skin.productName)}</a>
<form method="post" action="/account/sign-out">${csrfField(csrfToken)}<button class="button quiet compact" type="submit">${account.signOut}</button></form></div>`,
    main: html`<h1>${account.hello(view.person.name)}</h1>
${messages}
<nav class="contents" aria-label="${account.sections}"><ul>${ways}</ul></nav>
${sections.map(sectionOf)}`,
  })
}
