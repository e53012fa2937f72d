// How an account ends: asked for, called off, begun, and carried out.
import { accountDeletedEvent } from '#kernel/account-events.ts'
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import { mailLineOf } from '#kernel/mail-fields.ts'
import type { Stored } from '../../database/contract.ts'
import { languageFor, mail } from '../accounts/mail.ts'
import type { Account } from '../accounts/schemas.ts'
import { endAccessRequested } from '../end-access.ts'
import type { Engine } from '../engine.ts'
import { authErrors } from '../errors.ts'
import type { Owners } from '../organisations/owners.ts'
import type { Organisation } from '../organisations/schemas.ts'
import { type SecurityEvent, securityEventOf } from '../security-events/security-event.ts'
import type { ServiceAccounts } from '../service-accounts/service.ts'
import { settled } from '../settled.ts'
import type { Addresses } from './parts.ts'
import type { PersonalData } from './personal-data.ts'
import type { MailedRemovals } from './mailed.ts'
import type { LeavingRepository } from './repository.ts'

const DAY_MS = 24 * 3_600_000

export interface LeavingDependencies {
  readonly repository: LeavingRepository
  readonly mailed: MailedRemovals
  readonly personalData: readonly PersonalData[]
  /** Which it has, and had lately. */
  addressesOf(call: Call, account: Pick<Account, 'id' | 'email'>): Promise<Addresses>
  readonly engine: Pick<Engine, 'revokeAccount' | 'sessionPage'>
  readonly services: Pick<ServiceAccounts, 'halt'>
  /** Organisations that would have members and no owner without this person. */
  leftBy: Owners['leftBy']
  readonly clock: Clock
  readonly graceDays: number
  /** Where mailed links lead: the accounts origin. */
  readonly origin: string
}

/** Whose doing it was. */
type By = Pick<SecurityEvent, 'client' | 'device' | 'actor'>

interface Asked {
  readonly account: Stored<Account>
  readonly by?: By | undefined
  readonly byOperator?: true
  /** Which are to end with the account; as chosen before unless told. */
  readonly organisations?: readonly string[] | undefined
  /** Whoever asks has signed in since the end that is there was asked for, which has called that off, though nobody may have heard of it yet. */
  readonly anew?: boolean
}

/** As people are told it, wherever it is said. */
export function daysUntil(deletionAt: number, now: number): number {
  return Math.max(1, Math.ceil((deletionAt - now) / DAY_MS))
}

/** The moment of the end; `undefined` when the account has changed since it was read. */
export async function askForEnd(
  deps: LeavingDependencies,
  call: Call,
  { account, by, byOperator, organisations: chosen, anew = false }: Asked,
): Promise<number | undefined> {
  const { repository, mailed, clock, graceDays, origin, addressesOf } = deps
  const { id: accountId, name, suspendedAt } = account.value
  const now = clock.now()
  const { had, all: addresses, undoableUntil } = await addressesOf(call, account.value)
  // Who has asked already has heard of that day. Whoever is blocked could do nothing about it, and has the whole time from now on.
  const waitsUntil = suspendedAt === undefined && !anew ? account.value.deletionAt : undefined
  // Whoever has lost the account to somebody can take it back until then, and hears of this.
  const deletionAt = Math.max(waitsUntil ?? now + graceDays * DAY_MS, undoableUntil)
  const days = String(daysUntil(deletionAt, now))
  const { addresses: heldBefore = [], told: toldBefore = [], organisations = [] } = account.value.deletion ?? {}
  const ends = ending(chosen, organisations)
  const data = { name, days, ...(await leftBehind(deps, call, { accountId, ends: ends.organisations })) }
  const told =
    suspendedAt === undefined
      ? { template: 'deletion-requested', data: { ...data, link: `${origin}/account` } }
      : { template: 'deletion-while-blocked', data }
  const events = [
    ...had.map((to) => mail({ to, ...told, language: languageFor(account.value, call) })),
    endAccessRequested({ accountId, at: now }),
    securityEventOf({ type: 'account.deletion_requested', accountId, ...by }),
  ]
  const deletion = {
    requestedAt: now,
    addresses: [...new Set([...heldBefore, ...addresses])],
    told: [...new Set([...toldBefore, ...had])],
    ...(byOperator && { byOperator }),
    ...ends,
  }
  const also = await mailed(call, accountId)
  return (await repository.change(call, account, { set: { deletionAt, deletion }, also, events })) ? deletionAt : undefined
}

async function isSignedIn(engine: LeavingDependencies['engine'], call: Call, accountId: string): Promise<boolean> {
  return (await engine.sessionPage(call, accountId, { limit: 1 })).items.length > 0
}

const ending = (chosen: readonly string[] | undefined, before: readonly string[]): { organisations?: string[] } => {
  const organisations = [...(chosen ?? before)]
  return organisations.length > 0 ? { organisations } : {}
}

/** More than anybody is in by now. */
const MOST_NAMED = 100

/** What the mail names of others: what has no owner when the account is gone, and what ends with it. Nothing where there is nothing of the kind. */
async function leftBehind(
  { leftBy }: LeavingDependencies,
  call: Call,
  { accountId, ends = [] }: { readonly accountId: string; readonly ends?: readonly string[] | undefined },
): Promise<{ readonly ending?: string; readonly ownerless?: string }> {
  const left = (await leftBy(call, accountId)).slice(0, MOST_NAMED)
  const named = (which: readonly Organisation[]): string => which.map(({ id, name }) => mailLineOf(name, id)).join('\n')
  const going = named(left.filter(({ id }) => ends.includes(id)))
  const staying = named(left.filter(({ id }) => !ends.includes(id)))
  return { ...(going !== '' && { ending: going }), ...(staying !== '' && { ownerless: staying }) }
}

