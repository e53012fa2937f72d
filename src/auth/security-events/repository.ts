// How security events are stored: by account, newest first, gone after their time.
import type { Call } from '#kernel/call.ts'
import { defineCollection, insertInto } from '#kernel/collection.ts'
import { hasCode } from '#kernel/errors.ts'
import type { Database, Page } from '../../database/contract.ts'
import { accountsCollection } from '../accounts/repository.ts'
import { type SecurityEventRecord, securityEventRecord } from './schemas.ts'

const AT_ONCE = 100

export const securityEventsCollection = defineCollection<SecurityEventRecord>({
  name: 'auth_security_events',
  schema: securityEventRecord,
  indexes: { account: { fields: ['accountId', 'at'] } },
  expiry: 'expiresAt',
})

export interface SecurityEventsRepository {
  /** At most 100. What is stored already stays as it is. */
  insertNew(call: Call, records: readonly SecurityEventRecord[]): Promise<void>
  find(call: Call, id: string): Promise<SecurityEventRecord | undefined>
  list(
    call: Call,
    accountId: string,
    page: { readonly limit: number; readonly after?: string | undefined },
  ): Promise<Page<SecurityEventRecord>>
  deleteAll(call: Call, accountId: string): Promise<void>
  /** Those of them whose account is not there. */
  gone(call: Call, accountIds: readonly string[]): Promise<string[]>
}

export function createSecurityEventsRepository(database: Database): SecurityEventsRepository {
  const events = database.collection(securityEventsCollection)
  const accounts = database.collection(accountsCollection)
  const list: SecurityEventsRepository['list'] = (call, accountId, { limit, after }) =>
    events.list(call, { index: 'account', where: { accountId }, order: 'descending', limit, ...(after === undefined ? {} : { after }) })
  return {
    async insertNew(call, records) {
      if (records.length === 0) return
      try {
        const inserts = records.map((record) => insertInto(securityEventsCollection, record))
        await database.commit(call, inserts)
      } catch (error) {
        if (!hasCode(error, 'database.duplicate')) throw error
        // Some of a batch that comes again are there already: each for itself.
        if (records.length > 1) for (const record of records) await this.insertNew(call, [record])
      }
    },
    find: async (call, id) => (await events.get(call, id))?.value,
    list,
    async deleteAll(call, accountId) {
      let found: number
      do {
        const page = await list(call, accountId, { limit: AT_ONCE })
        found = page.items.length
        for (const { value } of page.items) await events.delete(call, value.id)
      } while (found === AT_ONCE)
    },
    async gone(call, accountIds) {
      const found = await Promise.all(accountIds.map((id) => accounts.get(call, id)))
      return accountIds.filter((_id, number) => found[number] === undefined)
    },
  }
}
