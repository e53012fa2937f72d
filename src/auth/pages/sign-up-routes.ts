// Signing up, alone or on the way to an app.
import type { Html } from '#kernel/html.ts'
import type { Call } from '#kernel/call.ts'
import { type Answer, type Exchange, page, type Route, route, seeOther } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { LINK_MINUTES } from '../accounts/sign-up.ts'
import { nameBrowser } from '../browser.ts'
import { guardFields } from '../guard/part.ts'
import { type GuardedForm, guarded, guardOf } from '../guard/form.ts'
import { confirmRoutes } from './confirm-routes.ts'
import { csrfToken, type FormFailure, formAnswers, formPage, formText, friendly, type PageParts, skinOf } from './handling.ts'
import type { Skin } from './layout.ts'
import { type Base, BASES, paramsAt, type Place, placeOf } from './place.ts'
import { upstreamButtons } from '../upstream/pages.ts'
import { checkMailPage, signUpPage } from './sign-up-page.ts'

const common = { site: 'accounts', allow: { who: 'anyone' } } as const
const signUpForm = z.object({ csrf_token: csrfToken, name: formText, email: formText, password: formText })

interface Visiting {
  readonly call: Call
  readonly exchange: Exchange
  readonly place: Place
}

export function signUpRoutes(parts: PageParts): Route[] {
  const { accounts } = parts

  /** Other providers lead back into an authorization; outside of one, the page to sign in has them. */
  const upstreamsAt = (skin: Skin, { interaction: uid }: Place): Html | undefined => {
    const list = parts.upstreams.list.filter(({ signUp }) => signUp)
    return uid === undefined || list.length === 0 ? undefined : upstreamButtons(skin, { uid, list })
  }
  const formAt = ({ base }: Place, address = ''): GuardedForm => ({ for: 'mail', name: `sign-up ${base}`, address })
  const show = async (at: Visiting, failure?: FormFailure): Promise<Answer> => {
    const { exchange, place } = at
    const skin = skinOf(parts, exchange)
    const { state = {} } = failure ?? {}
    const view = {
      action: `${place.base}/sign-up`,
      signInPath: place.signInPath,
      csrfToken: exchange.csrfToken(),
      state,
      password: parts.methods.password,
      others: upstreamsAt(skin, place),
      guard: await guardOf(parts, at, { ...formAt(place, state.values?.['email']), state }),
    }
    return formPage(signUpPage(skin, view), failure)
  }
  const submit = (at: Visiting, body: z.infer<typeof signUpForm>): Promise<Answer> => {
    const { call, exchange, place } = at
    const { name, email, password } = body
    const { interaction, base } = place
    const details = { name, email, password, client: exchange.client, browser: nameBrowser(exchange) }
    return guarded(
      parts,
      { ...at, sent: { ...formAt(place, email), body, values: { name, email } } },
      {
        show: (failure) => show(at, failure),
        async run() {
          await accounts.signUp(call, interaction === undefined ? details : { ...details, interaction })
          return parts.justDone.leadTo(exchange, { page: `${base}/check-mail`, minutes: LINK_MINUTES })
        },
      },
    )
  }
  const checkMail = (exchange: Exchange, { base, signInPath }: Place): Answer => {
    const signUpPath = `${base}/sign-up`
    if (parts.justDone.on(exchange) === undefined) return seeOther(signUpPath)
    const view = { signUpPath, signInPath, minutes: LINK_MINUTES, mailbox: parts.settings.mailbox }
    return page(checkMailPage(skinOf(parts, exchange), view))
  }

  return [...BASES.flatMap((base) => placedRoutes(base, { show, submit, checkMail, parts })), ...confirmRoutes(parts)]
}

interface PlacedHandlers {
  readonly parts: PageParts
  show(at: Visiting): Promise<Answer>
  submit(at: Visiting, body: z.infer<typeof signUpForm>): Promise<Answer>
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
      handle: friendly(parts, (call, input, exchange) => show({ call, exchange, place: placeOf(input.params) })),
    }),
    route({
      ...common,
      method: 'POST',
      path: `${base}/sign-up`,
      rate: 'sign-in',
      summary: 'Send the details of a new account',
      body: 'form',
      input: { params, body: signUpForm.extend(guardFields(parts.guard)).strict() },
      answers: formAnswers,
      handle: friendly(parts, (call, { params: given, body }, exchange) => submit({ call, exchange, place: placeOf(given) }, body)),
    }),
    route({
      ...common,
      method: 'GET',
      path: `${base}/check-mail`,
      rate: 'page',
      summary: 'What to do after signing up',
      input: { params },
      answers: { 200: 'html', 303: 'empty' },
      handle: friendly(parts, async (_call, input, exchange) => checkMail(exchange, placeOf(input.params))),
    }),
  ]
}
