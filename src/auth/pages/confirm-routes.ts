// Confirming the address of a sign-up by the mailed link. Looking at a link never uses it up: mail scanners look.
import type { Call } from '#kernel/call.ts'
import { type Answer, type Exchange, page, type Route, route, seeOther } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { LINK_MINUTES, type PendingSignUp } from '../accounts/sign-up.ts'
import { browserOf, whence } from '../browser.ts'
import { errorPage } from './engine-pages.ts'
import { csrfToken, type FormFailure, formAnswers, formFailure, formPage, formText, friendly, type PageParts, skinOf } from './handling.ts'
import { confirmedPage, confirmPage } from './sign-in-page.ts'

const common = { site: 'accounts', allow: { who: 'anyone' } } as const
const answers = { ...formAnswers, 410: 'html' } as const
const linkToken = z.string().max(200).default('')
const confirmForm = z.strictObject({ csrf_token: csrfToken, token: linkToken, username: z.string().optional(), password: formText })

const NOT_THE_PASSWORD: FormFailure = {
  status: 422,
  headers: {},
  state: { problems: { password: 'This is not the password of this sign-up. If you have signed up again since, use the newest mail.' } },
}

function dead(parts: PageParts, exchange: Exchange): Answer {
  const words = `Links in our mails work once and for ${LINK_MINUTES} minutes. If your address is confirmed already, just sign in; otherwise sign up again and we send you a new one.`
  const ways = [
    { words: 'Sign in', path: '/account' },
    { words: 'Sign up again', path: '/sign-up' },
  ]
  return page(errorPage(skinOf(parts, exchange), { heading: 'This link does not work any more', words, ways }), 410)
}

function ask(
  parts: PageParts,
  exchange: Exchange,
  { token, pending, failure }: { token: string; pending: PendingSignUp; failure?: FormFailure },
): Answer {
  const { email, needsPassword } = pending
  const view = { email, token, needsPassword, csrfToken: exchange.csrfToken(), state: failure?.state ?? {} }
  return formPage(confirmPage(skinOf(parts, exchange), view), failure)
}

async function confirm(
  parts: PageParts,
  { call, body, exchange }: { call: Call; body: z.infer<typeof confirmForm>; exchange: Exchange },
): Promise<Answer> {
  const { accounts } = parts
  const { token, password } = body
  const browser = browserOf(exchange)
  const pending = await accounts.pendingSignUp(call, { token, browser })
  if (pending === undefined) return dead(parts, exchange)
  try {
    const confirmed = await accounts.confirm(call, { token, browser, password, client: exchange.client, by: whence(exchange) })
    if (confirmed === undefined) return dead(parts, exchange)
    if (confirmed === 'wrong_password') return ask(parts, exchange, { token, pending, failure: NOT_THE_PASSWORD })
    return seeOther(confirmed.interaction === undefined ? '/confirmed' : `/interaction/${confirmed.interaction}?confirmed=1`)
  } catch (error) {
    return ask(parts, exchange, { token, pending, failure: formFailure(error, {}) })
  }
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
        return pending === undefined ? dead(parts, exchange) : ask(parts, exchange, { token: query.token, pending })
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
      answers: { 200: 'html' },
      handle: async (_call, _input, exchange) => page(confirmedPage(skinOf(parts, exchange), '/account')),
    }),
  ]
}
