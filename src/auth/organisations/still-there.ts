// Whoever gets into an organisation, or lets somebody in, is looked at a moment before that is written. When the account is gone by then, all that was kept
// of it has been removed already, and nobody would come back for what is written after it.
import { type Call, isOperator } from '#kernel/call.ts'
import { type Operation, updateIn } from '#kernel/collection.ts'
import { accountsCollection } from '../accounts/repository.ts'
import type { Account } from '../accounts/schemas.ts'
import { authErrors } from '../errors.ts'

/** What the account must be, still, when the write comes. Throws when it is on its way out now; operators may let in who is blocked. */
export function stillThere(call: Call, account: Account | undefined): Pick<Account, 'suspendedAt' | 'deletion'> {
  const isAsked = isOperator(call.principal)
  if (account === undefined) throw isAsked ? authErrors.account_not_found() : authErrors.sign_in_refused()
  const { suspendedAt, deletion } = account
  if (!isAsked && suspendedAt !== undefined) throw authErrors.sign_in_refused()
  if (deletion?.begun === true) throw authErrors.bad_details({ detail: 'This account is being deleted: it gets into nothing any more.' })
  return { suspendedAt, deletion }
}

/** For the commit that writes it: changes nothing. */
export function holdingStill(
  call: Call,
  account: Account | undefined,
  of: { readonly id: string /** For what must not be done twice at once. */; readonly version?: number | undefined },
): Operation {
  const { id, version } = of
  return updateIn(accountsCollection, id, {
    set: {},
    where: { ...stillThere(call, account) },
    ...(version === undefined ? {} : { ifVersion: version }),
  })
}
