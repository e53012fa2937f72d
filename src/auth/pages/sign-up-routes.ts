// Signing up, alone or on the way to an app, and confirming the address. Looking at a link never uses it up: mail scanners look.
import type { Call } from '#kernel/call.ts'
import { type Answer, type Exchange, page, type Route, route, seeOther } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { LINK_MINUTES } from '../accounts/service.ts'
import { errorPage } from './engine-pages.ts'
import {
  csrfToken,
  type FormFailure,
  formAnswers,
  formFailure,
  formPage,
  formText,
  friendly,
  type PageParts,
  skinOf,
  uidParams,
} from './handling.ts'
import { checkMailPage, confirmedPage, confirmPage, signUpPage } from './sign-in-page.ts'

const common = { site: 'accounts', allow: { who: 'anyone' } } as const
const signUpForm = z.strictObject({ csrf_token: csrfToken, name: formText, email: formText, password: formText })
const linkToken = z.string().max(200).default('')
const confirmForm = z.strictObject({ csrf_token: csrfToken, token: linkToken })

/** Where a sign-up stands: by itself, or inside an authorization that it comes back to. */
interface Place {
  readonly base: string
  readonly signInPath: string
  readonly interaction?: string
}

const alone: Place = { base: '', signInPath: '/account' }
const within = (uid: string): Place => ({ base: `/interaction/${uid}`, signInPath: `/interaction/${uid}`, interaction: uid })

export function signUpRoutes(parts: PageParts): Route[] {
  const { accounts } = parts

  const show = (exchange: Exchange, place: Place, failure?: FormFailure): Answer => {
    const view = {
      action: `${place.base}/sign-up`,
      signInPath: place.signInPath,
      csrfToken: exchange.csrfToken(),
      state: failure?.state ?? {},
    }
    return formPage(signUpPage(skinOf(parts, exchange), view), failure)
  }
  const submit = async (call: Call, exchange: Exchange, given: { place: Place; body: z.infer<typeof signUpForm> }): Promise<Answer> => {
    const { name, email, password } = given.body
    const { interaction, base } = given.place
    try {
      await accounts.signUp(call, { name, email, password, client: exchange.client, ...(interaction === undefined ? {} : { interaction }) })
      return seeOther(`${base}/check-mail`)
    } catch (error) {
      return show(exchange, given.place, formFailure(error, { name, email }))
    }
  }
  const checkMail = (exchange: Exchange, { base, signInPath }: Place): Answer =>
    page(checkMailPage(skinOf(parts, exchange), { signUpPath: `${base}/sign-up`, signInPath, minutes: LINK_MINUTES }))

  return [
    ...placedRoutes('', { show, submit, checkMail, parts }),
    ...placedRoutes('/interaction/:uid', { show, submit, checkMail, parts }),
    ...confirmRoutes(parts),
  ]
}

interface PlacedHandlers {
  readonly parts: PageParts
  show(exchange: Exchange, place: Place): Answer
  submit(call: Call, exchange: Exchange, given: { place: Place; body: z.infer<typeof signUpForm> }): Promise<Answer>
  checkMail(exchange: Exchange, place: Place): Answer
}

function placedRoutes(base: '' | '/interaction/:uid', { show, submit, checkMail, parts }: PlacedHandlers): Route[] {
  const params = base === '' ? z.strictObject({}) : uidParams
  const placeOf = (given: object): Place => ('uid' in given && typeof given.uid === 'string' ? within(given.uid) : alone)
  return [
    route({
      ...common,
      method: 'GET',
      path: `${base}/sign-up`,
      rate: 'page',
      summary: 'Create an account',
      input: { params },
      answers: formAnswers,
      handle: friendly(parts, async (_call, input, exchange) => show(exchange, placeOf(input.params))),
    }),
    route({
      ...common,
      method: 'POST',
      path: `${base}/sign-up`,
      rate: 'sign-in',
      summary: 'Send the details of a new account',
      body: 'form',
      input: { params, body: signUpForm },
      answers: formAnswers,
      handle: friendly(parts, async (call, input, exchange) => submit(call, exchange, { place: placeOf(input.params), body: input.body })),
    }),
    route({
      ...common,
      method: 'GET',
      path: `${base}/check-mail`,
      rate: 'page',
      summary: 'What to do after signing up',
      input: { params },
      answers: { 200: 'html' },
      handle: friendly(parts, async (_call, input, exchange) => checkMail(exchange, placeOf(input.params))),
    }),
  ]
}

function confirmRoutes(parts: PageParts): Route[] {
  const { accounts } = parts
  const answers = { 200: 'html', 303: 'empty', 410: 'html' } as const

  const dead = (exchange: Exchange): Answer => {
    const words = `Links in our mails work once and for ${LINK_MINUTES} minutes. If your address is confirmed already, just sign in; otherwise sign up again and we send you a new one.`
    const ways = [
      { words: 'Sign in', path: '/account' },
      { words: 'Sign up again', path: '/sign-up' },
    ]
    return page(errorPage(skinOf(parts, exchange), { heading: 'This link does not work any more', words, ways }), 410)
  }

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
        const pending = await accounts.pendingSignUp(call, query.token)
        if (pending === undefined) return dead(exchange)
        return page(confirmPage(skinOf(parts, exchange), { email: pending.email, token: query.token, csrfToken: exchange.csrfToken() }))
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
      handle: friendly(parts, async (call, { body }, exchange) => {
        const confirmed = await accounts.confirm(call, body.token)
        if (confirmed === undefined) return dead(exchange)
        return seeOther(confirmed.interaction === undefined ? '/confirmed' : `/interaction/${confirmed.interaction}?confirmed=1`)
      }),
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
