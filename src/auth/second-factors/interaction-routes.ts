// The second step on the way in: codes, setting one up where it is asked for, and starting over.
import type { Call } from '#kernel/call.ts'
import { html } from '#kernel/html.ts'
import { type Answer, type Exchange, type Route, route, seeOther } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { nameBrowser, whence } from '../browser.ts'
import type { HalfSignIn, Interaction } from '../engine.ts'
import {
  csrfToken,
  emptyForm,
  type FormFailure,
  formAnswers,
  formFailure,
  formPage,
  formText,
  friendly,
  type PageParts,
  refused,
  skinOf,
  uidParams,
} from '../pages/handling.ts'
import { answersOf, policyFor } from '../pages/interaction-answers.ts'
import { csrfField } from '../pages/layout.ts'
import { recoveryCodesPage } from './pages.ts'

const common = {
  site: 'accounts',
  allow: { who: 'handler', reason: 'Belongs to the browser that holds the cookie of this interaction, after a first step.' },
  method: 'POST',
  body: 'form',
  answers: formAnswers,
} as const
const codeForm = z.strictObject({ csrf_token: csrfToken, way: z.enum(['totp', 'recovery']), code: formText, recovery: formText })
const enrolForm = z.strictObject({ csrf_token: csrfToken, sealed: formText, code: formText })

interface Asked {
  readonly call: Call
  readonly exchange: Exchange
  readonly interaction: Interaction
  readonly half: HalfSignIn
}

const failed = (field: string, text: string, way: string): FormFailure => refused({ problems: { [field]: text }, values: { way } })

export function secondStepRoutes(parts: PageParts): Route[] {
  const { engine } = parts

  /** Runs it for whoever has proved a first step here; all others see what the interaction shows. */
  const halfway = async (call: Call, exchange: Exchange, run: (asked: Asked) => Promise<Answer>): Promise<Answer> => {
    const interaction = await engine.interaction(exchange)
    if (interaction === undefined) return answersOf(parts).ended(exchange)
    const { half } = interaction
    return half === undefined ? seeOther(`/interaction/${interaction.uid}`) : run({ call, exchange, interaction, half })
  }

  return [
    route({
      ...common,
      path: '/interaction/:uid/second-step',
      rate: 'sign-in',
      summary: 'Send a code of the second step',
      input: { params: uidParams, body: codeForm },
      handle: friendly(parts, (call, { body }, exchange) => halfway(call, exchange, (asked) => prove(parts, asked, body))),
    }),
    route({
      ...common,
      path: '/interaction/:uid/second-step/set-up',
      rate: 'sign-in',
      summary: 'Set up an authenticator app on the way in',
      input: { params: uidParams, body: enrolForm },
      handle: friendly(parts, (call, { body }, exchange) => halfway(call, exchange, (asked) => enrol(parts, asked, body))),
    }),
    route({
      ...common,
      path: '/interaction/:uid/go-on',
      rate: 'page',
      summary: 'Go on when nothing is missing any more',
      input: { params: uidParams, body: emptyForm },
      handle: friendly(parts, (call, _input, exchange) =>
        halfway(call, exchange, async () => {
          exchange.renewCsrf()
          return engine.continueSignIn(exchange)
        }),
      ),
    }),
    route({
      ...common,
      path: '/interaction/:uid/start-over',
      rate: 'page',
      summary: 'Forget the first step',
      input: { params: uidParams, body: emptyForm },
      handle: friendly(parts, (call, _input, exchange) => halfway(call, exchange, () => engine.restartSignIn(exchange))),
    }),
  ]
}

async function prove(parts: PageParts, { call, exchange, interaction, half }: Asked, typed: z.infer<typeof codeForm>): Promise<Answer> {
  const { accountId, next } = half
  const { texts } = skinOf(parts, exchange)
  const { proof, field, wrong, code } =
    typed.way === 'recovery'
      ? ({ proof: 'recovery_code', field: 'recovery', wrong: texts.secondStep.wrongRecovery, code: typed.recovery } as const)
      : ({ proof: 'totp', field: 'code', wrong: texts.secondStep.wrongCode, code: typed.code } as const)
  const show = (failure?: FormFailure): Promise<Answer> => answersOf(parts).signIn(call, exchange, { interaction, failure })
  // What the page does not offer counts for nothing: a code is no step towards what only a passkey can prove.
  if (next?.kind !== 'prove' || !next[typed.way]) return show()
  const given = { accountId, client: exchange.client, by: whence(exchange), code }
  try {
    const person = await parts.accounts.find(call, accountId)
    const holds =
      proof === 'totp' ? await parts.secondFactors.proveTotp(call, given) : await parts.secondFactors.proveRecoveryCode(call, given)
    if (!holds || person === undefined || person.suspended) return await show(failed(field, wrong, typed.way))
    exchange.renewCsrf()
    return await parts.engine.finishSignIn(exchange, { accountId, credential: person.credential, by: proof })
  } catch (error) {
    return show(formFailure(texts, error, { way: typed.way }))
  }
}

async function enrol(parts: PageParts, { call, exchange, interaction, half }: Asked, typed: z.infer<typeof enrolForm>): Promise<Answer> {
  const { accountId, credential, next } = half
  const skin = skinOf(parts, exchange, `/interaction/${interaction.uid}`)
  const show = (failure?: FormFailure): Promise<Answer> =>
    answersOf(parts).signIn(call, exchange, { interaction, failure, sealed: typed.sealed })
  if (next?.kind !== 'enrol' || !next.totp) return show()
  const place = { accountId, browser: nameBrowser(exchange), by: whence(exchange) }
  const outcome = await parts.secondFactors.enable(call, place, typed)
  if (outcome === 'wrong_code') return show(failed('code', skin.texts.secondStep.wrongClock, 'totp'))
  if (outcome === 'ended') return seeOther(`/interaction/${interaction.uid}`)
  exchange.renewCsrf()
  if (outcome.codes.length === 0) return parts.engine.finishSignIn(exchange, { accountId, credential, by: 'totp' })
  await parts.engine.finishSignIn(exchange, { accountId, credential, by: 'totp', hold: true })
  const token = exchange.csrfToken()
  const body = recoveryCodesPage(skin, {
    codes: outcome.codes,
    words: skin.texts.secondStep.codesAfter,
    below: html`<form class="form" method="post" action="/interaction/${interaction.uid}/go-on">${csrfField(token)}<button class="button" type="submit">${skin.texts.secondStep.keptGoOn}</button></form>`,
  })
  return formPage(body, undefined, policyFor(interaction))
}
