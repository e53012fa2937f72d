// What somebody comes in with who has just proved to be the owner of an account.
import { type Account, credentialOf } from './schemas.ts'

export interface SignedIn {
  readonly accountId: string
  /** What was proved; see `AccountDirectory`. */
  readonly credential: string
  /** The account is being taken back from somebody: what they have opened ends first, and the credential is that of afterwards. */
  readonly endsOthers?: true
}

export function signedInto(account: Account): SignedIn {
  const { id: accountId, waysVersion = 0, reclaimedSince } = account
  if (reclaimedSince === undefined) return { accountId, credential: credentialOf(account) }
  // The end of the taking back counts once more.
  return { accountId, credential: credentialOf({ ...account, waysVersion: waysVersion + 1 }), endsOthers: true }
}
