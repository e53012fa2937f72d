// What operators may know of people. Types only.
import type { Call } from '#kernel/call.ts'
import type { AccountList, AccountQuery, AccountView } from './schemas.ts'

export type { AccountFacts, AccountList, AccountQuery, AccountView } from './schemas.ts'

/** By what is known of them: the address, or the id, which the request log has. */
export type Whom = { readonly email: string } | { readonly accountId: string }

/** For operators and the system. */
export interface Finding {
  /** By address. Ask again with `next`. */
  list(call: Call, query: AccountQuery): Promise<AccountList>
  /** `undefined` when there is nobody. */
  view(call: Call, whom: Whom): Promise<AccountView | undefined>
}