/** Of an end of ours, whose day stays: a sign-in of before, of which nobody may have heard yet, calls it off no more. Who has come back by it is told again. */
export async function askAgain(
  deps: LeavingDependencies,
  call: Call,
  asked: Omit<Asked, 'anew'>,
): Promise<{ readonly deletionAt: number; readonly mailSent: boolean } | undefined> {
  const { account } = asked
  const now = deps.clock.now()
  const { id, deletion, deletionAt = now } = account.value
  const mailSent = await isSignedIn(deps.engine, call, id)
  if (mailSent) {
    const at = await askForEnd(deps, call, asked)
    return at === undefined ? undefined : { deletionAt: at, mailSent }
  }
  const set = { deletion: { ...deletion, requestedAt: now } }
  return (await deps.repository.change(call, account, { set, events: [] })) ? { deletionAt, mailSent } : undefined
}

/** Calls an end off: its owner by signing in, or whoever is named. False when the account has changed since it was read. */
export function stay(
  { repository, clock }: LeavingDependencies,
  call: Call,
  { account, by }: { readonly account: Stored<Account>; readonly by?: By },
): Promise<boolean> {
  const { id: accountId, email, name, language, deletion } = account.value
  const template = by === undefined ? 'deletion-cancelled' : 'deletion-called-off'
  const data = { name, when: new Date(clock.now()).toUTCString() }
  const events = [
    ...[...new Set([email, ...(deletion?.told ?? [])])].map((to) => mail({ to, template, data, language })),
    securityEventOf({ type: 'account.deletion_cancelled', accountId, ...by }),
  ]
  return repository.change(call, account, { set: { deletionAt: undefined, deletion: undefined }, events })
}

/** For who would call an end off, or let somebody in again, when that end has begun. */
export function noWayBack(): Error {
  return authErrors.bad_details({ detail: 'This account is being deleted: there is no way back.' })
}

/** From here on nobody signs in, and nothing calls it off: what is begun is finished, by the next run if this one stops. */
async function begin(deps: LeavingDependencies, call: Call, account: Stored<Account>): Promise<boolean> {
  const { repository, engine, clock, addressesOf } = deps
  const { id, deletion, suspendedAt } = account.value
  const byOperator = deletion?.byOperator === true
  const now = clock.now()
  // Who was blocked may have lost the account to somebody who has asked for this, and cannot call it off: it waits for them, or for an operator who knows.
  if (suspendedAt !== undefined && !byOperator) return false
  // All sessions ended when the end was asked for: one that is there is of somebody who has come back, and whose event is still on its way.
  if (suspendedAt === undefined && (await isSignedIn(engine, call, id))) {
    await stay(deps, call, { account })
    return false
  }
  // Whoever has lost the account by a change that the day of the end does not reckon with was promised these days in the mail about it.
  if (!byOperator && (await addressesOf(call, account.value)).undoableUntil > now) return false
  const begun = { requestedAt: now, ...deletion, begun: true }
  return repository.change(call, account, { set: { suspendedAt: suspendedAt ?? now, deletion: begun }, events: [] })
}

/** Without the days of grace. False when the account has changed since it was read; then it is as it was. */
export async function beginAtOnce(
  { repository, clock, addressesOf }: LeavingDependencies,
  call: Call,
  { account, by }: { readonly account: Stored<Account>; readonly by: By },
): Promise<boolean> {
  const { id: accountId, name, suspendedAt, deletion } = account.value
  const now = clock.now()
  const { had, all } = await addressesOf(call, account.value)
  const events = [
    ...had.map((to) => mail({ to, template: 'account-deleted', data: { name }, language: languageFor(account.value, call) })),
    endAccessRequested({ accountId, at: now }),
    securityEventOf({ type: 'account.deletion_requested', accountId, ...by }),
  ]
  const addresses = [...new Set([...(deletion?.addresses ?? []), ...all])]
  const { organisations } = deletion ?? {}
  const begun = { requestedAt: now, addresses, begun: true, byOperator: true, ...(organisations && { organisations }) } as const
  return repository.change(call, account, { set: { suspendedAt: suspendedAt ?? now, deletionAt: now, deletion: begun }, events })
}

export async function deleteOne(
  deps: LeavingDependencies,
  call: Call,
  { account, by }: { readonly account: Stored<Account>; readonly by?: By },
): Promise<void> {
  const { repository, engine, services, personalData } = deps
  const { id, deletion } = account.value
  if (deletion?.begun !== true && !(await begin(deps, call, account))) return
  await engine.revokeAccount(call, id)
  // While it is known which organisations it owns.
  await services.halt(call, id)
  const addresses = new Set([...(deletion?.addresses ?? []), ...(await deps.addressesOf(call, account.value)).all])
  const leaver = { accountId: id, addresses: [...addresses], organisations: deletion?.organisations }
  for (const part of personalData) await part.erase(call, leaver)
  const events = [securityEventOf({ type: 'account.deleted', accountId: id, ...by }), accountDeletedEvent(id)]
  // What had begun before this may write to the account still, as that it was signed in to.
  await settled(async () => {
    const stored = await repository.find(call, id)
    return stored === undefined || (await repository.delete(call, stored, events)) ? undefined : 'moved'
  })
}
