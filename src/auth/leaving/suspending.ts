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
import type { MailedRemovals } from './mailed.ts'
import type { LeavingRepository } from './repository.ts'
import { settled } from '../settled.ts'
import { requireOperator } from '../operators-only.ts'

const DAY_MS = 24 * 3_600_000

export interface SuspendingDependencies {
  readonly repository: LeavingRepository
  readonly mailed: MailedRemovals
  readonly engine: Pick<Engine, 'revokeAccount'>
  readonly services: Pick<ServiceAccounts, 'halt'>
  readonly leftBy: Owners['leftBy']
  readonly clock: Clock
  readonly graceDays: number
}

export async function suspend(
  { repository, mailed, engine, services, leftBy, clock, graceDays }: SuspendingDependencies,
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
    const change = suspended
      ? await blocking(mailed, call, { accountId: id, now })
      : lettingIn(call, { accountId: id, deletionAt, now, graceDays })
    return (await repository.change(call, account, change)) ? id : 'moved'
  })
  if (accountId === undefined) return undefined
  if (!suspended) return { accountId, suspended }
  await engine.revokeAccount(call, accountId)
  await services.halt(call, accountId)
  const left = await leftBy(call, accountId)
  return { accountId, suspended, ...(left.length > 0 && { withoutOwner: left.map(({ id, name }) => ({ id, name })) }) }
}

type Standing = Parameters<LeavingRepository['change']>[2]

async function blocking(
  mailed: MailedRemovals,
  call: Call,
  { accountId, now }: { readonly accountId: string; readonly now: number },
): Promise<Standing> {
  const told = securityEventOf({ type: 'account.suspended', accountId, ...actorOf(call) })
  // What was mailed before is not good again when they are let in.
  return { set: { suspendedAt: now }, also: await mailed(call, accountId), events: [endAccessRequested({ accountId, at: now }), told] }
}

/** Its owner has the whole time again to call its end off. */
function lettingIn(
  call: Call,
  of: { readonly accountId: string; readonly deletionAt: number | undefined; readonly now: number; readonly graceDays: number },
): Standing {
  const { accountId, deletionAt, now, graceDays } = of
  const waiting = deletionAt === undefined ? {} : { deletionAt: Math.max(deletionAt, now + graceDays * DAY_MS) }
  return {
    set: { suspendedAt: undefined, ...waiting },
    events: [securityEventOf({ type: 'account.reinstated', accountId, ...actorOf(call) })],
  }
}
