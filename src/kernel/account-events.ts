// What other servers hear of accounts, as events of the database.
import type { EventDraft } from './collection.ts'
import { z } from './schema.ts'

/** An account is gone for good: whoever keeps something of this person removes it. */
export const ACCOUNT_DELETED = 'auth.account_deleted'

export const accountDeleted = z.strictObject({ accountId: z.string().min(1) })

export function accountDeletedEvent(accountId: string): EventDraft {
  return { topic: ACCOUNT_DELETED, key: accountId, data: { accountId } }
}
