// The end of an account: asked for by its owner or an operator, called off by signing in, carried out after a while by a job. And blocking by operators,
// which is no end.
import type { Call } from '#kernel/call.ts'
import { type JobDefinition, job } from '#kernel/job.ts'
import { z } from '#kernel/schema.ts'
import type { StoredEvent, Subscription } from '../../database/contract.ts'
import type { AccountStanding } from '../contract.ts'
import { SECURITY_EVENT, securityEvent, type Whence } from '../security-events/security-event.ts'
import { settled } from '../settled.ts'
import { authErrors } from '../errors.ts'
import { end, keep, signOut } from './by-operators.ts'
import type { AccountDeletion, AccountEnding, AccountKept, AccountSignedOut } from './contract.ts'
import { askForEnd, daysUntil, deleteOne, type LeavingDependencies, stay } from './ending.ts'
import { type SignOutElsewhere, signOutElsewhere } from './elsewhere.ts'
import { suspend } from './suspending.ts'

const HOUR_MS = 3_600_000

interface AskedByOwner {
  readonly accountId: string
  readonly by?: Whence
  /** The sign-in by which it is asked for. */
  readonly signedInAt?: number
  /** Ids of those that are to end with it: all that would have members and no owner without the account. */
  readonly organisations?: readonly string[]
}

export interface Leaving {
  /** How many days an account waits for its end, in which signing in calls it off. */
  readonly graceDays: number
  /** What would have members and no owner without this person: somebody else becomes an owner there, or it ends with the account. */
  leftBy: LeavingDependencies['leftBy']
  /**
   * Ends every session and token at once. The account waits so many days, and is gone when nobody has signed in to it until then. Throws `auth.last_owner` while there
   * is something to choose that is not chosen.
   */
  requestDeletion(call: Call, asked: AskedByOwner): Promise<{ readonly days: number }>
  /** Ends what a new password ends, for who has none: every session but this one, and what apps were allowed. */
  signOutElsewhere(call: Call, asked: SignOutElsewhere): Promise<void>
  /** For operators and the system, as are the next three: see by-operators.ts. `undefined` when nobody has this address. */
  signOut(call: Call, typed: string): Promise<AccountSignedOut | undefined>
  end(call: Call, asked: AccountDeletion): Promise<AccountEnding | undefined>
  keep(call: Call, typed: string): Promise<AccountKept | undefined>
  /** For operators and the system. Blocking ends every session and token within a second. `undefined` when nobody has this address. */
  suspend(call: Call, typed: string, suspended: boolean): Promise<AccountStanding | undefined>
  /** Calls an end off when its owner signs in. */
  readonly subscription: Subscription
  readonly jobs: readonly JobDefinition[]
}

export function createLeaving(deps: LeavingDependencies): Leaving {
  return {
    graceDays: deps.graceDays,
    leftBy: (call, accountId) => deps.leftBy(call, accountId),
    requestDeletion: (call, asked) => requestDeletion(deps, call, asked),
    signOutElsewhere: (call, asked) => signOutElsewhere(deps, call, asked),
    signOut: (call, typed) => signOut(deps, call, typed),
    end: (call, asked) => end(deps, call, asked),
    keep: (call, typed) => keep(deps, call, typed),
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
  deps: LeavingDependencies,
  call: Call,
  { accountId, by, signedInAt, organisations = [] }: AskedByOwner,
): Promise<{ days: number }> {
  const left = await deps.leftBy(call, accountId)
  // Only what was named is chosen; what comes to be so in the days of grace is told to its members.
  if (left.some(({ id }) => !organisations.includes(id))) throw authErrors.last_owner()
  const ends = left.map(({ id }) => id)
  const endsAt = await settled(async () => {
    const account = await deps.repository.find(call, accountId)
    if (account === undefined) return undefined
    const { deletion, deletionAt } = account.value
    // Sent twice: every sign-in of before has ended with the first time.
    const isTwice = deletion !== undefined && signedInAt !== undefined && signedInAt <= deletion.requestedAt
    if (deletionAt !== undefined && (deletion?.begun === true || isTwice)) return deletionAt
    return (await askForEnd(deps, call, { account, by, organisations: ends, anew: true })) ?? 'moved'
  })
  await deps.engine.revokeAccount(call, accountId)
  const now = deps.clock.now()
  return { days: daysUntil(endsAt ?? now, now) }
}

/** An event has the time at which its write was asked for, which a block may overtake. */
const UNDER_WAY_MS = 5000

async function callOff(deps: LeavingDependencies, call: Call, { data, at }: StoredEvent): Promise<void> {
  const told = securityEvent.safeParse(data)
  if (!told.success || told.data.type !== 'sign_in.succeeded' || told.data.accountId === undefined) return
  const { accountId } = told.data
  await settled(async () => {
    const account = await deps.repository.find(call, accountId)
    const asked = account?.value.deletion
    if (account === undefined || asked === undefined || asked.begun === true || at <= asked.requestedAt) return undefined
    // One that was under way when the account was blocked has signed nobody in.
    const { suspendedAt } = account.value
    if (suspendedAt !== undefined && at > suspendedAt - UNDER_WAY_MS) return undefined
    return (await stay(deps, call, { account })) ? undefined : 'moved'
  })
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
      await deleteOne(deps, call, { account }).catch((error: unknown) => failures.push(error))
    }
    after = due.next
  } while (after !== undefined)
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} accounts could not be deleted now; all others were`)
}
