// Ways into an account that were added since a moment, by whoever had it then.
import type { Call } from '#kernel/call.ts'
import type { Database } from '../../database/contract.ts'
import { passkeysCollection } from '../passkeys/repository.ts'
import { codesCollection, totpCollection } from '../second-factors/repository.ts'
import { identitiesCollection } from '../upstream/repository.ts'

const AT_ONCE = 1000

export interface NewWays {
  /** Again and again is the same. */
  remove(call: Call, accountId: string, since: number): Promise<void>
}

export function createNewWays(database: Database): NewWays {
  const passkeys = database.collection(passkeysCollection)
  const identities = database.collection(identitiesCollection)
  const totps = database.collection(totpCollection)
  const codes = database.collection(codesCollection)
  return {
    async remove(call, accountId, since) {
      const added = await passkeys.list(call, { index: 'account', where: { accountId }, range: { from: since }, limit: AT_ONCE })
      for (const { value } of added.items) await passkeys.delete(call, value.id)
      const linked = await identities.list(call, { index: 'account', where: { accountId }, range: { from: since }, limit: AT_ONCE })
      for (const { value } of linked.items) await identities.delete(call, value.id)
      // A second step of somebody else's would keep the owner out.
      for (const rows of [totps, codes]) {
        const found = await rows.get(call, accountId)
        if (found !== undefined && found.value.createdAt >= since) await rows.delete(call, accountId)
      }
    },
  }
}
