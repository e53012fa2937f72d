// What an authorization that has stopped shows: sign in, allow or not, or that it has ended.
import { breath } from '#kernel/breath.ts'
import type { Call } from '#kernel/call.ts'
import { formTargetOf } from '#kernel/http/policy-source.ts'
import { type Answer, type Exchange, page } from '#kernel/http/route.ts'
import type { Interaction } from '../engine.ts'
import { consentPage } from './consent-page.ts'
import { halfPage } from '../second-factors/half-pages.ts'
import { hasSignUp } from '../methods.ts'
import { errorPage } from './engine-pages.ts'
import { featuresOf } from './features.ts'
import { type FormFailure, formPage, type PageParts, skinOf } from './handling.ts'
import type { Skin } from './layout.ts'
import type { SignInMethod } from './parts.ts'
import { inOrder, passwordMethod, signInPage } from './sign-in-page.ts'

/** Browsers check the redirects that follow a form post against `form-action` too, and these lead back to the client. */
export function policyFor({ client }: Interaction): NonNullable<Answer['policy']> {
  const target = formTargetOf(new URL(client.redirectOrigin))
  return target === undefined ? {} : { formAction: [target] }
}

interface LoginShown {
  readonly interaction: Interaction
  readonly failure?: FormFailure | undefined
  readonly confirmed?: boolean
  /** The key of an authenticator app that is being set up. */
  readonly sealed?: string | undefined
}

export interface InteractionAnswers {
  ended(exchange: Exchange): Answer
  /** Whatever the login prompt asks for now: the first step, or what is missing after it. */
  signIn(call: Call, exchange: Exchange, shown: LoginShown): Promise<Answer>
  consent(call: Call, exchange: Exchange, interaction: Interaction): Promise<Answer>
}

/** Where the pages of an interaction begin, whatever was sent. */
function skinWithin(parts: PageParts, exchange: Exchange, { uid }: Interaction): Skin {
  return skinOf(parts, exchange, `/interaction/${uid}`)
}

function methodsOf(parts: PageParts): readonly SignInMethod[] {
  const further = featuresOf(parts).flatMap(({ signInMethods = [] }) => signInMethods)
  const autofills = further.some((method) => method.autofills === true)
  return inOrder(parts.methods.password ? [passwordMethod(parts, autofills), ...further] : further)
}

/** The pages that the features share: each can show the sign-in page again with what went wrong in its part. */
export function answersOf(parts: PageParts): InteractionAnswers {
  const methods = methodsOf(parts)
  const ended = (exchange: Exchange): Answer => {
    const skin = skinOf(parts, exchange)
    const { ended: heading, endedWords: words } = skin.texts.signIn
    return page(errorPage(skin, { heading, words }), 400)
  }
  return {
    ended,
    async signIn(call, exchange, { interaction, failure, confirmed = false, sealed }) {
      const skin = skinWithin(parts, exchange, interaction)
      const { half, uid, accountId } = interaction
      const policy = policyFor(interaction)
      if (half !== undefined) return formPage(await halfPage({ parts, call, exchange, skin, uid, half, failure, sealed }), failure, policy)
      // Only who is signed in here already is told the address.
      const present = accountId === undefined ? undefined : (await parts.accounts.find(call, accountId))?.email
      const view = { skin, interaction, present, csrfToken: exchange.csrfToken(), state: failure?.state ?? {} }
      const found = await Promise.all(methods.map(async ({ id, part }) => ({ id, part: await part({ call, exchange }, view) })))
      const open = found.flatMap(({ id, part }) => (part === undefined ? [] : [{ ...part, id }]))
      // Who asks has been through the engine, and the page is long.
      await breath()
      return formPage(
        signInPage({ ...view, confirmed, parts: open, signUpOpen: hasSignUp(parts.methods) && !parts.shared.admission.isOff }),
        failure,
        policy,
      )
    },
    async consent(call, exchange, interaction) {
      const person = interaction.accountId === undefined ? undefined : await parts.accounts.find(call, interaction.accountId)
      if (person === undefined) return ended(exchange)
      const body = consentPage(skinWithin(parts, exchange, interaction), {
        interaction,
        person,
        csrfToken: exchange.csrfToken(),
        now: parts.clock.now(),
      })
      return formPage(body, undefined, policyFor(interaction))
    },
  }
}
