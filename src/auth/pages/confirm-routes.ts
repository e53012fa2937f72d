// Confirming the address of a sign-up by the mailed link. Looking at a link never uses it up: mail scanners look.
import type { Call } from '#kernel/call.ts'
import { html } from '#kernel/html.ts'
import { type Answer, type Exchange, page, type Route, route, seeOther } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { type Beginning, LINK_MINUTES, type Onward, type PendingSignUp } from '../accounts/sign-up.ts'
import { browserOf, nameBrowser, rememberOwner, whence } from '../browser.ts'
import { needsPasskey } from '../methods.ts'
import { passkeyForm } from '../passkeys/pages.ts'
import { newcomerPlace } from '../passkeys/places.ts'
import { answerText } from '../passkeys/schemas.ts'
import { errorPage } from './engine-pages.ts'
import {
  csrfToken,
  deviceNameOf,
  type FormFailure,
  formAnswers,
  formFailure,
  formPage,
  formText,
  friendly,
  type PageParts,
  refused,
  skinOf,
} from './handling.ts'
import type { Skin } from './layout.ts'
import { confirmedPage, confirmPage } from './sign-up-page.ts'

const common = { site: 'accounts', allow: { who: 'anyone' } } as const
const answers = { ...formAnswers, 410: 'html' } as const
const linkToken = z.string().max(200).default('')
const confirmForm = z.strictObject({
  csrf_token: csrfToken,
  token: linkToken,
  username: z.string().optional(),
  password: formText,
  answer: answerText,
})

function dead(parts: PageParts, exchange: Exchange): Answer {
  // Without the link: the pages of all dead ones are the same.
  const skin = skinOf(parts, exchange, '/confirm')
  const { confirm: texts } = skin.texts
  const ways = [
    { words: texts.signIn, path: '/account' },
    { words: texts.signUpAgain, path: '/sign-up' },
  ]
  return page(errorPage(skin, { heading: texts.dead, words: texts.deadWords(LINK_MINUTES), ways }), 410)
}

/** A link as it was opened, so that its page can be shown again. */
function skinOfLink(parts: PageParts, exchange: Exchange, token: string): Skin {
  return skinOf(parts, exchange, `/confirm?${new URLSearchParams({ token }).toString()}`)
}

interface Asking {
  readonly token: string
  readonly pending: PendingSignUp
  readonly failure?: FormFailure
}

async function ask(parts: PageParts, asked: { call: Call; exchange: Exchange }, { token, pending, failure }: Asking): Promise<Answer> {
  const { call, exchange } = asked
  const { email, needsPassword, newcomer } = pending
  const skin = skinOfLink(parts, exchange, token)
  const csrf = exchange.csrfToken()
  // So that a second press of the button is known to be of the same browser.
  nameBrowser(exchange)
  const passkey =
    newcomer === undefined || !needsPasskey(parts.methods)
      ? undefined
      : passkeyForm(skin, {
          kind: 'create',
          action: '/confirm',
          options: await parts.passkeys.creationOptions(call, newcomer, newcomerPlace(exchange, newcomer.accountId)),
          csrfToken: csrf,
          button: skin.texts.confirm.submitPasskey,
          primary: true,
          fields: html`<input type="hidden" name="token" value="${token}">`,
        })
  const view = { email, token, needsPassword, passkey, csrfToken: csrf, state: failure?.state ?? {} }
  return formPage(confirmPage(skin, view), failure)
}

async function confirm(
  parts: PageParts,
  { call, body, exchange }: { call: Call; body: z.infer<typeof confirmForm>; exchange: Exchange },
): Promise<Answer> {
  const { accounts } = parts
  const { token, password } = body
  const browser = browserOf(exchange)
  const { texts } = skinOf(parts, exchange)
  // With the answer: another passkey than that of the first press opens nothing.
  const press = parts.justDone.pressOf(exchange, [token, body.answer])
  const over = async (): Promise<Answer> => {
    const before = await accounts.confirmedBefore(call, { token, press })
    return before === undefined ? dead(parts, exchange) : confirmedAnswer(parts, exchange, before)
  }
  const pending = await accounts.pendingSignUp(call, { token, browser })
  if (pending === undefined) return await over()
  const again = (failure: FormFailure): Promise<Answer> => ask(parts, { call, exchange }, { token, pending, failure })
  try {
    const beginning = await beginningOf(parts, { call, exchange }, { pending, answer: body.answer })
    const by = whence(exchange)
    const confirmed = await accounts.confirm(call, { token, browser, password, client: exchange.client, by, beginning, press })
    if (confirmed === undefined) return await over()
    if (confirmed === 'needs_passkey') return await again(refused({ problem: texts.passkeys.notAdded }))
    if (confirmed === 'wrong_password') return await again(refused({ problems: { password: texts.confirm.notThePassword } }))
    // Strangers who guess at an address that is new here must not keep its owner from the first sign-in.
    rememberOwner(exchange, parts.shared.devices, { ...confirmed.owner, steps: 1 })
    return confirmedAnswer(parts, exchange, confirmed)
  } catch (error) {
    return again(formFailure(texts, error, {}))
  }
}

function confirmedAnswer(parts: PageParts, exchange: Exchange, { interaction }: Onward): Answer {
  return parts.justDone.leadTo(exchange, { page: interaction === undefined ? '/confirmed' : `/interaction/${interaction}` })
}

/** The passkey that a newcomer has made on the page, if that holds. */
async function beginningOf(
  parts: PageParts,
  { call, exchange }: { call: Call; exchange: Exchange },
  { pending, answer }: { pending: PendingSignUp; answer: string },
): Promise<Beginning | undefined> {
  const { newcomer } = pending
  if (newcomer === undefined || !parts.methods.passkey || answer === '') return undefined
  const name = deviceNameOf(parts, exchange)
  const given = { place: newcomerPlace(exchange, newcomer.accountId), answer, name, client: exchange.client, by: whence(exchange) }
  return parts.passkeys.begin(call, newcomer, given)
}

export function confirmRoutes(parts: PageParts): Route[] {
  return [
    route({
      ...common,
      method: 'GET',
      path: '/confirm',
      rate: 'page',
      summary: 'Asks to confirm an address; changes nothing',
      input: { query: z.strictObject({ token: linkToken }) },
      answers,
      handle: friendly(parts, async (call, { query }, exchange) => {
        const pending = await parts.accounts.pendingSignUp(call, { token: query.token, browser: browserOf(exchange) })
        return pending === undefined ? dead(parts, exchange) : ask(parts, { call, exchange }, { token: query.token, pending })
      }),
    }),
    route({
      ...common,
      method: 'POST',
      path: '/confirm',
      rate: 'sign-in',
      summary: 'Confirms an address and makes the account',
      body: 'form',
      input: { body: confirmForm },
      answers,
      handle: friendly(parts, (call, { body }, exchange) => confirm(parts, { call, body, exchange })),
    }),
    route({
      ...common,
      method: 'GET',
      path: '/confirmed',
      rate: 'page',
      summary: 'Says that the address is confirmed',
      answers: { 200: 'html', 303: 'empty' },
      handle: async (_call, _input, exchange) =>
        parts.justDone.on(exchange) === undefined ? seeOther('/account') : page(confirmedPage(skinOf(parts, exchange), '/account')),
    }),
  ]
}
