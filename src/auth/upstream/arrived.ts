// What it means that somebody has come from a provider. Types only.
import type { NotAdmitted } from '../admission/service.ts'

export interface Owner {
  readonly accountId: string
  readonly credential: string
}

export type Arrived =
  /** `byAddress`: not linked yet, since the sign-in is not whole; see `settle`. */
  | { readonly is: 'owner'; readonly owner: Owner; readonly byAddress: boolean }
  /** Nobody here has this address, and it is certainly theirs: an account can be made. */
  | { readonly is: 'new' }
  /** Whose account it is, or would be, cannot be told by what the provider says. */
  | { readonly is: 'unknown' }
  /** Suspended, or kept to people who have linked it; `why` of whoever may have no account, whose address it certainly is. */
  | { readonly is: 'refused'; readonly why?: NotAdmitted }

/** The look at what is here. `isKnown`: whose the identity is, or the address, can be told by what is here. */
export interface Seen {
  readonly means: Arrived
  readonly isKnown: boolean
  /** The provider is for people who have linked it alone. */
  readonly isLinkedOnly?: boolean
}
