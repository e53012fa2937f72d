// What goes with the write that ends an organisation, whoever writes it.
import type { Call } from '#kernel/call.ts'
import type { EventDraft } from '#kernel/collection.ts'
import { jobRequested } from '#kernel/job.ts'
import { actorOf, securityEventOf } from '../security-events/security-event.ts'
import type { Organisation } from './schemas.ts'

export const END_ORGANISATION = 'auth.end_organisation'

export function takingApart({ id }: Pick<Organisation, 'id'>): EventDraft {
  return jobRequested({ name: END_ORGANISATION, input: { organisationId: id } })
}

/** Of whom nobody has asked for it. */
export function endingTold(call: Call, { name }: Pick<Organisation, 'name'>): EventDraft {
  return securityEventOf({ type: 'organisation.ended', about: name, ...actorOf(call) })
}
