// Signing out everywhere else, by the person: what was opened by whom they do not know must end without their knowing which it is.
import type { Call } from '#kernel/call.ts'
import { endAccessRequested } from '../end-access.ts'
import { securityEventOf, type Whence } from '../security-events/security-event.ts'
import type { LeavingDependencies } from './ending.ts'

export interface SignOutElsewhere {
  readonly accountId: string
  /** In which it is asked for, and which stays. */
  readonly sessionId: string
  readonly by?: Whence
}

export async function signOutElsewhere(
  { repository, mailed, engine, clock }: Pick<LeavingDependencies, 'repository' | 'mailed' | 'engine' | 'clock'>,
  call: Call,
  { accountId, sessionId, by }: SignOutElsewhere,
): Promise<void> {
  const events = [
    endAccessRequested({ accountId, at: clock.now(), exceptSessionId: sessionId }),
    securityEventOf({ type: 'sessions.ended', accountId, ...by }),
  ]
  await repository.tell(call, events, await mailed(call, accountId))
  await engine.revokeAccount(call, accountId, sessionId)
}
