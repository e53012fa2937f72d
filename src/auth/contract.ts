// What the rest of the platform may know about auth. Types only.
import type { Call } from '#kernel/call.ts'
import type { OwnMails } from '../jobs/contract.ts'
import type { Clients, ProtectedResourceDefinition, RegistrationDefinition } from './clients/contract.ts'
import type { LegacyFindHook, LegacyHook, Moving } from './moving/contract.ts'
import type { UpstreamDefinition } from './upstream/contract.ts'
import type { AccountDeletion, AccountEnding, AccountKept, AccountSignedOut } from './leaving/contract.ts'
import type { Finding } from './finding/contract.ts'
import type { AuthHooks } from './hooks/contract.ts'
import type { OrganisationsDefinition, OrganisationsDesk, RoleDefinition } from './organisations/contract.ts'
import type { ChallengeDefinition } from './guard/contract.ts'
import type { ServiceAccountsDesk } from './service-accounts/contract.ts'
import type { OwnDataHook } from './own-data/contract.ts'
import type { OwnTexts } from './texts/schemas.ts'
import type { ThemeDefinition } from './theme/contract.ts'

/** A frontend of the app: the gateway is its confidential client, and people are not asked for consent. */
export interface FrontendClient {
  readonly clientId: string
  readonly name: string
  readonly origin: string
  readonly redirectUri: string
  readonly secret: string
  readonly scopes: readonly string[]
  /** How many characters its access tokens can have: that of a frontend in cookie mode must have room in a cookie. */
  readonly tokenRoom?: number
}

/** A machine that is told of what happens to accounts. Its secret is printed by `ninefold webhooks secret <name>`. */
export interface WebhookDefinition {
  /** Lower-case letters, digits and "-". The secret depends on it. */
  readonly name: string
  /** By https, to a public address; in development also by http on this machine. */
  readonly url: string
  /** Types of security events, or `passkey.*` for all of a subject. All of them unless told; `docs/webhooks.md` lists them. */
  readonly events?: readonly string[]
}

/** How the app wants its people to come in: the `auth` member of the app definition. What is not said has the default that its comment names. */
export interface AuthDefinition {
  /** Your product: where the pages lead back to. The first frontend unless told; an app definition without a frontend needs it. */
  readonly home?: string
  /** Who may have an account. */
  readonly signUp?: {
    /** Everybody, those whom an operator has invited, or nobody new. `open` unless told. */
    readonly mode?: 'open' | 'invitation' | 'off'
    /** By the domain of the address: `example.org`, or `*.example.org` for all below it. */
    readonly domains?: {
      /** From these alone. */
      readonly only?: readonly string[]
      readonly block?: readonly string[]
    }
  }
  /** Other providers that people may sign in with. Their secrets are the operator's: NINEFOLD_AUTH_UPSTREAM_SECRETS. */
  readonly upstreams?: readonly UpstreamDefinition[]
  /** How long people stay signed in, in one browser. */
  readonly sessions?: {
    /** Days without any use, of a frontend or of the accounts pages, 1 to 31. 31 unless told. */
    readonly idleDays?: number
    /** Days since the password, or whatever else, was shown: 1 to 90. 90 unless told. */
    readonly limitDays?: number
  }
  readonly deletion?: {
    /** Days that an account which its owner wants gone waits, 1 to 90; signing in calls it off. 14 unless told. */
    readonly graceDays?: number
  }
  /** Knows people who have not moved in yet: docs/moving-in.md. */
  readonly legacySignIn?: LegacyHook
  /** Knows them by what they come with in place of its password: a linked identity, or their address. */
  readonly legacyFind?: LegacyFindHook
  /** Ways to sign in, each on or off. */
  readonly methods?: {
    /** On unless told. */
    readonly password?: boolean
    /** Passkeys (WebAuthn). On unless told. */
    readonly passkey?: boolean
    /** Codes of an authenticator app as a second step. On unless told. */
    readonly totp?: boolean
    /** A code of eight digits by mail. Off unless told: the mailbox is then as good as a password. */
    readonly emailCode?: boolean
    /** A link by mail, good in the browser that asked; in another one it shows a code. Off unless told. */
    readonly magicLink?: boolean
  }
  /** What each role allows. People have roles by an operator, or in an organisation by its owners. */
  readonly roles?: Readonly<Record<string, RoleDefinition>>
  /** People can belong together in organisations. None unless told. */
  readonly organisations?: OrganisationsDefinition
  /** Machines that are told of security events. */
  readonly webhooks?: readonly WebhookDefinition[]
  /** Clients that nobody has registered. All of it is off unless told. */
  readonly registration?: RegistrationDefinition
  /** Whether there are Ed25519 keys too, for clients whose ID tokens are signed with EdDSA. Off unless told. */
  readonly edDsa?: boolean
  /**
   * Who must have a second factor; a passkey is two at once. Roles of the app and in organisations. Whoever is signed in with less when they get one signs in
   * again, and is asked to set one up. Nobody unless told.
   */
  readonly secondFactor?: {
    readonly roles: readonly string[]
  }
  /** What the app decides when people sign up, sign in and get tokens. */
  readonly hooks?: AuthHooks
  /** What the app keeps of a person elsewhere, for the download of their data: docs/auth-hooks.md. */
  readonly ownData?: OwnDataHook
  /** Tags of the languages that people can choose from; the first is for those who ask for none of them. English, German and those of `texts` unless told. */
  readonly languages?: readonly string[]
  /** Single texts in the app's own words, by language, or another language as a whole; what that lacks is said in English. */
  readonly texts?: Readonly<Record<string, OwnTexts>>
  /** Mails in the app's own words, by language. Languages must be among those that people can choose from. */
  readonly mails?: OwnMails
  /** After suspicion, in place of the puzzle that browsers solve by themselves: a captcha, for one. */
  readonly challenge?: ChallengeDefinition
  /** Colours, logo and pages of the app's own. */
  readonly theme?: ThemeDefinition
  /** Resource servers beside the app's own API, which is always there. */
  readonly resources?: readonly ProtectedResourceDefinition[]
  /** Proofs of possession (RFC 9449). */
  readonly dpop?: {
    /** Takes a proof only with a recent nonce of ours, so that none can be made in advance. Off unless told; nonces are offered always. */
    readonly requireNonce?: boolean
  }
}

