// Whether what an import or an export was begun on has ended since. Signing out is no reason for an import: the person has asked for it and is answered
// later. What is sent to somebody ends with it.
import type { Call, UserPrincipal } from '#kernel/call.ts'
import type { Auth } from '../../../auth/contract.ts'

export type Authorities = Pick<Auth, 'profile' | 'revocations'>

/** For so long at most something goes on that has ended. */
export const CHECK_MS = 500

export interface Undertaking {
  readonly principal: Pick<UserPrincipal, 'accountId' | 'sessionId' | 'firstParty' | 'roles' | 'groups' | 'organisation'>
  /** Epoch milliseconds. */
  readonly createdAt: number
  readonly endsWithSession?: boolean
}

export async function hasEnded(auth: Authorities, call: Call, { principal, createdAt, endsWithSession }: Undertaking): Promise<boolean> {
  const { accountId, sessionId, firstParty, roles = [], groups = [], organisation } = principal
  // Suspended or gone.
  if ((await auth.profile(call, accountId)) === undefined) return true
  const { items } = await auth.revocations(call)
  return items.some(({ kind, subject, before }) => {
    // A password change, or the end of everything: whoever began this may not have been the owner.
    if (kind === 'account') return subject === accountId && createdAt / 1000 <= before
    if (kind === 'session') return subject === sessionId && (!firstParty || endsWithSession === true)
    return subject === accountId && before > createdAt && (roles.length + groups.length > 0 || organisation !== undefined)
  })
}
