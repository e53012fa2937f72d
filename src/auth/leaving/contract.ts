// What operators may do to somebody's access and account. Types only.

/** What is asked for: the end after the days of grace, or at once. */
export interface AccountDeletion {
  readonly email: string
  /** Without the days of grace: nothing brings the account back. */
  readonly now?: boolean
  /** The address once more, where it is to be at once. */
  readonly confirm?: string
}

export interface AccountEnding {
  readonly accountId: string
  /** It is gone. Otherwise it will be. */
  readonly deleted: boolean
  /** Epoch milliseconds. */
  readonly deletionAt: number
  /** They are told by mail: not again where it was on its way to this end already. */
  readonly mailSent: boolean
  /** Organisations that have members and no owner without this person, where there are any. Their members are told when the account is gone. */
  readonly withoutOwner?: readonly { readonly id: string; readonly name: string }[]
}

export interface AccountKept {
  readonly accountId: string
  /** False when nobody had asked for its end. */
  readonly kept: boolean
}

export interface AccountSignedOut {
  readonly accountId: string
  readonly signedOut: true
}
