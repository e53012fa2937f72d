// What was mailed to sign in with, or to set a new password or make a new passkey, opens the account as a session does: whatever ends every session takes it
// away, in the same write. What is asked for afterwards stays.
import type { Call } from '#kernel/call.ts'
import { type CollectionDefinition, deleteFrom, type Document, type Operation } from '#kernel/collection.ts'
import type { Database } from '../../database/contract.ts'
import { emailSignInsCollection } from '../email-sign-in/repository.ts'
import { resetsCollection } from '../recovery/repository.ts'

/** For the commit of that write. */
export type MailedRemovals = (call: Call, accountId: string) => Promise<Operation[]>

/** Of each kind, in one commit. */
const AT_ONCE = 30

export function createMailedRemovals(database: Database): MailedRemovals {
  const waiting = <T extends Document & { readonly accountId?: string | undefined }>(
    definition: CollectionDefinition<T>,
  ): MailedRemovals => {
    const rows = database.collection(definition)
    return async (call, accountId) => {
      for (;;) {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every T has the field; the compiler cannot see that of a type that it does not know
        const where = { accountId } as Partial<T>
        const { items, next } = await rows.list(call, { index: 'account', where, limit: AT_ONCE })
        if (next === undefined) return items.map(({ value }) => deleteFrom(definition, value.id, { ifPresent: true }))
        // Strangers may have asked in the owner's name.
        for (const { value } of items) await rows.delete(call, value.id)
      }
    }
  }
  const signIns = waiting(emailSignInsCollection)
  const resets = waiting(resetsCollection)
  return async (call, accountId) => [...(await signIns(call, accountId)), ...(await resets(call, accountId))]
}
