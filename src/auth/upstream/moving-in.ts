// Whoever comes from a provider and is not known here may have an account in the system that the app comes from: that is asked before anything is made.
import type { Call } from '#kernel/call.ts'
import type { Found, LegacyFinder } from '../moving/finder.ts'
import type { Arrived, Seen } from './arrived.ts'
import type { Arrival } from './schemas.ts'

interface Asking {
  readonly legacy: Pick<LegacyFinder, 'arriving'>
  look(call: Call, arrival: Arrival): Promise<Seen>
}

/** What the other system says. Where the provider is for people who have linked it alone, an address is no reason to come in. */
export function askedAbout(
  legacy: Asking['legacy'],
  call: Call,
  { arrival, isLinkedOnly = false }: { readonly arrival: Arrival; readonly isLinkedOnly?: boolean | undefined },
): Promise<Found> {
  const { issuer, subject, email, emailVerified } = arrival
  return legacy.arriving(call, { issuer, subject, ...(emailVerified && !isLinkedOnly ? { email } : {}) })
}

/** Throws as `arriving` does: who may be known there gets nothing else here while that system does not answer. */
export async function arrivedElsewhere({ legacy, look }: Asking, call: Call, arrival: Arrival): Promise<Arrived> {
  const { means, isKnown, isLinkedOnly } = await look(call, arrival)
  if (isKnown) return means
  const answer = await askedAbout(legacy, call, { arrival, isLinkedOnly })
  if (answer.is === 'nobody') return means
  if (answer.is === 'blocked') return { is: 'refused' }
  if (answer.is === 'domain') return { is: 'refused', why: 'email_domain' }
  if (answer.is === 'uncertain') return isLinkedOnly === true ? means : { is: 'unknown' }
  const { means: now } = await look(call, arrival)
  // They have an account by now, so no other is made beside it.
  return now.is === 'new' ? { is: 'unknown' } : now
}
