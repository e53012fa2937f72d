// The gateway's settings as compose gives them.
import type { RateClass } from '#kernel/http/route.ts'
import type { ProtectedEndpoint } from '#kernel/protected-endpoint.ts'
import type { Sites } from '#kernel/sites.ts'
import type { GatewayFrontend, PageColours, PageTexts } from './contract.ts'

export interface RateLimit {
  /** So many requests, of one client address. All of them may come at once. */
  readonly quota: number
  readonly windowSeconds: number
}

export interface GatewaySettings {
  /** The address to listen on. */
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  readonly sites: Sites
  readonly development: boolean
  readonly frontends: readonly GatewayFrontend[]
  readonly rateLimits?: { readonly [Class in RateClass]?: RateLimit | 'off' }
  /** Multiplies every quota; 1 unless told. */
  readonly rateLimitFactor?: number
  /** Peers, as addresses or networks in CIDR form, whose `X-Forwarded-For` is believed. Nobody unless named. */
  readonly trustedProxies: readonly string[]
  /** The header in which a named proxy sends the certificate that a client has shown; without it no certificate counts. */
  readonly clientCertificateHeader?: string | undefined
  /** The header in which it says `SUCCESS` when an authority that it trusts has issued that certificate. */
  readonly clientCertificateVerifiedHeader?: string | undefined
  /** What the API says of itself (RFC 9728). */
  readonly api?: { readonly name: string; readonly scopes: readonly string[]; readonly endpoints?: readonly ProtectedEndpoint[] }
  /** Proofs of possession count with a nonce of ours only. */
  readonly requireProofNonce?: boolean
  readonly pages: {
    /** What the gateway's own pages say, by language; the first is for those who ask for none of them. */
    readonly texts: ReadonlyMap<string, PageTexts>
    readonly colours: { readonly light: PageColours; readonly dark: PageColours }
  }
  /** A browser session ends this long after sign-in, whatever happens. Not longer than the refresh tokens of auth; 14 days unless told. */
  readonly sessionSeconds?: number
}

export const DEFAULT_SESSION_SECONDS = 14 * 24 * 60 * 60
