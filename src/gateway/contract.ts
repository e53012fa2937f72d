// What the rest of the platform may know about the gateway. Types only.
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
