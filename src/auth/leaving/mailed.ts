// What was mailed to sign in with, or to set a new password or make a new passkey, opens the account as a session does: whatever ends every session takes it
// away, in the same write. What is asked for afterwards stays.
import type { Call } from '#kernel/call.ts'
import type { Operation } from '#kernel/collection.ts'
import type { Database } from '../../database/contract.ts'
import { emailSignInsCollection } from '../email-sign-in/repository.ts'
import { resetsCollection } from '../recovery/repository.ts'
import { removingRows } from '../remaining-rows.ts'

/** For the commit of that write. */
export type MailedRemovals = (call: Call, accountId: string) => Promise<Operation[]>

/** Of each kind, in one commit. */
const AT_ONCE = 30

export function createMailedRemovals(database: Database): MailedRemovals {
  const signIns = database.collection(emailSignInsCollection)
  const resets = database.collection(resetsCollection)
  return async (call, accountId) => {
    const query = { index: 'account', where: { accountId } } as const
    return [
      ...(await removingRows(call, { rows: signIns, definition: emailSignInsCollection, query, atOnce: AT_ONCE })),
      ...(await removingRows(call, { rows: resets, definition: resetsCollection, query, atOnce: AT_ONCE })),
    ]
  }
}
