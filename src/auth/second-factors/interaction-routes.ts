// The second step on the way in: codes, setting one up where it is asked for, and starting over.
import { html } from '#kernel/html.ts'
import type { Answer, Route } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { deviceOf, nameBrowser, whence } from '../browser.ts'
import {
  csrfToken,
  emptyForm,
  type FormFailure,
  formPage,
  formText,
  type PageParts,
  refused,
  skinOf,
  uidParams,
} from '../pages/handling.ts'
import { hasSecondStep } from '../methods.ts'
import { answersOf, policyFor } from '../pages/interaction-answers.ts'
import { csrfField } from '../pages/layout.ts'
import { type At, type HalfAt, halfStep } from '../pages/step.ts'
import { guardFields } from '../guard/part.ts'
import { guarded } from '../guard/form.ts'
import { secondStepForm } from './half-pages.ts'
import { recoveryCodesPage } from './pages.ts'
import type { EnrolmentPlace } from './service.ts'

const codeForm = z.object({ csrf_token: csrfToken, way: z.enum(['totp', 'recovery']), code: formText, recovery: formText })
const enrolForm = z.strictObject({ csrf_token: csrfToken, sealed: formText, code: formText })

const failed = (field: string, text: string, way: string): FormFailure => refused({ problems: { [field]: text }, values: { way } })

export function secondStepRoutes(parts: PageParts): Route[] {
  const { engine, methods } = parts
  return [
    ...(hasSecondStep(methods) ? [provingRoute(parts)] : []),
    ...(methods.totp && hasSecondStep(methods) ? [setUpRoute(parts)] : []),
    halfStep(
      parts,
      { path: '/go-on', rate: 'page', summary: 'Go on when nothing is missing any more', input: { params: uidParams, body: emptyForm } },
      ({ exchange }) => {
        exchange.renewCsrf()
        return engine.continueSignIn(exchange)
      },
    ),
    halfStep(
      parts,
      { path: '/start-over', rate: 'page', summary: 'Forget the first step', input: { params: uidParams, body: emptyForm } },
      ({ exchange }) => engine.restartSignIn(exchange),
    ),
  ]
}

function provingRoute(parts: PageParts): Route {
  return halfStep(
    parts,
    {
      path: '/second-step',
      summary: 'Send a code of the second step',
      input: { params: uidParams, body: codeForm.extend(guardFields(parts.guard)).strict() },
      without: (at) => refuse(parts, at, 'tooLate'),
    },
    (at, { body }) => prove(parts, at, body),
  )
}

function setUpRoute(parts: PageParts): Route {
  return halfStep(
    parts,
    {
      path: '/second-step/set-up',
      summary: 'Set up an authenticator app on the way in',
      input: { params: uidParams, body: enrolForm },
      // The first step counts for less long than it may take to find and install an app.
      without: (at) => refuse(parts, at, 'tooOldToGoOn'),
    },
    (at, { body }) => enrol(parts, at, body),
  )
}

async function prove(parts: PageParts, at: HalfAt, typed: z.infer<typeof codeForm>): Promise<Answer> {
  const { call, exchange, interaction, half } = at
  const { accountId, credential, next } = half
  const { texts } = skinOf(parts, exchange)
  const { proof, field, wrong, code } =
    typed.way === 'recovery'
      ? ({ proof: 'recovery_code', field: 'recovery', wrong: texts.secondStep.wrongRecovery, code: typed.recovery } as const)
      : ({ proof: 'totp', field: 'code', wrong: texts.secondStep.wrongCode, code: typed.code } as const)
  const show = (failure?: FormFailure): Promise<Answer> => answersOf(parts).signIn(call, exchange, { interaction, failure })
  // What the page does not offer counts for nothing: a code is no step towards what only a passkey can prove.
  if (next?.kind !== 'prove' || !next[typed.way]) return show()
  const given = { accountId, client: exchange.client, device: deviceOf(exchange), by: whence(exchange), code }
  const person = await parts.accounts.find(call, accountId)
  return guarded(
    parts,
    { ...at, sent: { ...secondStepForm(interaction, person), body: typed, values: { way: typed.way } } },
    {
      show,
      async run(honest) {
        const { secondFactors, engine } = parts
        const holds = proof === 'totp' ? await secondFactors.proveTotp(call, given) : await secondFactors.proveRecoveryCode(call, given)
        if (!holds || person === undefined || person.suspended) return show(failed(field, wrong, typed.way))
        await honest()
        exchange.renewCsrf()
        return engine.finishSignIn(exchange, { accountId, credential, by: proof })
      },
    },
  )
}

