// Other providers that people may sign in with, as the app definition names them. Types only. What is secret of them is the operator's
// (NINEFOLD_AUTH_UPSTREAM_SECRETS), by their `id`.

interface UpstreamBase {
  /** In addresses and settings; what `kind` says unless told. Its redirect URI is `<accounts origin>/upstream/<id>/callback`. */
  readonly id?: string
  readonly clientId: string
  /** On the button: "Continue with ...". */
  readonly name?: string
  /** False: only people who have linked it before come in this way. */
  readonly signUp?: boolean
}

interface NamedUpstream extends UpstreamBase {
  readonly id: string
  readonly name: string
  /** Beside `openid`, for OpenID Connect. `email` and `profile` unless told. */
  readonly scopes?: readonly string[]
  /** False: its word that an address is somebody's is not enough to find an account by. */
  readonly trustsEmail?: boolean
  /** True: it may be on a private network, too. Without, only public addresses are reached in production. */
  readonly privateNetwork?: boolean
}

export interface GoogleUpstream extends UpstreamBase {
  readonly kind: 'google'
  /** Only people of this Google Workspace domain. */
  readonly hostedDomain?: string
}

export interface GitHubUpstream extends UpstreamBase {
  readonly kind: 'github'
  /** Of GitHub Enterprise Server, for example `https://github.example.org`. */
  readonly server?: string
}

export interface MicrosoftUpstream extends UpstreamBase {
  readonly kind: 'microsoft'
  /** Ids of the tenants whose people may come; or `organizations` for all of them, `consumers` for private accounts, `common` for both. */
  readonly tenants: readonly string[] | 'organizations' | 'consumers' | 'common'
}

export interface AppleUpstream extends UpstreamBase {
  readonly kind: 'apple'
  readonly teamId: string
  /** Of the private key, which is the secret. */
  readonly keyId: string
}

/** Any OpenID Connect provider, by its discovery document. */
export interface OpenIdUpstream extends NamedUpstream {
  readonly kind: 'openid'
  /** Exactly as its discovery document says it. */
  readonly issuer: string
  /** How we prove to be the client: the secret in a header unless told. `private_key_jwt`: the secret is a private key in PEM (PKCS #8). */
  readonly clientAuthentication?: 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt'
  /** Of the private key, where the provider wants to be told. */
  readonly keyId?: string
  readonly responseMode?: 'form_post'
}

/** A provider of OAuth 2 alone. Members of what its userinfo endpoint answers are named with dots, as in `user.id`. */
export interface OAuth2Upstream extends NamedUpstream {
  readonly kind: 'oauth2'
  readonly authorizationEndpoint: string
  readonly tokenEndpoint: string
  readonly userinfoEndpoint: string
  /** `subject` must never be given to another person. `emailVerified` counts when it is exactly `true`. */
  readonly userinfo: { readonly subject: string; readonly email?: string; readonly emailVerified?: string; readonly name?: string }
  readonly clientAuthentication?: 'client_secret_basic' | 'client_secret_post'
}

export type UpstreamDefinition = GoogleUpstream | GitHubUpstream | MicrosoftUpstream | AppleUpstream | OpenIdUpstream | OAuth2Upstream