export interface PublicProfile {
  readonly accountId: string
  readonly name: string
}

/** What a person's own pages may know beyond that. */
export interface OwnProfile extends PublicProfile {
  /** What the person reads, a BCP 47 tag. */
  readonly language?: string
}

/**
 * Something whose tokens have ended: a session of a client (`sid`), all of an account, those of an account that tell of roles and groups which have
 * changed since, or all that one key has signed. The last two do not end the sessions.
 */
export interface Revocation {
  readonly kind: 'session' | 'account' | 'membership' | 'key' | 'token'
  /** The `sid` or the `sub` of the tokens, or the `kid` in their header. */
  readonly subject: string
  /** Epoch seconds; tokens of an account that were issued later are good. Of a membership the state that is good, as `membership_at` says it. */
  readonly before: number
}

/** What an operator has made of an account. */
export interface AccountMembership {
  readonly accountId: string
  readonly roles: readonly string[]
  readonly groups: readonly string[]
}

export interface MembershipRequest {
  readonly email: string
  readonly addRoles?: readonly string[]
  readonly removeRoles?: readonly string[]
  readonly addGroups?: readonly string[]
  readonly removeGroups?: readonly string[]
}

/** An address that may sign up. */
export interface SignUpInvitation {
  readonly email: string
  /** Epoch milliseconds. */
  readonly expiresAt: number
}

/** Of those who have not signed up yet. */
export interface SignUpInvitations {
  readonly items: readonly (SignUpInvitation & { readonly invitedAt: number })[]
  readonly next?: string
}

/** A link is on its way to a mailbox: whoever follows it has the account by that. */
export interface AddressOffer {
  readonly accountId: string
  readonly offeredTo: string
  /** Epoch milliseconds. */
  readonly expiresAt: number
}

/** Whether an account is blocked. */
export interface AccountStanding {
  readonly accountId: string
  readonly suspended: boolean
  /** Of somebody who is blocked: organisations that have members and no other owner who stays, where there are any. Nobody else is told. */
  readonly withoutOwner?: readonly { readonly id: string; readonly name: string }[]
}

/** What an operator did for somebody who has lost the second step. */
export interface SecondStepReset {
  readonly accountId: string
  /** False when there was none. */
  readonly secondStepReset: boolean
}

/** What an operator did for somebody who has lost every passkey, where there is nothing else to sign in with. */
export interface PasskeyLink {
  readonly accountId: string
  /** False for whoever is blocked, and where there is another way in. */
  readonly passkeyLinkSent: boolean
}

export interface KeySet {
  readonly issuer: string
  /** Public JSON Web Keys (RFC 7517). */
  readonly keys: readonly { readonly kid: string; readonly alg: string; readonly [member: string]: unknown }[]
}

/** A key that tokens are signed with, without its private half. */
export interface SigningKeyInfo {
  readonly kid: string
  readonly alg: string
  /** `next` is published and will sign, `current` signs, `previous` has signed and is published still, `revoked` counts for nothing. */
  readonly state: 'next' | 'current' | 'previous' | 'revoked'
  /** Epoch milliseconds. */
  readonly activeFrom: number
  readonly revokedAt?: number
}

/** What sealing anew with the newest version of the master key came to. */
export interface Resealed {
  readonly sealedAnew: number
  /** No version that is given opens these. */
  readonly unreadable: number
}

/** What is to be given up: what no version of the master key opens that is given, or refresh tokens with the secret behind them, opened or not. */
export interface BeginAnew {
  readonly what: 'unreadable' | 'refresh-tokens'
  /** Without it, nothing is changed. */
  readonly confirmed: boolean
}

export interface LostSeals {
  /** In words for operators. */
  readonly what: string
  readonly count: number
}

