// What the routes of sign-in with other providers share: the interaction that they are in, and what is said when there is none.
import type { Call } from '#kernel/call.ts'
import { type Answer, type Exchange, seeOther } from '#kernel/http/route.ts'
import type { Interaction } from '../engine.ts'
import type { PageParts } from '../pages/handling.ts'
import { answersOf } from '../pages/interaction-answers.ts'

export const within = {
  site: 'accounts',
  allow: { who: 'handler', reason: 'Belongs to the browser that holds the cookie of this interaction.' },
} as const

export interface Asked {
  readonly call: Call
  readonly exchange: Exchange
  readonly interaction: Interaction
}

/** Runs it inside an interaction that asks for a sign-in. */
export async function asked(
  parts: PageParts,
  { call, exchange }: { readonly call: Call; readonly exchange: Exchange },
  run: (at: Asked) => Promise<Answer>,
): Promise<Answer> {
  const interaction = await parts.engine.interaction(exchange)
  if (interaction === undefined) return endedPage(parts, exchange)
  return interaction.prompt === 'login' ? run({ call, exchange, interaction }) : seeOther(`/interaction/${interaction.uid}`)
}

export function endedPage(parts: PageParts, exchange: Exchange): Answer {
  return answersOf(parts).ended(exchange)
}

export function nameOf({ upstreams }: PageParts, id: string): string {
  return upstreams.find(id)?.name ?? id
}
