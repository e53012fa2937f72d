// Asking for a mail with a way back in: the form, what is sent of it, and the page after it, which is the same for everybody.
import type { Call } from '#kernel/call.ts'
import { type Answer, type Exchange, page, type Route, route, seeOther } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { TOKEN_MINUTES } from '../accounts/mail-limits.ts'
import { deviceOf } from '../browser.ts'
import { type GuardedForm, guarded, guardOf } from '../guard/form.ts'
import { guardFields } from '../guard/part.ts'
import { csrfToken, type FormFailure, formAnswers, formPage, formText, friendly, type PageParts, skinOf } from '../pages/handling.ts'
import { type Base, BASES, paramsAt, type Place, placeOf } from '../pages/place.ts'
import type { Texts } from '../texts/en.ts'
import { type AskWords, forgotPage, mailedPage } from './pages.ts'
import type { ResetRequest } from './service.ts'

/** What is asked for. */
export interface Wanted {
  /** Below the base. */
  readonly path: string
  /** Of the form, for its guard. */
  readonly name: string
  readonly summaries: { readonly show: string; readonly send: string }
  words(texts: Texts): AskWords
  ask(call: Call, request: ResetRequest): Promise<void>
}

interface Asking {
  readonly call: Call
  readonly exchange: Exchange
  readonly place: Place
}

const common = { site: 'accounts', allow: { who: 'anyone' } } as const
const askForm = z.object({ csrf_token: csrfToken, email: formText })

export function askingRoutes(parts: PageParts, wanted: Wanted): Route[] {
  const asking = createAsking(parts, wanted)
  return BASES.flatMap((base) => placedRoutes(parts, { base, wanted, asking }))
}

interface AskingForm {
  show(at: Asking, failure?: FormFailure): Promise<Answer>
  send(at: Asking, body: z.infer<typeof askForm>): Promise<Answer>
}

function createAsking(parts: PageParts, { path, name, words, ask }: Wanted): AskingForm {
  const formAt = ({ base }: Place, address = ''): GuardedForm => ({ for: 'mail', name: `${name} ${base}`, address })
  const show: AskingForm['show'] = async (at, failure) => {
    const { exchange, place } = at
    const { state = {} } = failure ?? {}
    const guard = await guardOf(parts, at, { ...formAt(place, state.values?.['email']), state })
    const skin = skinOf(parts, exchange)
    const view = { action: `${place.base}${path}`, signInPath: place.signInPath, csrfToken: exchange.csrfToken(), state, guard }
    return formPage(forgotPage(skin, words(skin.texts), view), failure)
  }
  return {
    show,
    send(at, body) {
      const { call, exchange, place } = at
      const { email } = body
      return guarded(
        parts,
        { ...at, sent: { ...formAt(place, email), body, values: { email } } },
        {
          show: (failure) => show(at, failure),
          async run() {
            await ask(call, { email, client: exchange.client, device: deviceOf(exchange), interaction: place.interaction })
            return parts.justDone.leadTo(exchange, { page: `${place.base}${path}/sent`, minutes: TOKEN_MINUTES })
          },
        },
      )
    },
  }
}

interface Placed {
  readonly base: Base
  readonly wanted: Wanted
  readonly asking: AskingForm
}

function placedRoutes(parts: PageParts, { base, wanted, asking }: Placed): Route[] {
  const params = paramsAt(base)
  const path = `${base}${wanted.path}`
  return [
    route({
      ...common,
      method: 'GET',
      path,
      rate: 'page',
      summary: wanted.summaries.show,
      input: { params },
      answers: formAnswers,
      handle: friendly(parts, async (call, input, exchange) => asking.show({ call, exchange, place: placeOf(input.params) })),
    }),
    route({
      ...common,
      method: 'POST',
      path,
      rate: 'sign-in',
      summary: wanted.summaries.send,
      body: 'form',
      input: { params, body: askForm.extend(guardFields(parts.guard)).strict() },
      answers: formAnswers,
      handle: friendly(parts, (call, { params: given, body }, exchange) => asking.send({ call, exchange, place: placeOf(given) }, body)),
    }),
    route({
      ...common,
      method: 'GET',
      path: `${path}/sent`,
      rate: 'page',
      summary: 'What to do with the mail',
      input: { params },
      answers: { 200: 'html', 303: 'empty' },
      handle: friendly(parts, async (_call, input, exchange) => {
        const againPath = `${placeOf(input.params).base}${wanted.path}`
        if (parts.justDone.on(exchange) === undefined) return seeOther(againPath)
        const skin = skinOf(parts, exchange)
        const words = wanted.words(skin.texts).mailed(TOKEN_MINUTES)
        return page(mailedPage(skin, { words, againPath, mailbox: parts.settings.mailbox }))
      }),
    }),
  ]
}
