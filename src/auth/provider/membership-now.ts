// What somebody is at the moment that a token of theirs is made.
import type { Call } from '#kernel/call.ts'
import type { AccountDirectory } from '../engine.ts'
import { type Membership, membershipOf } from '../roles/membership.ts'

export type MembershipReader = (call: Call, accountId: string) => Promise<Membership>

export interface Belonging {
  /** It has not ended: its members are taken out one by one. */
  organisationStands(this: void, call: Call, organisationId: string): Promise<boolean>
}

export function membershipReader(accounts: AccountDirectory, { organisationStands }: Belonging): MembershipReader {
  return async (call, accountId) => {
    // Read anew, not from what this request has read before: a token must not tell of more than its mark says.
    const { organisation, ...membership } = (await accounts.find(call, accountId))?.membership ?? membershipOf({})
    const stands = organisation !== undefined && (await organisationStands(call, organisation.id))
    return stands ? { ...membership, organisation } : membership
  }
}
