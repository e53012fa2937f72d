// What opens a way into an account, or closes one to others, is decided on what was read of it, and written a moment later. A request that is held up in
// between must not leave something behind in an account that its owner has taken back meanwhile.
import type { Call } from '#kernel/call.ts'
import { type Operation, updateIn } from '#kernel/collection.ts'
import { equalSecrets } from '#kernel/keyring.ts'
import type { Database } from '../../database/contract.ts'
import { accountsCollection } from './repository.ts'
import { credentialOf } from './schemas.ts'

/** An account, and the credential that it had when somebody proved to be its owner. */
export interface Owned {
  readonly accountId: string
  readonly credential: string
  /** For what is counted after the account was read: nothing at all is written to it meanwhile. */
  readonly untouched?: true
}

/** For the commit that writes it: fails that when the account is not the same any more. `undefined` when it is not the same now. */
export type StillOwned = (call: Call, owned: Owned) => Promise<Operation | undefined>

export function createStillOwned(database: Database): StillOwned {
  const accounts = database.collection(accountsCollection)
  return async (call, { accountId, credential, untouched }) => {
    const stored = await accounts.get(call, accountId)
    const account = stored?.value
    if (account === undefined || account.suspendedAt !== undefined || !equalSecrets(credentialOf(account), credential)) return undefined
    const { password, waysVersion } = account
    const where = { password, waysVersion, suspendedAt: undefined }
    return updateIn(accountsCollection, accountId, { set: {}, where, ...(untouched && stored && { ifVersion: stored.version }) })
  }
}
