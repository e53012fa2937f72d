// Whether what an import was begun on has ended since. Signing out is no reason: the person has asked for the import and is answered later.
import type { Call } from '#kernel/call.ts'
import type { Auth } from '../../../auth/contract.ts'
import type { ImportRecord } from '../schemas.ts'

export type Authorities = Pick<Auth, 'profile' | 'revocations'>

export async function hasEnded(auth: Authorities, call: Call, { principal, createdAt }: ImportRecord): Promise<boolean> {
  const { accountId, sessionId, firstParty, roles = [], groups = [] } = principal
  // Suspended or gone.
  if ((await auth.profile(call, accountId)) === undefined) return true
  const { items } = await auth.revocations(call)
  return items.some(({ kind, subject, before }) => {
    // A password change, or the end of everything: whoever began this may not have been the owner.
    if (kind === 'account') return subject === accountId && createdAt / 1000 <= before
    if (kind === 'session') return subject === sessionId && !firstParty
    return subject === accountId && before > createdAt && roles.length + groups.length > 0
  })
}
