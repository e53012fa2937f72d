// What the rest of the platform may know about clients of the authorization server and their resources. Types only.
import type { Call } from '#kernel/call.ts'

/** A client of the authorization server, as the app definition gives it. */
export interface ClientDefinition {
  readonly clientId: string
  /** Shown on the consent page. */
  readonly name: string
  /** Exact redirect URIs (RFC 9700 section 4.1.3). */
  readonly redirectUris: readonly string[]
  /** Origins whose scripts may call the token endpoint and the API. */
  readonly origins: readonly string[]
  /** The scopes that it may ask for, beside `openid` and `offline_access`. */
  readonly scopes: readonly string[]
  readonly postLogoutRedirectUris?: readonly string[]
  /** The client's front page, its privacy policy and its terms, for the consent page. */
  readonly clientUri?: string
  readonly policyUri?: string
  readonly tosUri?: string
  /** A small picture as a `data:` address (PNG, JPEG or WebP, at most 32 KiB). It is shown from our own origin, so that no other learns who is asked. */
  readonly logo?: string
  /** You know who is behind it. On for clients of the app definition unless told; the consent page warns of the others. */
  readonly verified?: boolean
  /** Whether people are asked: `once` for each scope (the default), `always`, or `never` for what you run yourself. */
  readonly consent?: 'once' | 'always' | 'never'
  readonly lifetimes?: ClientLifetimes
  /** Told when a person signs out (OpenID Connect Back-Channel Logout). */
  readonly backchannelLogoutUri?: string
  /** Must push its authorization requests (RFC 9126), so that no parameter of them can be changed in the browser. */
  readonly requirePushedAuthorizationRequests?: boolean
  /** Must sign its authorization requests (RFC 9101). */
  readonly requireSignedRequestObject?: boolean
  /** The keys of signed requests of a client that does not authenticate with keys anyway. */
  readonly requestObjectKeys?: readonly PublicKeyDefinition[]
  /** `{ method: 'none' }` unless told: an app that runs on a person's own device can keep no secret. */
  readonly authentication?: ClientAuthentication
  /** How it may come to tokens. `['authorization_code']` unless told, which includes refresh tokens. */
  readonly grants?: readonly ClientGrant[]
  /** The resources that it may exchange tokens for; needs the grant `token_exchange`. */
  readonly exchange?: { readonly audiences: readonly string[] }
  /** Takes no tokens but those that are bound to its key (RFC 9449) or to its certificate (RFC 8705). Bound to a key whenever it proves one. */
  readonly boundTokens?: 'dpop' | 'mtls'
  /** What its ID tokens are signed with: RS256 unless told. EdDSA needs `auth.edDsa` of the app definition. */
  readonly idTokenAlgorithm?: 'RS256' | 'ES256' | 'EdDSA'
  /** Whether each refresh gives a new ID token as well, for programs that use it as their credential. Off unless told: it tells nothing that is new. */
  readonly idTokenAtRefresh?: boolean
}

/** `device_code`: by a code that a person types on another device (RFC 8628). */
export type ClientGrant = 'authorization_code' | 'device_code' | 'client_credentials' | 'token_exchange'

/** A public key as RFC 7517 writes it. */
export interface PublicKeyDefinition {
  readonly kty: string
  readonly kid?: string
  readonly alg?: string
  readonly [member: string]: unknown
}

/** How a client proves who it is at the token endpoint and its neighbours. */
export type ClientAuthentication =
  | { readonly method: 'none' }
  | {
      readonly method: 'client_secret_basic' | 'client_secret_post'
      /** SHA-256 in base64url of each secret that is good now: two while it is being changed. A secret is 32 random characters at least. */
      readonly secretHashes: readonly string[]
    }
  /** RFC 7523. */
  | { readonly method: 'private_key_jwt'; readonly keys: readonly PublicKeyDefinition[] }
  /** RFC 8705: a certificate that the proxy in front has verified, with exactly this name. */
  | {
      readonly method: 'tls_client_auth'
      readonly subject: { readonly kind: 'dn' | 'dns' | 'uri' | 'ip' | 'email'; readonly value: string }
    }
  /** RFC 8705: exactly these certificates, as PEM. */
  | { readonly method: 'self_signed_tls_client_auth'; readonly certificates: readonly string[] }

/** A resource server beside the app's own API (RFC 8707). */
export interface ProtectedResourceDefinition {
  /** Its identifier, an absolute URI without a fragment: the `resource` of requests and the `aud` of its tokens. */
  readonly audience: string
  /** Its scopes, in plain words as those of the app. A scope belongs to one resource. */
  readonly scopes: Readonly<Record<string, string>>
  /** What its tokens are: signed (RFC 9068), random values that it must ask about (RFC 7662), or signed and encrypted for it. `jwt` unless told. */
  readonly format?: 'jwt' | 'opaque' | 'jwe'
  /** For `jwe`: the key that only it can open. */
  readonly encryptionKey?: PublicKeyDefinition
  /** 300 unless told, 600 at most. */
  readonly lifetimeSeconds?: number
  /** Its tokens may tell what somebody is: clients may ask for the scopes `roles`, `organizations` and `permissions` there, too. Not unless told. */
  readonly membership?: boolean
  /** The clients that are this resource server: they may ask about its tokens, and exchange them. */
  readonly servers?: readonly string[]
}