type Refusal = 'tooLate' | 'tooOld' | 'tooOldToGoOn' | 'setUpElsewhere'

/** What is asked for now, and what to do with the entry that the person has made in an app meanwhile. */
function refuse(parts: PageParts, { call, exchange, interaction }: At, why: Refusal): Promise<Answer> {
  const { texts } = skinOf(parts, exchange)
  return answersOf(parts).signIn(call, exchange, { interaction, failure: refused({ problem: texts.secondStep[why] }) })
}

interface Sent {
  readonly place: EnrolmentPlace
  readonly sealed: string
}

/** The sign-in has got past it, in another window. */
async function notAsked(parts: PageParts, at: At, { place, sealed }: Sent): Promise<Answer> {
  const { call, exchange, interaction } = at
  const { totpSince } = await parts.secondFactors.state(call, place.accountId)
  const same = totpSince === undefined ? undefined : await parts.secondFactors.setUpBy(call, place, sealed)
  if (totpSince !== undefined && same === undefined) return refuse(parts, at, 'setUpElsewhere')
  // Pressed twice: the browser shows this answer in place of the one that had them. Whoever has still to prove the second step is given nothing that proves it.
  return same === undefined || same.codes.length === 0 || interaction.half?.next !== undefined
    ? answersOf(parts).signIn(call, exchange, { interaction })
    : showCodes(parts, at, same.codes)
}

function showCodes(parts: PageParts, { exchange, interaction }: At, codes: readonly string[]): Answer {
  const skin = skinOf(parts, exchange, `/interaction/${interaction.uid}`)
  exchange.renewCsrf()
  const token = exchange.csrfToken()
  const body = recoveryCodesPage(skin, {
    codes,
    words: skin.texts.secondStep.codesAfter,
    below: html`<form class="form" method="post" action="/interaction/${interaction.uid}/go-on">${csrfField(token)}<button class="button" type="submit">${skin.texts.secondStep.keptGoOn}</button></form>`,
  })
  return formPage(body, undefined, policyFor(interaction))
}

async function notSetUp(parts: PageParts, at: At, sent: Sent): Promise<Answer> {
  // Looked at anew: the password may have been changed at this moment, or another app set up.
  const interaction = await parts.engine.interaction(at.exchange)
  if (interaction === undefined) return answersOf(parts).ended(at.exchange)
  const now = { ...at, interaction }
  if (interaction.half === undefined) return refuse(parts, now, 'tooOldToGoOn')
  return interaction.half.next?.kind === 'enrol' ? refuse(parts, now, 'tooOld') : notAsked(parts, now, sent)
}

async function enrol(parts: PageParts, { call, exchange, interaction, half }: HalfAt, typed: z.infer<typeof enrolForm>): Promise<Answer> {
  const { accountId, credential, next } = half
  const skin = skinOf(parts, exchange, `/interaction/${interaction.uid}`)
  const place = { accountId, credential, browser: nameBrowser(exchange), by: whence(exchange) }
  if (next?.kind !== 'enrol' || !next.totp) return notAsked(parts, { call, exchange, interaction }, { place, sealed: typed.sealed })
  const outcome = await parts.secondFactors.enable(call, place, typed)
  if (outcome === 'wrong_code') {
    const failure = failed('code', skin.texts.secondStep.wrongClock, 'totp')
    return answersOf(parts).signIn(call, exchange, { interaction, failure, sealed: typed.sealed })
  }
  if (outcome === 'ended') return notSetUp(parts, { call, exchange, interaction }, { place, sealed: typed.sealed })
  if (outcome.codes.length === 0) {
    exchange.renewCsrf()
    return parts.engine.finishSignIn(exchange, { accountId, credential, by: 'totp' })
  }
  await parts.engine.finishSignIn(exchange, { accountId, credential, by: 'totp', hold: true })
  return showCodes(parts, { call, exchange, interaction }, outcome.codes)
}
