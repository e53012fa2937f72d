// How the accounts pages look, as an app definition gives it. Types only.
import type { Html } from '#kernel/html.ts'

/** Colours as `#rrggbb`. What is not said is ours, or follows from `accent`; what cannot be read on what it stands on is refused at start. */
export interface ThemeColours {
  /** Behind everything. */
  readonly ground?: string
  /** Behind fields and sections. */
  readonly sheet?: string
  readonly ink?: string
  /** Text of less weight. */
  readonly soft?: string
  readonly line?: string
  /** The border of fields. */
  readonly fieldLine?: string
  /** Links and buttons. */
  readonly accent?: string
  readonly accentHover?: string
  /** On buttons. */
  readonly accentInk?: string
  /** Behind good news. */
  readonly accentSoft?: string
  readonly danger?: string
  readonly dangerSoft?: string
  /** Around what has the focus. */
  readonly focus?: string
  /** Behind warnings. */
  readonly warmSoft?: string
}

export interface ThemeLogo {
  /** The absolute path of an SVG, PNG, JPEG or WebP file of at most 256 KiB. */
  readonly file: string
  /** Another one for dark surroundings. */
  readonly darkFile?: string
  /** True when the name of the product is in the picture, so that it is not written beside it. */
  readonly saysName?: boolean
}

export interface ThemeFont {
  /** What style sheets call it in `font-family`. */
  readonly family: string
  /** The absolute path of a WOFF2 file of at most 512 KiB. */
  readonly file: string
  /** As in CSS, `100 900` for a variable font; 400 unless told. */
  readonly weight?: string
  readonly style?: 'normal' | 'italic'
}

export interface AppOnPage {
  readonly name: string
  readonly host: string
  readonly firstParty: boolean
}

/**
 * What was refused, or is done, as screen readers announce it; absent when there is nothing to say. It is in `parts.main`, too. What a template shows of
 * neither stands above what it makes.
 */
export type PageMessages = Html | undefined

/** What a page is about, for templates that show some pages in a way of their own. In version 1 no further page is told apart: what is `other` stays so. */
export type PageDetails =
  | {
      readonly page: 'sign-in'
      readonly app: AppOnPage
      /** The headline, and what it is for: with the address of whoever is asked to prove it once more. */
      readonly lead: Html
      readonly messages?: PageMessages
      readonly methods: readonly { readonly id: string; readonly body: Html }[]
      /** The way to an account, where people can make one. */
      readonly signUp?: Html | undefined
    }
  | {
      readonly page: 'consent'
      readonly app: AppOnPage
      readonly scopes: readonly { readonly name: string; readonly words: string }[]
      readonly person: { readonly name: string; readonly email: string }
    }
  | {
      readonly page: 'account'
      readonly person: { readonly name: string }
      readonly messages?: PageMessages
      readonly sections: readonly { readonly id: string; readonly heading: string; readonly body: Html }[]
    }
  | { readonly page: 'other' }

/** Version 1 of what a template is given. Members may be added to it; what is here stays, and later versions stand beside it. */
export interface PageViewV1 {
  readonly version: 1
  readonly title: string
  /** The tag of the language of every text in it. */
  readonly language: string
  readonly productName: string
  /** The front page of the app. */
  readonly home: string
  /** `stage`: one thing to do. `desk`: several sections. */
  readonly layout: 'stage' | 'desk'
  readonly details: PageDetails
  /** Ready-made, with every form and message in them. */
  readonly parts: {
    readonly brand: Html
    /** What can be done anywhere on the page, such as signing out. */
    readonly top?: Html | undefined
    readonly main: Html
    readonly footer?: Html | undefined
    /** The choice of languages. */
    readonly languages?: Html | undefined
  }
}

export interface ThemeDefinition {
  readonly colours?: { readonly light?: ThemeColours; readonly dark?: ThemeColours }
  readonly logo?: ThemeLogo
  /** For the style sheet of the app: eight at most. Nothing else is loaded from anywhere. */
  readonly fonts?: readonly ThemeFont[]
  /** The absolute path of a style sheet that comes after ours. */
  readonly styleFile?: string
  /** What stands in the body of every page. When it throws, or gives no HTML, the built-in page is shown and the failure is logged. */
  readonly template?: { readonly version: 1; body(this: void, view: PageViewV1): Html }
}
