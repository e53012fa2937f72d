// What an authorization that has stopped shows: sign in, allow or not, or that it has ended.
import type { Call } from '#kernel/call.ts'
import { type Html, html } from '#kernel/html.ts'
import { type Answer, type Exchange, page } from '#kernel/http/route.ts'
import { nameBrowser } from '../browser.ts'
import type { Interaction } from '../engine.ts'
import type { ChallengePlace } from '../passkeys/challenges.ts'
import { passkeyForm, withoutPasskeys } from '../passkeys/pages.ts'
import { consentPage } from './consent-page.ts'
import { errorPage } from './engine-pages.ts'
import { type FormFailure, formPage, type PageParts, skinOf } from './handling.ts'
import { signInPage } from './sign-in-page.ts'

/** Browsers check the redirects that follow a form post against `form-action` too, and these lead back to the client. */
function policyFor({ client }: Interaction): NonNullable<Answer['policy']> {
  return { formAction: [client.redirectOrigin] }
}

/** Where a passkey is asked for on the way in. Names the browser. */
export function signInPlace(exchange: Exchange, uid: string): ChallengePlace {
  return { purpose: 'sign-in', browser: nameBrowser(exchange), subject: uid }
}

export interface InteractionAnswers {
  ended(exchange: Exchange): Answer
  signIn(call: Call, exchange: Exchange, view: { interaction: Interaction; failure?: FormFailure; confirmed?: boolean }): Promise<Answer>
  consent(call: Call, exchange: Exchange, interaction: Interaction): Promise<Answer>
}

export function answersOf(parts: PageParts): InteractionAnswers {
  const ended = (exchange: Exchange): Answer => {
    const words =
      'It took too long, was finished already, or began in another browser. Please go back to the app and sign in again from there.'
    return page(errorPage(skinOf(parts, exchange), { heading: 'This sign-in has ended', words }), 400)
  }
  const passkeyWay = async (call: Call, exchange: Exchange, { uid }: Interaction): Promise<Html> => {
    const form = passkeyForm(skinOf(parts, exchange), {
      kind: 'get',
      action: `/interaction/${uid}/passkey`,
      options: await parts.passkeys.requestOptions(call, signInPlace(exchange, uid)),
      csrfToken: exchange.csrfToken(),
      button: 'Use a passkey',
      primary: !parts.methods.password,
      autofill: parts.methods.password,
      again: `/interaction/${uid}/passkey`,
    })
    return parts.methods.password ? form : html`${form}${withoutPasskeys()}`
  }
  const showSignIn: InteractionAnswers['signIn'] = async (call, exchange, { interaction, failure, confirmed = false }) => {
    const { password, passkey } = parts.methods
    const body = signInPage(skinOf(parts, exchange), {
      interaction,
      csrfToken: exchange.csrfToken(),
      state: failure?.state ?? {},
      confirmed,
      password,
      others: passkey ? [await passkeyWay(call, exchange, interaction)] : [],
    })
    return formPage(body, failure, policyFor(interaction))
  }
  const showConsent = async (call: Call, exchange: Exchange, interaction: Interaction): Promise<Answer> => {
    const person = interaction.accountId === undefined ? undefined : await parts.accounts.find(call, interaction.accountId)
    if (person === undefined) return ended(exchange)
    const body = consentPage(skinOf(parts, exchange), { interaction, person, csrfToken: exchange.csrfToken() })
    return formPage(body, undefined, policyFor(interaction))
  }

  return { ended, signIn: showSignIn, consent: showConsent }
}
