// The pages on which an authorization stops: sign in, sign up on the way, allow or not.
import { type Call, callIn } from '#kernel/call.ts'
import { type Answer, type Exchange, page, type Route, route } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { deviceOf, whence } from '../browser.ts'
import type { Interaction } from '../engine.ts'
import { guardAsker, guardFields, guardSaid } from '../guard/part.ts'
import { languageOf } from '../texts/language.ts'
import { endOthersBefore } from './end-others.ts'
import { csrfToken, formAnswers, formFailure, formText, friendly, type PageParts, refused, skinOf, uidParams } from './handling.ts'
import { answersOf } from './interaction-answers.ts'
import { confirmedPage } from './sign-up-page.ts'
import { type At, ofInteraction, step } from './step.ts'

const signInForm = z.object({ csrf_token: csrfToken, email: formText, password: formText })
const consentForm = z.strictObject({ csrf_token: csrfToken, decision: z.enum(['allow', 'deny']) })

async function signIn(parts: PageParts, { call, exchange, interaction }: At, body: z.infer<typeof signInForm>): Promise<Answer> {
  const { engine, accounts, guard } = parts
  const show = answersOf(parts)
  const { email, password } = body
  const { texts } = skinOf(parts, exchange)
  const device = deviceOf(exchange)
  const said = guardSaid(guard, { exchange, form: `sign-in ${interaction.uid}`, body })
  const lacked = await guard.lacks(call, guardAsker(exchange, { email, password }), said)
  if (lacked !== undefined) {
    const failure = refused({ values: { email }, problem: `${texts.guard.needed} ${texts.guard.passwordAgain}`, lacked })
    return show.signIn(call, exchange, { interaction, failure })
  }
  try {
    const signedIn = await accounts.signIn(call, {
      email,
      password,
      client: exchange.client,
      network: exchange.network(),
      by: whence(exchange),
      ...(device === undefined ? {} : { device }),
    })
    if (signedIn === undefined)
      return await show.signIn(call, exchange, {
        interaction,
        failure: refused({ values: { email }, problem: texts.signIn.refused }),
      })
    await endOthersBefore(parts, call, signedIn)
    exchange.renewCsrf()
    return await engine.finishSignIn(exchange, signedIn)
  } catch (error) {
    return show.signIn(call, exchange, { interaction, failure: formFailure(texts, error, { email }) })
  }
}

interface Asked {
  readonly interaction: Interaction
  /** The address was confirmed just now. */
  readonly confirmed: boolean
}

export function interactionRoutes(parts: PageParts): Route[] {
  const { engine } = parts
  const show = answersOf(parts)
  const ask = (call: Call, exchange: Exchange, { interaction, confirmed }: Asked): Promise<Answer> =>
    interaction.prompt === 'consent' ? show.consent(call, exchange, interaction) : show.signIn(call, exchange, { interaction, confirmed })
  return [
    route({
      method: 'GET',
      path: '/authorize',
      site: 'accounts',
      allow: { who: 'handler', reason: 'Anyone may begin to sign in; the engine checks the client.' },
      // Each request that stops to ask is kept for an hour, whoever sent it.
      rate: 'token',
      summary: 'Authorization endpoint (RFC 6749, OpenID Connect): goes back to the client, or asks on the spot',
      query: 'unread',
      answers: formAnswers,
      handle: friendly(parts, async (call, _input, exchange) => {
        const said = await engine.authorize(call, exchange)
        if ('answer' in said) return said.answer
        // In the language that this very request asks for.
        return ask(callIn(call, languageOf(parts.settings.speech, exchange)), exchange, { interaction: said.interaction, confirmed: false })
      }),
    }),
    route({
      ...ofInteraction,
      method: 'GET',
      path: '/interaction/:uid',
      rate: 'page',
      summary: 'Sign in, or allow an app',
      input: { params: uidParams },
      answers: formAnswers,
      handle: friendly(parts, async (call, _input, exchange) => {
        const interaction = await engine.interaction(exchange)
        const confirmed = parts.justDone.on(exchange) !== undefined
        if (interaction === undefined) return confirmed ? page(confirmedPage(skinOf(parts, exchange), '/account')) : show.ended(exchange)
        return ask(call, exchange, { interaction, confirmed })
      }),
    }),
    step(
      parts,
      {
        path: '/sign-in',
        summary: 'Send address and password',
        input: { params: uidParams, body: signInForm.extend(guardFields(parts.guard)).strict() },
      },
      (at, { body }) => signIn(parts, at, body),
    ),
    step(
      parts,
      {
        path: '/consent',
        rate: 'page',
        summary: 'Allow or refuse an app',
        prompt: 'consent',
        input: { params: uidParams, body: consentForm },
      },
      (at, { body }) => engine.finishConsent(at.exchange, body.decision === 'allow'),
    ),
  ]
}
