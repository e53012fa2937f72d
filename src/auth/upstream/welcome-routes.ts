// Somebody has come from another provider and is not known here: an account is made, or the one there is is connected.
import { type Answer, type Exchange, page, type Route, seeOther } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { whence } from '../browser.ts'
import { hasSignUp } from '../methods.ts'
import { csrfToken, type FormFailure, formFailure, formPage, formText, type PageParts, skinOf, uidParams } from '../pages/handling.ts'
import { policyFor } from '../pages/interaction-answers.ts'
import { type At, step } from '../pages/step.ts'
import { endedPage, nameOf } from './asked.ts'
import { choosePage, welcomePage } from './pages.ts'
import type { Arrival } from './schemas.ts'

type Certain = Arrival & { readonly email: string }

export function welcomeRoutes(parts: PageParts): Route[] {
  return [
    step(
      parts,
      { path: '/welcome', summary: 'Asks whoever comes from another provider to create an account', input: { params: uidParams } },
      async (at) => welcome(parts, at),
    ),
    step(
      parts,
      {
        path: '/welcome',
        summary: 'Create an account that opens by another provider',
        input: { params: uidParams, body: z.strictObject({ csrf_token: csrfToken, name: formText }) },
      },
      (at, { body }) => create(parts, at, body.name),
    ),
    step(
      parts,
      {
        path: '/choose',
        summary: 'Asks whoever comes from another provider whether there is an account to connect',
        input: { params: uidParams },
      },
      async ({ exchange, interaction: { uid } }) => {
        const who = arrivalAt(parts, exchange, uid)
        if (who === undefined) return endedPage(parts, exchange)
        const view = { uid, provider: nameOf(parts, who.upstream), signUp: hasSignUp(parts.methods) && !parts.shared.admission.isOff }
        return page(choosePage(skinOf(parts, exchange), view))
      },
    ),
  ]
}

/** Whoever has arrived in this interaction. */
function arrivalAt({ upstreams }: PageParts, exchange: Exchange, uid: string): Arrival | undefined {
  const who = upstreams.travels.arrival(exchange)
  return who?.uid === uid ? who : undefined
}

/** The same, with an address that is certainly theirs. */
function certainAt(parts: PageParts, exchange: Exchange, uid: string): Certain | undefined {
  const who = arrivalAt(parts, exchange, uid)
  return who?.email === undefined || !who.emailVerified ? undefined : { ...who, email: who.email }
}

function welcome(parts: PageParts, { exchange, interaction }: At, failure?: FormFailure): Answer {
  const who = certainAt(parts, exchange, interaction.uid)
  if (who === undefined) return endedPage(parts, exchange)
  const { email, name = '' } = who
  const view = { uid: interaction.uid, provider: nameOf(parts, who.upstream), email, name, csrfToken: exchange.csrfToken() }
  return formPage(welcomePage(skinOf(parts, exchange), { ...view, state: failure?.state ?? {} }), failure, policyFor(interaction))
}

async function create(parts: PageParts, at: At, name: string): Promise<Answer> {
  const { call, exchange, interaction } = at
  const { upstreams, engine } = parts
  const who = certainAt(parts, exchange, interaction.uid)
  if (who === undefined) return endedPage(parts, exchange)
  try {
    const owner = await upstreams.createAccount(call, who, { name, by: whence(exchange) })
    upstreams.travels.forget(exchange)
    // Somebody was faster, in another tab perhaps: from the beginning, to whatever there is now.
    if (owner === undefined) return seeOther(`/interaction/${interaction.uid}`)
    exchange.renewCsrf()
    return await engine.finishSignIn(exchange, { ...owner, by: 'upstream' })
  } catch (error) {
    return welcome(parts, at, formFailure(skinOf(parts, exchange).texts, error, { name }))
  }
}
