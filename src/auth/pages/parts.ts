// What pages are made of, and the seam by which features of auth come onto them: each brings its ways to sign in and its sections of the account page,
// listed in features.ts; their routes are listed in routes.ts.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import type { Html } from '#kernel/html.ts'
import type { Exchange } from '#kernel/http/route.ts'
import type { Accounts } from '../accounts/service.ts'
import type { AccountsShared } from '../accounts/create.ts'
import type { ByMail } from '../by-mail.ts'
import type { BrowserSession, Engine, Interaction } from '../engine.ts'
import type { Guard } from '../guard/service.ts'
import type { Leaving } from '../leaving/service.ts'
import type { SignInMethods } from '../methods.ts'
import type { OwnData } from '../own-data/service.ts'
import type { OrganisationsPart } from '../organisations/create.ts'
import type { Passkeys } from '../passkeys/service.ts'
import type { SecondFactors } from '../second-factors/service.ts'
import type { SecurityEvents } from '../security-events/service.ts'
import type { RunningUpstreams } from '../upstream/create.ts'
import type { ServiceAccountsPart } from '../service-accounts/create.ts'
import type { Texts } from '../texts/en.ts'
import type { JustDone } from './just-done.ts'
import type { KeptForms } from './kept-form.ts'
import type { Skin } from './layout.ts'
import type { FrameSettings } from './skin.ts'

export interface PageSettings extends FrameSettings {
  /** Where mails can be read in development. */
  readonly mailbox?: string | undefined
}

export interface PageParts {
  readonly engine: Engine
  readonly accounts: Accounts
  readonly securityEvents: SecurityEvents
  readonly passkeys: Passkeys
  readonly secondFactors: SecondFactors
  readonly methods: SignInMethods
  readonly guard: Guard
  readonly byMail: ByMail
  readonly organisations: OrganisationsPart
  readonly shared: Pick<AccountsShared, 'admission' | 'devices'>
  readonly serviceAccounts: ServiceAccountsPart
  readonly upstreams: RunningUpstreams
  readonly leaving: Leaving
  readonly keptForms: KeptForms
  readonly justDone: JustDone
  readonly ownData: OwnData
  readonly clock: Clock
  readonly settings: PageSettings
}

/** What is wrong with a form, and what was typed. */
export interface FormState {
  /** For the whole form. */
  readonly problem?: string | undefined
  /** By field. */
  readonly problems?: Readonly<Record<string, string>>
  readonly values?: Readonly<Record<string, string>>
  /** Of which form, where a page has several. */
  readonly form?: string
  /** The bits of the puzzle that it came without (see guard/). */
  readonly lacked?: number
}

export interface SignedIn {
  readonly call: Call
  readonly exchange: Exchange
  readonly session: BrowserSession
}

export interface SectionView {
  readonly skin: Skin
  readonly csrfToken: string
  readonly now: number
  readonly person: {
    readonly name: string
    readonly email: string
    readonly emailVerified: boolean
    readonly hasPassword: boolean
    /** One that is offered. */
    readonly language?: string | undefined
  }
  /** Where whoever is to fill a form that counts only soon after a sign-in signs in first; `undefined` when there is time enough left. */
  readonly first: string | undefined
  /** What is wrong with the form of this section, when it was sent just now. */
  readonly state: FormState
}

/** A section of the account page. Where it stands is said in account-page.ts, by its id. */
export interface AccountSection {
  readonly id: string
  heading(texts: Texts): string
  /** `undefined` leaves the section out: there is nothing to say to this person. */
  body(who: SignedIn, view: SectionView): Promise<Html | undefined>
}

export interface SignInView {
  readonly skin: Skin
  readonly interaction: Interaction
  /** The address of whoever is signed in here, and is asked to prove it once more. */
  readonly present?: string | undefined
  readonly csrfToken: string
  /** What is wrong with the form that was sent just now, whichever it was; `values.email` is what was typed as the address. */
  readonly state: FormState
}

export interface SignInPart {
  readonly body: Html
  /** Paths of scripts that this way works better with. */
  readonly scripts?: readonly string[]
}

/** A way to sign in. Where it stands is said in sign-in-page.ts, by its id. */
export interface SignInMethod {
  readonly id: string
  /** The browser may offer it in the field for the address (conditional mediation of WebAuthn). */
  readonly autofills?: true
  /** `undefined` when this way is not open here. */
  part(asked: { readonly call: Call; readonly exchange: Exchange }, view: SignInView): Promise<SignInPart | undefined>
}

export interface PageFeature {
  readonly accountSections?: readonly AccountSection[]
  readonly signInMethods?: readonly SignInMethod[]
}