export interface RegistrationDefinition {
  /**
   * Clients register themselves (RFC 7591) and look after it (RFC 7592): `invited` ones with a token of `ninefold clients invite`, which is good for one
   * registration, or `anyone`, with a limit on how many.
   */
  readonly dynamic?: 'invited' | 'anyone'
  /** The id of a client may be the address of a document that describes it (OAuth Client ID Metadata Document), as MCP clients have it. */
  readonly documents?: boolean
  /** The scopes that such clients may ask for; every scope of the app unless told. */
  readonly scopes?: readonly string[]
  /** A client that registered itself and got no token for this long is forgotten; 30 unless told. Until its first one, a day when `anyone` may register. */
  readonly unusedDays?: number
}

/** In seconds. What is longer than the default of the platform is cut to it. */
export interface ClientLifetimes {
  readonly accessToken?: number
  readonly idToken?: number
  readonly refreshToken?: number
  /**
   * How long a refresh token that was used leads to the one that counts: 0 to 60, 10 unless told. For tabs, and for answers that are lost.
   */
  readonly refreshGrace?: number
}

/** Who made a client known: the app definition, an operator, the client itself (RFC 7591), or a document at the address that is its id. */
export type ClientSource = 'app' | 'operator' | 'registration' | 'document'

export interface ClientView {
  readonly source: ClientSource
  readonly definition: ClientDefinition
  /** It proves itself with a secret. Never the secret itself: that is shown once, when it is made. */
  readonly hasSecret: boolean
  /** Tells its present secret or key from any other, and nothing about it: for `replacing`. */
  readonly credential?: string
  /** Epoch milliseconds; absent for clients of the app definition. */
  readonly createdAt?: number
  /** Until when the secret before the present one is still taken. */
  readonly earlierSecretUntil?: number
  /** Since when it is refused. */
  readonly blockedAt?: number
  /** It has changed what operators had vouched for, and is trusted no more: since when, and what that was. Vouching for it anew ends this. */
  readonly lapsed?: {
    readonly at: number
    readonly name: string
    readonly redirectUris: readonly string[]
    /** Unknown when it was written by the release before. */
    readonly scopes?: readonly string[]
  }
}

/** How long a secret or key is taken beside the next one, unless told, and at the longest. */
export const KEEP_SECONDS = 3600
export const LONGEST_KEEP_SECONDS = 30 * 86_400

export interface SecretRenewal {
  /** For how long the one before is taken; an hour unless told, and with 0 it ends at once. */
  readonly keepSeconds?: number | undefined
  /** The answer with the present one was lost, so nothing has it: it ends at once, and the one before it stays good until its time. */
  readonly unseen?: boolean | undefined
  /** The `credential` that is to be replaced: `auth.credential_changed` when it has another one by now. Whatever it has unless told. */
  readonly replacing?: string | undefined
}

export type ClientChange = Partial<Omit<ClientDefinition, 'clientId'>>

/** The clients of the authorization server. For operators and the system alone. */
export interface Clients {
  list(call: Call, after?: string): Promise<{ readonly items: readonly ClientView[]; readonly next?: string }>
  find(call: Call, clientId: string): Promise<ClientView | undefined>
  /** With `withSecret` it is a confidential client, and the answer has its secret: nobody can show it again. */
  add(
    call: Call,
    definition: ClientDefinition,
    options?: { readonly withSecret?: boolean },
  ): Promise<{ readonly client: ClientView; readonly secret?: string }>
  change(call: Call, clientId: string, change: ClientChange): Promise<ClientView>
  /** A new secret; the one before is taken for a while, so that it can be replaced without an outage. Any before that is taken no more. */
  rotateSecret(call: Call, clientId: string, renewal?: SecretRenewal): Promise<{ readonly client: ClientView; readonly secret: string }>
  /** A token for one registration by a client itself, good for a day. */
  invite(call: Call): Promise<string>
  /** Its tokens end too. False when there is none. One of a document comes back with the next person who brings it: block it to be rid of it. */
  remove(call: Call, clientId: string): Promise<boolean>
  /**
   * Refuses it from now on, however it comes, and ends its tokens and what people have allowed it. The id of a document may be blocked before anybody has
   * come with it, and so may all of a host (`https://notes.example`): whatever document is there.
   */
  block(call: Call, clientId: string): Promise<ClientView>
  /** Lets it in again; people are asked anew. Gateways refuse tokens that it gets within a minute of its block. */
  unblock(call: Call, clientId: string): Promise<ClientView>
}
