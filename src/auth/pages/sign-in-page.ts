// Signing in: the ways that are open, one under the other.
import { type Html, html } from '#kernel/html.ts'
import type { Interaction } from '../engine.ts'
import { dueOn, guardAsker, guardPart } from '../guard/part.ts'
import type { AppOnPage } from '../theme/contract.ts'
import type { PageParts, SignInMethod, SignInPart, SignInView } from './parts.ts'
import type { FormState } from './handling.ts'
import { csrfField, field, lead, message, messagesOf, type Skin, stagePage } from './layout.ts'

/** From the top; a way that is not named here comes last. */
const ORDER: readonly string[] = ['password', 'passkey', 'email', 'upstream']

export function isWrong({ problem, problems = {} }: FormState): boolean {
  return problem !== undefined || Object.keys(problems).length > 0
}

export function titleOf({ texts }: Skin, words: string, state: FormState): string {
  return isWrong(state) ? texts.frame.problemTitle(words) : words
}

function place({ id }: { readonly id: string }): number {
  const at = ORDER.indexOf(id)
  return at === -1 ? ORDER.length : at
}

export function inOrder(methods: readonly SignInMethod[]): readonly SignInMethod[] {
  return methods.toSorted((a, b) => place(a) - place(b))
}

export function passwordMethod({ guard }: PageParts, autofills: boolean): SignInMethod {
  return {
    id: 'password',
    part: async (asked, { skin, interaction, present, csrfToken, state }) => {
      const { fields, signIn } = skin.texts
      const email = state.values?.['email'] ?? present ?? interaction.loginHint ?? ''
      const asker = guardAsker(asked.exchange, { email: email === '' ? undefined : email })
      const due = await dueOn(guard, asked, { asker, name: `sign-in ${interaction.uid}`, lacked: state.lacked })
      return {
        body: html`<form class="form" method="post" action="/interaction/${interaction.uid}/sign-in">
${csrfField(csrfToken)}
${field({ name: 'email', label: fields.email, type: 'email', autocomplete: autofills ? 'username webauthn' : 'username', value: email, focus: email === '' })}
${field({ name: 'password', label: fields.password, type: 'password', autocomplete: 'current-password', focus: email !== '' })}
<p class="small"><a href="/interaction/${interaction.uid}/forgot-password">${signIn.forgot}</a></p>
${guardPart(skin, due)}
<button class="button" type="submit">${signIn.submit}</button>
</form>`,
      }
    },
  }
}

export function appOnPage({ client: { name, host, firstParty } }: Interaction): AppOnPage {
  return { name, host, firstParty }
}

/** Which app it is for, unless it is our own page. */
function purpose({ productName, texts }: Skin, { client }: Interaction): Html | string | undefined {
  if (!client.firstParty) return texts.signIn.forApp(client.name, html`<span class="wrap">${client.host}</span>`, productName)
  return client.name === productName ? undefined : texts.signIn.toContinue(client.name)
}

function stillYou({ texts }: Skin, address: string): Html {
  const { again, againLead } = texts.secondStep
  return lead(again, againLead(html`<strong class="wrap">${address}</strong>`))
}

function wayToSignUp({ texts: { signIn } }: Skin, { uid }: Interaction): Html {
  return html`<p class="aside">${signIn.newHere(html`<a href="/interaction/${uid}/sign-up">${signIn.createAccount}</a>`)}</p>`
}

export interface SignInPage extends SignInView {
  readonly parts: readonly (SignInPart & { readonly id: string })[]
  readonly confirmed: boolean
  readonly signUpOpen: boolean
}

export function signInPage({ skin, interaction, present, state, confirmed, parts, signUpOpen }: SignInPage): Html {
  const { signIn } = skin.texts
  const or = html`<p class="or"><span>${signIn.or}</span></p>`
  const [first, ...others] = parts
  const heading = present === undefined ? lead(signIn.title, purpose(skin, interaction)) : stillYou(skin, present)
  const messages = messagesOf(confirmed ? message('good', signIn.confirmed) : undefined, message('bad', state.problem))
  const signUp = signUpOpen ? wayToSignUp(skin, interaction) : undefined
  return stagePage(skin, {
    title: titleOf(skin, signIn.title, state),
    scripts: parts.flatMap(({ scripts = [] }) => scripts),
    details: {
      page: 'sign-in',
      app: appOnPage(interaction),
      lead: heading,
      messages,
      methods: parts.map(({ id, body }) => ({ id, body })),
      signUp,
    },
    main: html`${heading}
${messages}
${first?.body}
${others.length === 0 ? undefined : html`${or}<div class="others">${others.map(({ body }) => body)}</div>`}
${signUp}`,
  })
}
