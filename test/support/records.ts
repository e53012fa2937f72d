// Everything that is stored of an account's second step, as text: for tests that look for what must not be there.
import { systemCall } from '#kernel/call.ts'
import { codesCollection, totpCollection } from '../../src/auth/second-factors/repository.ts'
import type { Database } from '../../src/database/contract.ts'

export async function recordsOf(database: Database, accountId: string): Promise<string> {
  const call = systemCall('records-test')
  const found = await Promise.all([
    database.collection(totpCollection).get(call, accountId),
    database.collection(codesCollection).get(call, accountId),
  ])
  return JSON.stringify(found)
}