/** What beginning anew comes to. */
export interface BegunAnew {
  readonly lost: readonly LostSeals[]
  /** Authenticator apps among these: they are not removed, and count for nothing. */
  readonly marked: number
  /** Addresses of those who have neither a recovery code nor a passkey to come in by: `resetSecondStep` lets each in again. */
  readonly stranded: readonly string[]
}

export interface BackChannelRequest {
  readonly method: 'GET' | 'POST'
  /** Path on the issuer, for example `/token`. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export interface BackChannelAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface OperatorSession {
  readonly sessionId: string
  /** Epoch milliseconds. */
  readonly expiresAt: number
}

export interface Auth {
  readonly organisations: OrganisationsDesk
  readonly serviceAccounts: ServiceAccountsDesk
  readonly clients: Clients
  readonly moving: Moving
  /** The current, and the still valid earlier, signing keys for access tokens and ID tokens. */
  keys(call: Call): Promise<KeySet>
  /** All that are stored, newest first for each algorithm. For operators alone, as are the next two. */
  signingKeys(call: Call): Promise<readonly SigningKeyInfo[]>
  /** Makes the next key of every algorithm unless there is one. It signs when everybody has had time to learn of it; with `now`, in seconds. */
  rotateSigningKeys(call: Call, options: { readonly now: boolean }): Promise<readonly SigningKeyInfo[]>
  /** Ends the key, and what it has signed, everywhere within seconds. False when there is no such key, or it was revoked before. */
  revokeSigningKey(call: Call, kid: string): Promise<boolean>
  /** Seals anew what a former version of the master key has sealed. For operators alone. */
  reseal(call: Call): Promise<Resealed>
  /** For who has lost the master key, or had a secret stolen: tells what that costs, or removes it. While no platform runs on the data. For operators alone. */
  beginAnew(call: Call, asked: BeginAnew): Promise<BegunAnew>
  /** The authorization server's own HTTP endpoints for the gateway, without a network hop. */
  exchange(call: Call, request: BackChannelRequest): Promise<BackChannelAnswer>
  /** Revocations stored after the cursor, oldest first; without one, all that still matter. Ask again with `next`. */
  revocations(call: Call, after?: string): Promise<{ readonly items: readonly Revocation[]; readonly next: string }>
  /** Signs out: ends the browser's session at the authorization server that this `sid` belongs to, with all its tokens. */
  endSession(call: Call, sessionId: string): Promise<void>
  profile(call: Call, accountId: string): Promise<PublicProfile | undefined>
  /** For the person alone. */
  ownProfile(call: Call, accountId: string): Promise<OwnProfile | undefined>
  /** Origins that may call the token endpoint and the API from a script, with the client that each belongs to. */
  clientOrigins(call: Call): Promise<readonly { readonly origin: string; readonly clientId: string }[]>
  /** Changes what is named, and tells the outcome; `undefined` when nobody has this address. For operators alone. */
  changeMembership(call: Call, request: MembershipRequest): Promise<AccountMembership | undefined>
  /** Lets an address sign up where that needs an invitation, and tells it by mail. For operators alone. */
  invite(call: Call, email: string): Promise<SignUpInvitation>
  /** Who may sign up by an invitation, newest first. Ask again with `next`. For operators alone. */
  invitations(call: Call, after?: string): Promise<SignUpInvitations>
  /** The address may not sign up by it any more. False when there is none. For operators alone. */
  withdrawInvitation(call: Call, email: string): Promise<boolean>
  /** Blocks an account, which ends every session and token of it within a second, or lets it in again. `undefined` when nobody has this address. For operators alone. */
  suspendAccount(call: Call, request: { readonly email: string; readonly suspended: boolean }): Promise<AccountStanding | undefined>
  /** Ends every session and token within a second, and leaves the account open. `undefined` when nobody has this address. For operators alone, as are the next two. */
  signOutAccount(call: Call, request: { readonly email: string }): Promise<AccountSignedOut | undefined>
  /** The end of an account, after the days of grace or at once: docs/accounts.md. */
  deleteAccount(call: Call, request: AccountDeletion): Promise<AccountEnding | undefined>
  /** Calls an end off that has not begun. */
  keepAccount(call: Call, request: { readonly email: string }): Promise<AccountKept | undefined>
  readonly finding: Finding
  /** For whose account was stolen, and who has no way back of their own: docs/accounts.md. `undefined` when nobody has this address. For operators alone. */
  offerAddress(call: Call, request: { readonly email: string; readonly to: string }): Promise<AddressOffer | undefined>
  /** For who has lost the device and the codes: docs/sign-in.md. `undefined` when nobody has this address. For operators alone. */
  resetSecondStep(call: Call, request: { readonly email: string }): Promise<SecondStepReset | undefined>
  /** Mails a link for a new passkey, where there is nothing else: docs/sign-in.md. `undefined` when nobody has this address. For operators alone. */
  sendPasskeyLink(call: Call, request: { readonly email: string }): Promise<PasskeyLink | undefined>
  /** A code for one sign-in of an operator, good for 15 minutes. */
  createOperatorLink(call: Call): Promise<string>
  /** Uses the code up. `undefined` when it is unknown, used or too old. */
  redeemOperatorLink(call: Call, code: string): Promise<OperatorSession | undefined>
}
