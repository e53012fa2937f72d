// What the rest of the platform may know about the gateway. Types only.
import type { Html } from '#kernel/html.ts'
import type { PageWords, ProblemTexts } from '#kernel/http/problem-page.ts'
import type { PolicySources, Route } from '#kernel/http/route.ts'

/** A frontend as the gateway serves it: its confidential client, in one of two modes. */
export interface GatewayFrontend {
  readonly name: string
  readonly origin: string
  readonly mode: 'cookie' | 'memory'
  readonly clientId: string
  readonly secret: string
  readonly scopes: readonly string[]
  readonly sources?: PolicySources
}

/** What the gateway's own pages say, in one language. Auth has the texts of all pages in one file for each language. */
export interface PageTexts extends ProblemTexts {
  readonly tryAgain: string
  readonly toStart: string
  readonly startAgain: string
  readonly goOn: string
  readonly moment: string
  /** Shown small, so that a person can name it to support. */
  requestNumber(this: void, id: string): Html | string
  readonly refusals: Readonly<Record<'declined' | 'ended' | 'failed', PageWords>>
}

/** As `#rrggbb`: behind everything, text, text of less weight, buttons and what is on them, around what has the focus. */
export interface PageColours {
  readonly ground: string
  readonly ink: string
  readonly soft: string
  readonly accent: string
  readonly accentHover: string
  readonly accentInk: string
  readonly focus: string
}

/** One host of the platform with all that it answers. */
export interface ServedHost {
  readonly origin: string
  readonly routes: readonly Route[]
}

export interface Gateway {
  /** The port that it listens on; 0 before `start`. */
  port(): number
  /** The route inventory, own routes included, host by host. */
  hosts(): readonly ServedHost[]
  /** Every declared route once, own routes included. */
  routes(): readonly Route[]
}
