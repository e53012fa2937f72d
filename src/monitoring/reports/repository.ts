// How policy reports are stored.
import type { Call } from '#kernel/call.ts'
import { defineCollection, insertInto } from '#kernel/collection.ts'
import type { Database } from '../../database/contract.ts'
import { type PolicyReport, policyReport } from './schemas.ts'

const reports = defineCollection<PolicyReport>({
  name: 'policy_reports',
  schema: policyReport,
  indexes: { newest: { fields: ['at'] } },
  expiry: 'expiresAt',
})

export interface ReportRepository {
  /** At most 100. */
  insertAll(call: Call, rows: readonly PolicyReport[]): Promise<void>
  newest(call: Call, limit: number): Promise<readonly PolicyReport[]>
}

export function createReportRepository(database: Database): ReportRepository {
  const collection = database.collection(reports)
  return {
    async insertAll(call, rows) {
      await database.commit(
        call,
        rows.map((row) => insertInto(reports, row)),
      )
    },
    async newest(call, limit) {
      const { items } = await collection.list(call, { index: 'newest', order: 'descending', limit })
      return items.map((item) => item.value)
    },
  }
}
