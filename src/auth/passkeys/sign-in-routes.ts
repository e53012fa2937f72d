// Signing in with a passkey, from the sign-in page.
import type { Call } from '#kernel/call.ts'
import { type Answer, type Exchange, ok, type Route, route, seeOther } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { whence } from '../browser.ts'
import { csrfToken, formAnswers, formFailure, formText, friendly, type PageParts, refused, skinOf, uidParams } from '../pages/handling.ts'
import { answersOf } from '../pages/interaction-answers.ts'
import { enrolPlace, signInPlace } from './places.ts'
import { answerText } from './schemas.ts'

const PATH = '/interaction/:uid/passkey'

const common = {
  site: 'accounts',
  allow: { who: 'handler', reason: 'Belongs to the browser that holds the cookie of this interaction.' },
} as const
const answerForm = z.strictObject({ csrf_token: csrfToken, answer: answerText })
const addForm = z.strictObject({ csrf_token: csrfToken, name: formText, answer: answerText })

export function passkeySignInRoutes(parts: PageParts): Route[] {
  return [
    route({
      ...common,
      method: 'GET',
      path: PATH,
      rate: 'page',
      summary: 'A new challenge for passkeys, before the last one is too old',
      input: { params: uidParams },
      answers: { 200: z.looseObject({ challenge: z.string() }), 400: 'html' },
      handle: friendly(parts, async (call, { params }, exchange) => {
        const interaction = await parts.engine.interaction(exchange)
        if (interaction === undefined) return answersOf(parts).ended(exchange)
        const { half } = interaction
        return ok(await parts.passkeys.requestOptions(call, signInPlace(exchange, params.uid), half?.accountId), {
          'cache-control': 'no-store',
        })
      }),
    }),
    route({
      ...common,
      method: 'POST',
      path: PATH,
      rate: 'sign-in',
      summary: 'Send what a passkey says',
      body: 'form',
      input: { params: uidParams, body: answerForm },
      answers: formAnswers,
      handle: friendly(parts, (call, { body }, exchange) => signIn(parts, { call, exchange, answer: body.answer })),
    }),
    route({
      ...common,
      method: 'POST',
      path: `${PATH}/add`,
      rate: 'sign-in',
      summary: 'Make a passkey on the way in, where a second factor is asked for',
      body: 'form',
      input: { params: uidParams, body: addForm },
      answers: formAnswers,
      handle: friendly(parts, (call, { body }, exchange) => add(parts, { call, exchange, ...body })),
    }),
  ]
}

async function signIn(parts: PageParts, asked: { call: Call; exchange: Exchange; answer: string }): Promise<Answer> {
  const { call, exchange, answer } = asked
  const show = answersOf(parts)
  const { texts } = skinOf(parts, exchange)
  const interaction = await parts.engine.interaction(exchange)
  if (interaction === undefined) return show.ended(exchange)
  if (interaction.prompt !== 'login') return seeOther(`/interaction/${interaction.uid}`)
  try {
    const place = signInPlace(exchange, interaction.uid)
    const owner = await parts.passkeys.prove(call, { place, answer, client: exchange.client, by: whence(exchange) })
    if (owner === undefined)
      return await show.signIn(call, exchange, { interaction, failure: refused({ problem: texts.passkeys.refused }) })
    exchange.renewCsrf()
    return await parts.engine.finishSignIn(exchange, { ...owner, by: 'passkey' })
  } catch (error) {
    return show.signIn(call, exchange, { interaction, failure: formFailure(texts, error, {}) })
  }
}

async function add(parts: PageParts, asked: { call: Call; exchange: Exchange; answer: string; name: string }): Promise<Answer> {
  const { call, exchange, answer, name } = asked
  const show = answersOf(parts)
  const { texts } = skinOf(parts, exchange)
  const interaction = await parts.engine.interaction(exchange)
  if (interaction === undefined) return show.ended(exchange)
  const { half, uid } = interaction
  if (half?.next?.kind !== 'enrol' || !half.next.passkey) return seeOther(`/interaction/${uid}`)
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
