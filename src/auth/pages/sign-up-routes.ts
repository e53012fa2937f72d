// Signing up, alone or on the way to an app.
import type { Html } from '#kernel/html.ts'
import type { Call } from '#kernel/call.ts'
import { type Answer, type Exchange, page, type Route, route, seeOther } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { LINK_MINUTES } from '../accounts/sign-up.ts'
import { nameBrowser } from '../browser.ts'
import { confirmRoutes } from './confirm-routes.ts'
import { csrfToken, type FormFailure, formAnswers, formFailure, formPage, formText, friendly, type PageParts, skinOf } from './handling.ts'
import type { Skin } from './layout.ts'
import { type Base, BASES, paramsAt, type Place, placeOf } from './place.ts'
import { upstreamButtons } from '../upstream/pages.ts'
import { checkMailPage, signUpPage } from './sign-up-page.ts'

const common = { site: 'accounts', allow: { who: 'anyone' } } as const
const signUpForm = z.strictObject({ csrf_token: csrfToken, name: formText, email: formText, password: formText })

export function signUpRoutes(parts: PageParts): Route[] {
  const { accounts } = parts

  /** Other providers lead back into an authorization; outside of one, the page to sign in has them. */
  const upstreamsAt = (skin: Skin, { interaction: uid }: Place): Html | undefined => {
    const list = parts.upstreams.list.filter(({ signUp }) => signUp)
    return uid === undefined || list.length === 0 ? undefined : upstreamButtons(skin, { uid, list })
  }
  const show = (exchange: Exchange, place: Place, failure?: FormFailure): Answer => {
    const skin = skinOf(parts, exchange)
    const view = {
      action: `${place.base}/sign-up`,
      signInPath: place.signInPath,
      csrfToken: exchange.csrfToken(),
      state: failure?.state ?? {},
      password: parts.methods.password,
      others: upstreamsAt(skin, place),
    }
    return formPage(signUpPage(skin, view), failure)
  }
  const submit = async (call: Call, exchange: Exchange, given: { place: Place; body: z.infer<typeof signUpForm> }): Promise<Answer> => {
    const { name, email, password } = given.body
    const { interaction, base } = given.place
    const details = { name, email, password, client: exchange.client, browser: nameBrowser(exchange) }
    try {
      await accounts.signUp(call, interaction === undefined ? details : { ...details, interaction })
      return seeOther(`${base}/check-mail`)
    } catch (error) {
      return show(exchange, given.place, formFailure(skinOf(parts, exchange).texts, error, { name, email }))
    }
  }
  const checkMail = (exchange: Exchange, { base, signInPath }: Place): Answer =>
    page(
      checkMailPage(skinOf(parts, exchange), {
        signUpPath: `${base}/sign-up`,
        signInPath,
        minutes: LINK_MINUTES,
        mailbox: parts.settings.mailbox,
      }),
    )

  return [...BASES.flatMap((base) => placedRoutes(base, { show, submit, checkMail, parts })), ...confirmRoutes(parts)]
}

interface PlacedHandlers {
  readonly parts: PageParts
  show(exchange: Exchange, place: Place): Answer
  submit(call: Call, exchange: Exchange, given: { place: Place; body: z.infer<typeof signUpForm> }): Promise<Answer>
  checkMail(exchange: Exchange, place: Place): Answer
}

function placedRoutes(base: Base, { show, submit, checkMail, parts }: PlacedHandlers): Route[] {
  const params = paramsAt(base)
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
