// The seam inside auth between the OpenID engine (`provider/`) and what people see and have (`accounts/`, `pages/`). Types only.
import type { Call } from '#kernel/call.ts'
import type { Answer, Exchange } from '#kernel/http/route.ts'
import type { Level, Proof } from './levels.ts'
import type { Membership } from './roles/membership.ts'
import type { Arrival } from './upstream/schemas.ts'

/** Why the authorization endpoint has stopped to ask the person. */
export interface Interaction {
  readonly uid: string
  readonly prompt: 'login' | 'consent'
  readonly client: {
    readonly clientId: string
    readonly name: string
    /** Host of the redirect URI of this request, for the consent page. */
    readonly host: string
    /** Origin of that URI: the page's `form-action` must allow it, since browsers check redirects after a form post. */
    readonly redirectOrigin: string
    readonly firstParty: boolean
    /** Nobody who runs this knows who is behind it. */
    readonly isUnknown?: true
    /** The host that the description of the client was fetched from, which is therefore certain. */
    readonly describedBy?: string
    /** Epoch milliseconds; absent for what is in the app definition. */
    readonly createdAt?: number
    /** A `data:` address. */
    readonly logo?: string
    readonly clientUri?: string
    readonly policyUri?: string
    readonly tosUri?: string
  }
  /** What is newly asked, with its plain words. */
  readonly scopes: readonly { readonly name: string; readonly words: string }[]
  /** Signed in already: at the consent prompt, or to prove it once more. */
  readonly accountId?: string
  /** At the login prompt, after a first step. */
  readonly half?: HalfSignIn
  readonly loginHint?: string
  /** The credential is asked for although somebody may be signed in. */
  readonly again?: boolean
}

/** A browser that is signed in at the authorization server. */
export interface BrowserSession {
  readonly id: string
  readonly accountId: string
  /** Epoch milliseconds. */
  readonly signedInAt: number
  readonly lastUsedAt: number
  /** Words for the account page, from the user agent: `Chromium on Linux`. */
  readonly device: string
}

export interface AuthorisedApp {
  readonly clientId: string
  readonly name: string
  readonly scopes: readonly { readonly name: string; readonly words: string }[]
  /** Epoch milliseconds. */
  readonly since: number
  /** No consent stands for it, mostly since it need not ask (`consent: 'never'`): `since` is when what it holds now began. */
  readonly unasked?: true
}

/** Somebody who has just proved to be the owner of an account. */
export interface ProvedOwner {
  readonly accountId: string
  readonly credential: string
  /** By what; a password unless told. */
  readonly by?: Proof
  /** Does not go on by itself when this was all that was missing: there is something to show first. */
  readonly hold?: boolean
  /** Of whoever has come from another provider by a verified address: linked when the sign-in is whole, and not before. */
  readonly arrival?: Arrival
}

/** What is missing of a sign-in. */
export type NextStep =
  /** `lost`: there was an authenticator app, and what it shares with us went with the master key. */
  | { readonly kind: 'prove'; readonly totp: boolean; readonly recovery: boolean; readonly passkey: boolean; readonly lost?: boolean }
  /** The account has no second factor, and must have one. */
  | { readonly kind: 'enrol'; readonly totp: boolean; readonly passkey: boolean }
  /** Nothing that is on can prove as much. */
  | { readonly kind: 'impossible' }
  /** Nothing that counts alone was proved yet. */
  | { readonly kind: 'start' }

/** A sign-in of which a part is proved, in this browser and not long ago. */
export interface HalfSignIn {
  readonly accountId: string
  /** Which the first step has proved, and still the account's. */
  readonly credential: string
  /** `undefined` when nothing is missing any more. */
  readonly next: NextStep | undefined
}

/** How much must be proved. Implemented by `sign-in-rules.ts`. */
export interface SignInRules {
  /** What is missing; `undefined` when it is enough. */
  nextStep(
    call: Call,
    asked: { readonly accountId: string; readonly proofs: readonly Proof[]; readonly wanted: Level },
  ): Promise<NextStep | undefined>
  /** What a role of theirs asks for, be it one in an organisation, whatever the client wants. `known`: what was read of them just now. */
  forcedLevel(call: Call, accountId: string, known?: Membership): Promise<Level>
  /** Whether any role asks for anything: where none does, nobody has to look. */
  readonly forcesAnybody: boolean
  /** What one of these roles asks for; reads nothing. */
  forcedBy(roles: readonly string[]): Level
}

