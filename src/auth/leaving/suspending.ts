// Blocking an account, and letting it in again: for operators.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { normaliseEmail } from '../accounts/email.ts'
import type { AccountStanding } from '../contract.ts'
import { endAccessRequested } from '../end-access.ts'
import type { Engine } from '../engine.ts'
import { actorOf, securityEventOf } from '../security-events/security-event.ts'
import type { Owners } from '../organisations/owners.ts'
import type { ServiceAccounts } from '../service-accounts/service.ts'
import { noWayBack } from './ending.ts'
import type { LeavingRepository } from './repository.ts'
import { settled } from '../settled.ts'
import { requireOperator } from '../operators-only.ts'

const DAY_MS = 24 * 3_600_000

export interface SuspendingDependencies {
  readonly repository: LeavingRepository
  readonly engine: Pick<Engine, 'revokeAccount'>
  readonly services: Pick<ServiceAccounts, 'halt'>
  readonly leftBy: Owners['leftBy']
  readonly clock: Clock
  readonly graceDays: number
}

export async function suspend(
  { repository, engine, services, leftBy, clock, graceDays }: SuspendingDependencies,
  call: Call,
  { typed, suspended }: { readonly typed: string; readonly suspended: boolean },
): Promise<AccountStanding | undefined> {
  requireOperator(call)
  const email = normaliseEmail(typed)
  if (email === undefined) return undefined
  const accountId = await settled(async () => {
    const account = await repository.findByEmail(call, email)
    if (account === undefined) return undefined
    const { id, suspendedAt, deletion, deletionAt } = account.value
    // Blocked for its end: nobody may come back to what is half gone.
    if (!suspended && deletion?.begun === true) throw noWayBack()
    if ((suspendedAt !== undefined) === suspended) return id
    const now = clock.now()
    const type = suspended ? 'account.suspended' : 'account.reinstated'
    const told = securityEventOf({ type, accountId: id, ...actorOf(call) })
    const events = suspended ? [endAccessRequested({ accountId: id, at: now }), told] : [told]
    // Its owner has the whole time again to call its end off.
    const waiting = deletionAt === undefined || suspended ? {} : { deletionAt: Math.max(deletionAt, now + graceDays * DAY_MS) }
    const set = { suspendedAt: suspended ? now : undefined, ...waiting }
    return (await repository.change(call, account, { set, events })) ? id : 'moved'
  })
  if (accountId === undefined) return undefined
  if (!suspended) return { accountId, suspended }
  await engine.revokeAccount(call, accountId)
  await services.halt(call, accountId)
  const left = await leftBy(call, accountId)
  return { accountId, suspended, ...(left.length > 0 && { withoutOwner: left.map(({ id, name }) => ({ id, name })) }) }
}
