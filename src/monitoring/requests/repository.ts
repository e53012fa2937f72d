// How the request log is stored: a collection that expires, with one index per filter of the console.
import type { Call } from '#kernel/call.ts'
import { defineCollection, deleteFrom, insertInto } from '#kernel/collection.ts'
import type { Database, Page } from '../../database/contract.ts'
import { type LoggedRequest, loggedRequest } from './schemas.ts'

const requests = defineCollection<LoggedRequest>({
  name: 'requests',
  schema: loggedRequest,
  indexes: {
    newest: { fields: ['at'] },
    byStatus: { fields: ['statusClass', 'at'] },
    byRoute: { fields: ['route', 'at'] },
    byClient: { fields: ['client', 'at'] },
    byRequest: { fields: ['requestId', 'at'] },
    byAccount: { fields: ['accountId', 'at'] },
  },
  expiry: 'expiresAt',
})

const BATCH_LIMIT = 100

export type RequestIndex = 'newest' | 'byStatus' | 'byRoute' | 'byClient' | 'byRequest' | 'byAccount'

export interface RequestQuery {
  readonly index: RequestIndex
  readonly where: Partial<Pick<LoggedRequest, 'statusClass' | 'route' | 'client' | 'requestId' | 'accountId'>>
  readonly limit: number
  readonly after?: string
}

export interface RequestRepository {
  /** At most `BATCH_LIMIT`. */
  insertAll(call: Call, rows: readonly LoggedRequest[]): Promise<void>
  newest(call: Call, query: RequestQuery): Promise<Page<LoggedRequest>>
  /** Removes what is older, some rows at a time; the answer is how many. */
  removeBefore(call: Call, at: number): Promise<number>
}

export function createRequestRepository(database: Database): RequestRepository {
  const collection = database.collection(requests)
  return {
    async insertAll(call, rows) {
      await database.commit(
        call,
        rows.map((row) => insertInto(requests, row)),
      )
    },
    newest: (call, query) => collection.list(call, { ...query, order: 'descending' }),
    async removeBefore(call, at) {
      const { items } = await collection.list(call, { index: 'newest', range: { below: at }, limit: BATCH_LIMIT })
      if (items.length === 0) return 0
      await database.commit(
        call,
        items.map(({ value }) => deleteFrom(requests, value.id, { ifPresent: true })),
      )
      return items.length
    },
  }
}
