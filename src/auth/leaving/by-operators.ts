// For who cannot do it on the account page: signing out everywhere, and the end of the account.
import { type Call, callAs } from '#kernel/call.ts'
import type { Stored } from '../../database/contract.ts'
import { normaliseEmail } from '../accounts/email.ts'
import type { Account } from '../accounts/schemas.ts'
import { endAccessRequested } from '../end-access.ts'
import { authErrors } from '../errors.ts'
import { actorOf, securityEventOf } from '../security-events/security-event.ts'
import { settled } from '../settled.ts'
import type { AccountDeletion, AccountEnding, AccountKept, AccountSignedOut } from './contract.ts'
import { askAgain, askForEnd, beginAtOnce, deleteOne, type LeavingDependencies, noWayBack, stay } from './ending.ts'
import { requireOperator } from '../operators-only.ts'

/** Ends what blocking ends, and leaves the account open. */
export async function signOut(
  { repository, mailed, engine, clock }: LeavingDependencies,
  call: Call,
  typed: string,
): Promise<AccountSignedOut | undefined> {
  requireOperator(call)
  const account = await accountOf(repository, call, typed)
  if (account === undefined) return undefined
  const { id: accountId } = account.value
  const events = [
    endAccessRequested({ accountId, at: clock.now() }),
    securityEventOf({ type: 'account.signed_out', accountId, ...actorOf(call) }),
  ]
  await repository.tell(call, events, await mailed(call, accountId))
  await engine.revokeAccount(call, accountId)
  return { accountId, signedOut: true }
}

export async function end(deps: LeavingDependencies, call: Call, asked: AccountDeletion): Promise<AccountEnding | undefined> {
  requireOperator(call)
  const email = normaliseEmail(asked.email)
  if (email === undefined) return undefined
  const { confirm, now = false } = asked
  if ((now || confirm !== undefined) && normaliseEmail(confirm ?? '') !== email) throw notConfirmed()
  // While it is known what it owns.
  const left = await leftWithoutOwner(deps, call, email)
  const ending = now ? await endNow(deps, call, email) : await endLater(deps, call, email)
  return ending && left.length > 0 ? { ...ending, withoutOwner: left } : ending
}

/** Those that nobody has chosen to end with the account. */
async function leftWithoutOwner(
  { repository, leftBy }: LeavingDependencies,
  call: Call,
  email: string,
): Promise<NonNullable<AccountEnding['withoutOwner']>> {
  const account = await repository.findByEmail(call, email)
  if (account === undefined) return []
  const { id: accountId, deletion } = account.value
  const left = await leftBy(call, accountId)
  return left.filter(({ id }) => deletion?.organisations?.includes(id) !== true).map(({ id, name }) => ({ id, name }))
}

async function endLater(deps: LeavingDependencies, call: Call, email: string): Promise<AccountEnding | undefined> {
  const ending = await settled(async () => {
    const account = await deps.repository.findByEmail(call, email)
    if (account === undefined) return undefined
    const { id: accountId, deletion, deletionAt } = account.value
    if (deletion?.begun === true && deletionAt !== undefined) return { accountId, deletionAt, mailSent: false }
    const asked = { account, by: actorOf(call), byOperator: true } as const
    // By one of us before: that day stays.
    if (deletion?.byOperator === true && deletionAt !== undefined) {
      const again = await askAgain(deps, call, asked)
      return again === undefined ? 'moved' : { accountId, ...again }
    }
    const at = await askForEnd(deps, call, asked)
    return at === undefined ? 'moved' : { accountId, deletionAt: at, mailSent: true }
  })
  if (ending === undefined) return undefined
  await deps.engine.revokeAccount(call, ending.accountId)
  return { ...ending, deleted: false }
}

async function endNow(deps: LeavingDependencies, call: Call, email: string): Promise<AccountEnding | undefined> {
  const { repository, clock } = deps
  const by = actorOf(call)
  const ending = await settled(async () => {
    const account = await repository.findByEmail(call, email)
    if (account === undefined) return undefined
    const { id, deletion } = account.value
    if (deletion?.begun === true) return { accountId: id, mailSent: false }
    return (await beginAtOnce(deps, call, { account, by })) ? { accountId: id, mailSent: true } : 'moved'
  })
  if (ending === undefined) return undefined
  const { accountId } = ending
  const begun = await repository.find(call, accountId)
  // What else is kept of the person asks for no operator. Should this stop half way, the next run of the job goes on.
  if (begun !== undefined) await deleteOne(deps, callAs(call, { kind: 'system', name: 'auth' }), { account: begun, by })
  return { ...ending, deleted: true, deletionAt: clock.now() }
}

export async function keep(deps: LeavingDependencies, call: Call, typed: string): Promise<AccountKept | undefined> {
  requireOperator(call)
  return await settled(async () => {
    const account = await accountOf(deps.repository, call, typed)
    if (account === undefined) return undefined
    const { id: accountId, deletion, deletionAt } = account.value
    if (deletion?.begun === true) throw noWayBack()
    if (deletionAt === undefined) return { accountId, kept: false }
    return (await stay(deps, call, { account, by: actorOf(call) })) ? { accountId, kept: true } : 'moved'
  })
}

async function accountOf(repository: LeavingDependencies['repository'], call: Call, typed: string): Promise<Stored<Account> | undefined> {
  const email = normaliseEmail(typed)
  return email === undefined ? undefined : await repository.findByEmail(call, email)
}

function notConfirmed(): Error {
  const message = 'Type the address of the account once more: what is deleted at once cannot be brought back.'
  return authErrors.bad_details({ detail: message, fields: [{ field: 'confirm', message }] })
}
