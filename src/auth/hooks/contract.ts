// What an app may decide when people sign up and sign in. Types only.
import type { Call } from '#kernel/call.ts'
import type { Json } from '#kernel/json.ts'

type Awaitable<T> = T | Promise<T>

export interface AuthHookContext {
  /** Nobody's in particular, with a signal that ends with the time limit. */
  readonly call: Call
  /** Epoch milliseconds. */
  readonly now: number
}

/** Of hooks whose words a person reads. */
export interface PersonHookContext extends AuthHookContext {
  /** What the page speaks that the person is on, a BCP 47 tag: one of the languages on offer, as `languages` and `texts` of the definition name it. */
  readonly language: string
}

/** What somebody typed who would like an account. Nothing here tells whether the address has one already. */
export interface SignUpDraft {
  /** As it would be stored. */
  readonly email: string
  readonly name: string
}

/** Nothing: go on. `name`: the account gets this one. `refuse`: no account, and the person reads why, beside the field if one is named. */
export type SignUpAnswer =
  | { readonly name?: string }
  | { readonly refuse: { readonly message: string; readonly field?: 'name' | 'email' } }
  | undefined

export interface SignedInPerson {
  readonly accountId: string
  readonly email: string
  readonly name: string
  /** The client that the person is on the way to; `accounts` for the account pages. */
  readonly clientId: string
}

/** Nothing: let in. `refuse`: kept out, and the person reads why. */
export type SignInAnswer = { readonly refuse: string } | undefined

/** Tokens that are about to be issued for a person. */
export interface TokenRequest {
  readonly accountId: string
  readonly clientId: string
  /** True for the app's own frontends, false for every other client, also one that you run yourself: they read what is in their tokens. */
  readonly firstParty: boolean
  /** At most what the tokens are for. */
  readonly scopes: readonly string[]
  /** What the access token is for: the API, one of its addresses, or one of `auth.resources`, by its audience. */
  readonly resource: string
  /** What the person is in the whole app, whether or not the client may see that. */
  readonly roles: readonly string[]
  /** The organisation that the person acts for, and what they are there. */
  readonly organisation?: { readonly id: string; readonly roles: readonly string[] }
}

export type AppClaims = Readonly<Record<string, Json>>

/** What the tokens carry in the claim `app`, 1,024 bytes of JSON each at most: an umlaut has two, an emoji four. */
export interface TokenAnswer {
  readonly accessToken?: AppClaims
  readonly idToken?: AppClaims
}

/**
 * What an app does around signing up and signing in. Each has five seconds. When one throws, takes longer or answers with something else, the answer is
 * no: nobody signs up, comes in or gets a token, and a line with `auth.hook_failed` in the log says why.
 */
export interface AuthHooks {
  /** Before anything is looked up or stored, for known and unknown addresses alike. */
  beforeSignUp?(context: PersonHookContext, draft: SignUpDraft): Awaitable<SignUpAnswer | void>
  /** When somebody has proved who they are, by whatever method, and before they are in. Not when a session goes on. */
  afterSignIn?(context: PersonHookContext, person: SignedInPerson): Awaitable<SignInAnswer | void>
  /** Before the tokens of a person are issued, at every refresh too: be quick. */
  tokenClaims?(context: AuthHookContext, request: TokenRequest): Awaitable<TokenAnswer | void>
}
