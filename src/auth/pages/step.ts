// A step of an authorization: a page or a form below the address of an interaction, for the browser that holds its cookie, while it is asked for.
import { breath } from '#kernel/breath.ts'
import type { Call } from '#kernel/call.ts'
import { type Answer, type Exchange, type Route, type RouteDeclaration, type RouteInput, route, seeOther } from '#kernel/http/route.ts'
import type { HalfSignIn, Interaction } from '../engine.ts'
import { formAnswers, friendly, type PageParts } from './handling.ts'
import { answersOf } from './interaction-answers.ts'

export const ofInteraction = {
  site: 'accounts',
  allow: { who: 'handler', reason: 'Belongs to the browser that holds the cookie of this interaction.' },
} as const

/** Where somebody is on the way to a client. */
export interface At {
  readonly call: Call
  readonly exchange: Exchange
  readonly interaction: Interaction
}

/** The same after a first step of a sign-in. */
export interface HalfAt extends At {
  readonly half: HalfSignIn
}

interface Step<Params, Query, Body> extends Pick<RouteDeclaration<Params, Query, Body>, 'summary'> {
  /** Below `/interaction/:uid`. */
  readonly path: string
  /** With a body it is a form that is sent, and guessing at it is slowed down unless told. */
  readonly input: NonNullable<RouteDeclaration<Params, Query, Body>['input']>
  readonly rate?: RouteDeclaration<Params, Query, Body>['rate']
  readonly answers?: RouteDeclaration<Params, Query, Body>['answers']
  /** What the authorization must be asking for; the sign-in unless told. At anything else this leads back to what it asks. */
  readonly prompt?: Interaction['prompt']
}

interface HalfStep<Params, Query, Body> extends Step<Params, Query, Body> {
  readonly without?: (at: At) => Answer | Promise<Answer>
}

type Run<Where, Params, Query, Body> = (at: Where, input: RouteInput<Params, Query, Body>) => Promise<Answer>

const startOf = ({ uid }: Interaction): Answer => seeOther(`/interaction/${uid}`)

export function step<Params = Record<string, never>, Query = Record<string, never>, Body = undefined>(
  parts: PageParts,
  { path, summary, input, rate, answers = formAnswers, prompt = 'login' }: Step<Params, Query, Body>,
  run: Run<At, Params, Query, Body>,
): Route {
  const isForm = input.body !== undefined
  return route<Params, Query, Body>({
    ...ofInteraction,
    method: isForm ? 'POST' : 'GET',
    path: `/interaction/:uid${path}`,
    rate: rate ?? (isForm ? 'sign-in' : 'page'),
    summary,
    body: isForm ? 'form' : 'none',
    input,
    answers,
    handle: friendly(parts, async (call, given, exchange) => {
      const interaction = await parts.engine.interaction(exchange)
      if (interaction === undefined) return answersOf(parts).ended(exchange)
      // The gateway's part and the look for the interaction are over.
      await breath()
      return interaction.prompt === prompt ? run({ call, exchange, interaction }, given) : startOf(interaction)
    }),
  })
}

/** For whoever has proved a first step here; all others see what the interaction shows, or what `without` says to them. */
export function halfStep<Params = Record<string, never>, Query = Record<string, never>, Body = undefined>(
  parts: PageParts,
  { without = ({ interaction }) => startOf(interaction), ...declaration }: HalfStep<Params, Query, Body>,
  run: Run<HalfAt, Params, Query, Body>,
): Route {
  return step(parts, declaration, async (at, input) => {
    const { half } = at.interaction
    return half === undefined ? without(at) : run({ ...at, half }, input)
  })
}
