// The end of an account: asked for by its owner, called off by signing in, carried out after a while by a job. And blocking by operators, which is no end.
import type { Call } from '#kernel/call.ts'
import { accountDeletedEvent } from '#kernel/account-events.ts'
import type { Clock } from '#kernel/clock.ts'
import { type JobDefinition, job } from '#kernel/job.ts'
import { z } from '#kernel/schema.ts'
import type { Stored, StoredEvent, Subscription } from '../../database/contract.ts'
import { languageFor, mail } from '../accounts/mail.ts'
import type { Account } from '../accounts/schemas.ts'
import type { AccountStanding } from '../contract.ts'
import { endAccessRequested } from '../end-access.ts'
import type { Engine } from '../engine.ts'
import { SECURITY_EVENT, securityEvent, securityEventOf, type Whence } from '../security-events/security-event.ts'
import type { ServiceAccounts } from '../service-accounts/service.ts'
import type { Addresses } from './parts.ts'
import type { PersonalData } from './personal-data.ts'
import type { LeavingRepository } from './repository.ts'
import { settled } from '../settled.ts'
import { suspend } from './suspending.ts'

const DAY_MS = 24 * 3_600_000
const HOUR_MS = 3_600_000

export interface Leaving {
  /** How many days an account waits for its end, in which signing in calls it off. */
  readonly graceDays: number
  /** Ends every session and token at once. The account waits, and is gone when nobody has signed in to it until then. */
  requestDeletion(call: Call, asked: { readonly accountId: string; readonly by?: Whence }): Promise<void>
  /** For operators and the system. Blocking ends every session and token within a second. `undefined` when nobody has this address. */
  suspend(call: Call, typed: string, suspended: boolean): Promise<AccountStanding | undefined>
  /** Calls an end off when its owner signs in. */
  readonly subscription: Subscription
  readonly jobs: readonly JobDefinition[]
}

export interface LeavingDependencies {
  readonly repository: LeavingRepository
  readonly personalData: readonly PersonalData[]
  /** Which it has, and had lately. */
  addressesOf(call: Call, account: Pick<Account, 'id' | 'email'>): Promise<Addresses>
  readonly engine: Pick<Engine, 'revokeAccount' | 'sessions'>
  readonly services: Pick<ServiceAccounts, 'halt'>
  readonly clock: Clock
  readonly graceDays: number
  /** Where mailed links lead: the accounts origin. */
  readonly origin: string
}

export function createLeaving(deps: LeavingDependencies): Leaving {
  return {
    graceDays: deps.graceDays,
    requestDeletion: (call, asked) => requestDeletion(deps, call, asked),
    suspend: (call, typed, suspended) => suspend(deps, call, { typed, suspended }),
    subscription: {
      consumer: 'auth.leaving',
      topics: [SECURITY_EVENT],
      beginAtEnd: true,
      async handle(events, call) {
        for (const event of events) await callOff(deps, call, event)
      },
    },
    jobs: [
      job({
        name: 'auth.delete_accounts',
        input: z.strictObject({}),
        everyMs: HOUR_MS,
        timeoutMs: 10 * 60_000,
        handle: ({ call }) => deleteDue(deps, call),
      }),
    ],
  }
}

async function requestDeletion(
  { repository, engine, clock, graceDays, origin, addressesOf }: LeavingDependencies,
  call: Call,
  { accountId, by }: { readonly accountId: string; readonly by?: Whence },
): Promise<void> {
  await settled(async () => {
    const account = await repository.find(call, accountId)
    if (account === undefined || account.value.deletionAt !== undefined) return undefined
    const now = clock.now()
    // Whoever has lost the account to somebody can take it back until then, and hears of this.
    const { had, all: addresses, undoableUntil } = await addressesOf(call, account.value)
    const deletionAt = Math.max(now + graceDays * DAY_MS, undoableUntil)
    const days = String(Math.ceil((deletionAt - now) / DAY_MS))
    const data = { name: account.value.name, link: `${origin}/account`, days }
    const events = [
      ...had.map((to) => mail({ to, template: 'deletion-requested', data, language: languageFor(account.value, call) })),
      endAccessRequested({ accountId, at: now }),
      securityEventOf({ type: 'account.deletion_requested', accountId, ...by }),
    ]
    const set = { deletionAt, deletion: { requestedAt: now, addresses: [...addresses] } }
    return (await repository.change(call, account, { set, events })) ? undefined : 'moved'
  })
  await engine.revokeAccount(call, accountId)
}

