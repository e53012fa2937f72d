// Signing in with a passkey, from the sign-in page.
import { type Answer, ok, type Route, seeOther } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { deviceOf, whence } from '../browser.ts'
import { csrfToken, formFailure, formText, type PageParts, refused, skinOf, uidParams } from '../pages/handling.ts'
import { answersOf } from '../pages/interaction-answers.ts'
import { type At, type HalfAt, halfStep, step } from '../pages/step.ts'
import { enrolPlace, signInPlace } from './places.ts'
import { answerText } from './schemas.ts'

const answerForm = z.strictObject({ csrf_token: csrfToken, answer: answerText })
const addForm = z.strictObject({ csrf_token: csrfToken, name: formText, answer: answerText })

export function passkeySignInRoutes(parts: PageParts): Route[] {
  return [
    step(
      parts,
      {
        path: '/passkey',
        summary: 'A new challenge for passkeys, before the last one is too old',
        input: { params: uidParams },
        answers: { 200: z.looseObject({ challenge: z.string() }), 303: 'empty', 400: 'html' },
      },
      async ({ call, exchange, interaction: { uid, half } }) =>
        ok(await parts.passkeys.requestOptions(call, signInPlace(exchange, uid), half?.accountId), { 'cache-control': 'no-store' }),
    ),
    step(parts, { path: '/passkey', summary: 'Send what a passkey says', input: { params: uidParams, body: answerForm } }, (at, { body }) =>
      signIn(parts, at, body.answer),
    ),
    halfStep(
      parts,
      {
        path: '/passkey/add',
        summary: 'Make a passkey on the way in, where a second factor is asked for',
        input: { params: uidParams, body: addForm },
        // The device has made one that nobody knows here.
        without: ({ call, exchange, interaction }) => {
          const { tooLate } = skinOf(parts, exchange).texts.passkeys
          return answersOf(parts).signIn(call, exchange, { interaction, failure: refused({ problem: tooLate }) })
        },
      },
      (at, { body }) => add(parts, at, body),
    ),
  ]
}

async function signIn(parts: PageParts, { call, exchange, interaction }: At, answer: string): Promise<Answer> {
  const show = answersOf(parts)
  const { texts } = skinOf(parts, exchange)
  try {
    const place = signInPlace(exchange, interaction.uid)
    const known = parts.shared.devices.passOf(deviceOf(exchange))?.name
    const owner = await parts.passkeys.prove(call, { place, answer, client: exchange.client, known, by: whence(exchange) })
    if (owner === undefined)
      return await show.signIn(call, exchange, { interaction, failure: refused({ problem: texts.passkeys.refused }) })
    exchange.renewCsrf()
    return await parts.engine.finishSignIn(exchange, { ...owner, by: 'passkey' })
  } catch (error) {
    return show.signIn(call, exchange, { interaction, failure: formFailure(texts, error, {}) })
  }
}

async function add(
  parts: PageParts,
  { call, exchange, interaction, half }: HalfAt,
  { answer, name }: z.infer<typeof addForm>,
): Promise<Answer> {
  const show = answersOf(parts)
  const { texts } = skinOf(parts, exchange)
  const { uid } = interaction
  if (half.next?.kind !== 'enrol' || !half.next.passkey) return seeOther(`/interaction/${uid}`)
  const { accountId, credential } = half
  const owner = await parts.accounts.find(call, accountId)
  if (owner?.credential !== credential || owner.suspended) return seeOther(`/interaction/${uid}`)
  try {
    const given = { place: enrolPlace(exchange, uid, accountId), answer, name, client: exchange.client, by: whence(exchange) }
    const added = await parts.passkeys.add(call, owner, given)
    if (added === undefined)
      return await show.signIn(call, exchange, { interaction, failure: refused({ problem: texts.passkeys.notAdded }) })
    exchange.renewCsrf()
    return await parts.engine.finishSignIn(exchange, { accountId, credential, by: 'passkey' })
  } catch (error) {
    return show.signIn(call, exchange, { interaction, failure: formFailure(texts, error, {}) })
  }
}
