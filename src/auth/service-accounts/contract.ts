// Service accounts: machines that act for an organisation, or for the platform, with keys of their own. Types only.
import type { Call } from '#kernel/call.ts'
import type { SecretRenewal } from '../clients/contract.ts'
import type { RolesWanted } from '../organisations/contract.ts'

export interface ServiceAccountView {
  /** Its `client_id`; the `sub` of its tokens is `client:` and this. */
  readonly clientId: string
  readonly name: string
  /** Whose it is; absent for the platform's own. */
  readonly organisationId?: string
  /** In the organisation, or in the whole app for one of the platform. */
  readonly roles: readonly string[]
  /** The scopes that it may ask for. */
  readonly scopes: readonly string[]
  readonly authentication: 'secret' | 'key'
  /** Tells its present secret or key from any other, and nothing about it: for `replacing`. */
  readonly credential?: string
  /** When that took the place of another one, in epoch milliseconds, and where it was a person, by whom: `renewerOf` says it of one. */
  readonly renewed?: { readonly at: number; readonly by?: string }
  /** Epoch milliseconds. */
  readonly createdAt: number
  /** Until when the secret or key before the present one is good. */
  readonly earlierUntil?: number
}

export interface NewServiceAccount {
  readonly name: string
  readonly roles: readonly string[]
  readonly scopes: readonly string[]
  /** A public key as JSON (RFC 7517), for assertions that it signs (RFC 7523). Without one it gets a secret. */
  readonly key?: string | undefined
}

/** `secret` is there once: nobody can show it again. */
export interface MadeServiceAccount {
  readonly service: ServiceAccountView
  readonly secret?: string
}

/** As of the secret of a client. What it had before what it has now ends, unless `unseen` is said. */
export type CredentialChange = SecretRenewal

/** `key` is a public one as JSON. */
export type KeyChange = CredentialChange & { readonly key: string }

/** For operators and the system alone. */
export interface ServiceAccountsDesk {
  /** Those of the platform, or of an organisation. */
  list(call: Call, organisationId?: string): Promise<readonly ServiceAccountView[]>
  create(call: Call, made: NewServiceAccount & { readonly organisationId?: string | undefined }): Promise<MadeServiceAccount>
  /** Gives exactly these, or some more and some less, and says what it is then. Tokens that tell of others end within a second. */
  setRoles(call: Call, clientId: string, roles: RolesWanted): Promise<readonly string[]>
  /** What is taken away ends the tokens of before within a second; what is given counts with the next one. */
  setScopes(call: Call, clientId: string, scopes: readonly string[]): Promise<void>
  renewSecret(call: Call, clientId: string, change?: CredentialChange): Promise<string>
  /** The same for one that signs for itself. */
  setKey(call: Call, clientId: string, change: KeyChange): Promise<void>
  /** From its key to a secret. */
  useSecret(call: Call, clientId: string, change?: CredentialChange): Promise<string>
  /** From its secret to a public key, of which it has the private half. */
  useKey(call: Call, clientId: string, change: KeyChange): Promise<void>
  /** Ends the secret or key before the present one. False when none was good. */
  endEarlier(call: Call, clientId: string): Promise<boolean>
  /** It can get no token any more, and those that it has end within a second. False when there is none. */
  remove(call: Call, clientId: string): Promise<boolean>
}