async function callOff(deps: LeavingDependencies, call: Call, { data, at }: StoredEvent): Promise<void> {
  const told = securityEvent.safeParse(data)
  if (!told.success || told.data.type !== 'sign_in.succeeded' || told.data.accountId === undefined) return
  const { accountId } = told.data
  await settled(async () => {
    const account = await deps.repository.find(call, accountId)
    const asked = account?.value.deletion
    if (account === undefined || asked === undefined || asked.begun === true || at <= asked.requestedAt) return undefined
    return (await stay(deps, call, account)) ? undefined : 'moved'
  })
}

function stay({ repository, clock }: LeavingDependencies, call: Call, account: Stored<Account>): Promise<boolean> {
  const { id: accountId, email, name, language } = account.value
  const data = { name, when: new Date(clock.now()).toUTCString() }
  const events = [
    mail({ to: email, template: 'deletion-cancelled', data, ...(language === undefined ? {} : { language }) }),
    securityEventOf({ type: 'account.deletion_cancelled', accountId }),
  ]
  return repository.change(call, account, { set: { deletionAt: undefined, deletion: undefined }, events })
}

/** One account that cannot be erased now holds up no other: it is tried again by the next run. */
async function deleteDue(deps: LeavingDependencies, call: Call): Promise<void> {
  const failures: unknown[] = []
  const now = deps.clock.now()
  let after: string | undefined
  do {
    const due = await deps.repository.listDue(call, now, after)
    for (const account of due.items) {
      call.signal.throwIfAborted()
      await deleteOne(deps, call, account).catch((error: unknown) => failures.push(error))
    }
    after = due.next
  } while (after !== undefined)
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} accounts could not be deleted now; all others were`)
}

/** From here on nobody signs in, and nothing calls it off: what is begun is finished, by the next run if this one stops. */
async function begin(deps: LeavingDependencies, call: Call, account: Stored<Account>): Promise<boolean> {
  const { repository, engine, clock } = deps
  const { id, deletion, suspendedAt } = account.value
  // Blocked by an operator, its owner cannot call it off: it waits for them.
  if (suspendedAt !== undefined) return false
  // All sessions ended when the end was asked for: one that is there is of somebody who has come back, and whose event is still on its way.
  if ((await engine.sessions(call, id)).length > 0) {
    await stay(deps, call, account)
    return false
  }
  const begun = { requestedAt: clock.now(), ...deletion, begun: true }
  return repository.change(call, account, { set: { suspendedAt: clock.now(), deletion: begun }, events: [] })
}

async function deleteOne(deps: LeavingDependencies, call: Call, account: Stored<Account>): Promise<void> {
  const { repository, engine, personalData } = deps
  const { id, deletion } = account.value
  if (deletion?.begun !== true && !(await begin(deps, call, account))) return
  await engine.revokeAccount(call, id)
  const addresses = new Set([...(deletion?.addresses ?? []), ...(await deps.addressesOf(call, account.value)).all])
  const leaver = { accountId: id, addresses: [...addresses] }
  for (const part of personalData) await part.erase(call, leaver)
  const stored = await repository.find(call, id)
  if (stored === undefined) return
  await repository.delete(call, stored, [securityEventOf({ type: 'account.deleted', accountId: id }), accountDeletedEvent(id)])
}
