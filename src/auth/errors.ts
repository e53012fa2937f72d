// Auth's error table.
import { defineErrors } from '#kernel/errors.ts'

export const authErrors = defineErrors('auth', {
  busy: { status: 503, title: 'Too many people are signing in just now' },
  unavailable: { status: 503, title: 'Signing in is not possible just now' },
  too_many_tries: { status: 429, title: 'Too many tries' },
  bad_details: { status: 422, title: 'Some of the details cannot be used' },
  sign_in_refused: { status: 403, title: 'You cannot sign in here' },
  account_not_found: { status: 404, title: 'No such account' },
  operators_only: { status: 403, title: 'This is for operators' },
  bad_client: { status: 422, title: 'The client cannot be registered in this way' },
  client_exists: { status: 409, title: 'The client exists already' },
  client_not_found: { status: 404, title: 'No such client' },
  organisation_not_found: { status: 404, title: 'No such organisation' },
  organisation_full: { status: 409, title: 'There cannot be more of them' },
  organisations_many: { status: 409, title: 'One person cannot belong to more organisations' },
  owners_only: { status: 403, title: 'Only owners of the organisation may do this' },
  last_owner: { status: 409, title: 'An organisation needs an owner' },
  service_not_found: { status: 404, title: 'No such service account' },
  credential_changed: { status: 409, title: 'It has another secret or key by now' },
  service_proof: { status: 409, title: 'The service account proves itself in the other way' },
  invitation_not_found: { status: 404, title: 'No such invitation' },
  invitation_ended: { status: 410, title: 'This invitation has ended' },
  invitation_other: { status: 403, title: 'This invitation is for another address' },
  changed_meanwhile: { status: 409, title: 'Somebody else was faster' },
  interaction_ended: { status: 400, title: 'This sign-in has ended' },
  upstream_unavailable: { status: 503, title: 'The other provider does not answer' },
})
