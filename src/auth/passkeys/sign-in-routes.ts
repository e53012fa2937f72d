// Signing in with a passkey, from the sign-in page.
import type { Call } from '#kernel/call.ts'
import { type Answer, type Exchange, ok, type Route, route, seeOther } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { whence } from '../browser.ts'
import { csrfToken, formAnswers, formFailure, friendly, type PageParts, refused, skinOf, uidParams } from '../pages/handling.ts'
import { answersOf } from '../pages/interaction-answers.ts'
import { signInPlace } from './feature.ts'
import { answerText } from './schemas.ts'

const common = {
  site: 'accounts',
  path: '/interaction/:uid/passkey',
  allow: { who: 'handler', reason: 'Belongs to the browser that holds the cookie of this interaction.' },
} as const
const answerForm = z.strictObject({ csrf_token: csrfToken, answer: answerText })

export function passkeySignInRoutes(parts: PageParts): Route[] {
  return [
    route({
      ...common,
      method: 'GET',
      rate: 'page',
      summary: 'A new challenge for passkeys, before the last one is too old',
      input: { params: uidParams },
      answers: { 200: z.looseObject({ challenge: z.string() }), 400: 'html' },
      handle: friendly(parts, async (call, { params }, exchange) => {
        const interaction = await parts.engine.interaction(exchange)
        if (interaction === undefined) return answersOf(parts).ended(exchange)
        return ok(await parts.passkeys.requestOptions(call, signInPlace(exchange, params.uid)), { 'cache-control': 'no-store' })
      }),
    }),
    route({
      ...common,
      method: 'POST',
      rate: 'sign-in',
      summary: 'Send what a passkey says',
      body: 'form',
      input: { params: uidParams, body: answerForm },
      answers: formAnswers,
      handle: friendly(parts, (call, { body }, exchange) => signIn(parts, { call, exchange, answer: body.answer })),
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
