// One upstream provider as the protocol code needs it. The presets make these from the app definition.
import type { Reach } from '#kernel/http/public-address.ts'

/** What a provider says of somebody. */
export interface Claimed {
  readonly issuer: string
  readonly subject: string
  readonly email?: string
  /** True only when the provider says so, and may be believed. */
  readonly emailVerified: boolean
  readonly name?: string
}

export type Claims = Readonly<Record<string, unknown>>

/** Reads JSON of the provider with the access token of the person. */
export type ReadJson = (url: string) => Promise<unknown>

export type ClientProof =
  | { readonly kind: 'client_secret_basic'; readonly secret: string }
  | { readonly kind: 'client_secret_post'; readonly secret: string }
  | { readonly kind: 'private_key_jwt'; readonly privateKey: string; readonly keyId?: string | undefined }
  /** Apple's: the client secret is a short-lived token that we sign ourselves. */
  | { readonly kind: 'signed_secret'; readonly privateKey: string; readonly keyId: string; readonly teamId: string }

export interface Upstream {
  readonly id: string
  readonly kind: string
  readonly name: string
  readonly clientId: string
  readonly proof: ClientProof
  readonly scopes: readonly string[]
  readonly signUp: boolean
  readonly reach: Reach
  /** Further parameters of the authorization request. */
  readonly parameters: Readonly<Record<string, string>>
  /** What asks for the credential whoever is signed in there, where the provider can. */
  readonly againParameters: Readonly<Record<string, string>>
  readonly protocol:
    | {
        readonly kind: 'openid'
        /** Where the discovery document is. */
        readonly issuer: string
        /** Several tenants have one document, in which the issuer is a pattern. */
        readonly issuerIsPattern?: true
        /** Who it is, by the claims of a validated ID token; the reason when this person may not come. */
        identify(claims: Claims, further: Claims): Claimed | string
      }
    | {
        readonly kind: 'oauth2'
        readonly issuer: string
        readonly authorizationEndpoint: string
        readonly tokenEndpoint: string
        identify(read: ReadJson): Promise<Claimed | string>
      }
}