export interface Engine {
  /** Answers a request to the authorization endpoint (RFC 6749 section 3.1): with what to ask the person, or at once. */
  authorize(call: Call, exchange: Exchange): Promise<{ readonly answer: Answer } | { readonly interaction: Interaction }>
  /** The interaction that this browser is in, or `undefined` when it has ended or belongs to another browser. */
  interaction(exchange: Exchange): Promise<Interaction | undefined>
  /**
   * For whoever has just proved something, in this browser and as long as the credential is the account's. Goes on when that is enough, together with
   * what was proved in this interaction before; otherwise back to its page, which asks for what is missing.
   */
  finishSignIn(exchange: Exchange, who: ProvedOwner): Promise<Answer>
  /** Goes on after `hold`. */
  continueSignIn(exchange: Exchange): Promise<Answer>
  /** Forgets what was proved in this interaction. */
  restartSignIn(exchange: Exchange): Promise<Answer>
  finishConsent(exchange: Exchange, approved: boolean): Promise<Answer>
  /** Who is signed in at the accounts origin, by its own cookie; nobody who is blocked, or has proved less there than a role of theirs asks for by now. */
  browserSession(exchange: Exchange): Promise<BrowserSession | undefined>
  /** Ends that of this browser, whatever was proved in it: signing out proves nothing. False when nobody is signed in. */
  signOutHere(exchange: Exchange): Promise<boolean>
  /** Where to send a person who must sign in to see an account page, or `again` to do more; comes back to `returnTo`, a path of the accounts origin. */
  signInPath(returnTo: string, options?: { readonly again?: boolean }): string
  /** All of them, the one that was used last first. */
  sessions(call: Call, accountId: string): Promise<readonly BrowserSession[]>
  /** The same by pages: ask again with `next` as `after`. */
  sessionPage(
    call: Call,
    accountId: string,
    page: { readonly limit: number; readonly after?: string | undefined },
  ): Promise<{ readonly items: readonly BrowserSession[]; readonly next?: string }>
  /** Ends the session with the tokens of the app's own frontends in it. */
  endBrowserSession(call: Call, accountId: string, sessionId: string): Promise<void>
  /** Those that the person has let in, and those that hold something without having asked. */
  authorisedApps(call: Call, accountId: string): Promise<readonly AuthorisedApp[]>
  /** Ends the client's access: grants, refresh tokens and access tokens, everywhere within a second. */
  revokeApp(call: Call, accountId: string, clientId: string): Promise<void>
  /** Every session, grant, consent and token of the account, for a password change or a suspension. Of `except` stays the session with the app's own frontends. */
  revokeAccount(call: Call, accountId: string, exceptSessionId?: string): Promise<void>
  /** What `revokeAccount` would have ended at that moment, in epoch milliseconds. Whoever has signed in since stays, however late this comes, and is asked again what apps may do. */
  revokeUntil(
    call: Call,
    accountId: string,
    ended: { readonly until: number; readonly exceptSessionId?: string | undefined },
  ): Promise<void>
}

/** What the engine must know of people. Implemented by `accounts/`. */
export interface AccountDirectory {
  /** `undefined` when unknown; suspended people are told apart so that nothing more is issued. */
  find(
    call: Call,
    accountId: string,
  ): Promise<
    | {
        readonly accountId: string
        readonly name: string
        readonly email: string
        readonly emailVerified: boolean
        /** What they read, a BCP 47 tag. */
        readonly language?: string | undefined
        readonly suspended: boolean
        /** Another value after every change of the password and after every end of a way to sign in; it tells nothing of them. */
        readonly credential: string
        readonly hasPassword: boolean
        /** How often a way to sign in was taken away; absent for never. */
        readonly waysVersion?: number | undefined
        /** None unless told. */
        readonly membership?: Membership
      }
    | undefined
  >
}
