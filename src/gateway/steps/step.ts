// What a step of the pipeline is, and what all of them are made from.
import type { BrowserPasses } from '#kernel/http/known-browser.ts'
import type { ProofChecker } from '#kernel/http/proof.ts'
import type { Mac } from '#kernel/keyring.ts'
import type { Logger } from '#kernel/log.ts'
import type { Monitoring } from '../../monitoring/contract.ts'
import type { TrustedProxies } from '../client-address.ts'
import type { createCertificateReader } from '../client-certificate.ts'
import type { ClientOrigins } from '../client-origins.ts'
import type { GatewayExchange } from '../exchange.ts'
import type { Hosts } from '../hosts.ts'
import type { LastingConnections } from '../lasting/connections.ts'
import type { RateLimits } from '../limits/rate-limits.ts'
import type { Sealers } from '../session/cookies.ts'
import type { Revocations } from '../tokens/revocations.ts'
import type { TokenVerifier } from '../tokens/verifier.ts'

export interface Step {
  readonly name: string
  /** A promise only when it must wait: most steps of most requests need not. */
  run(exchange: GatewayExchange): void | Promise<void>
}

export interface PipelineParts {
  readonly hosts: Hosts
  readonly monitoring: Monitoring
  readonly limits: RateLimits
  readonly lasting: LastingConnections
  readonly origins: ClientOrigins
  readonly sealers: Sealers
  readonly verifier: TokenVerifier
  readonly proofs: ProofChecker
  readonly readCertificate: ReturnType<typeof createCertificateReader>
  readonly revocations: Revocations
  readonly csrfMac: Mac
  readonly passes: Pick<BrowserPasses, 'read'>
  readonly logger: Logger
  readonly development: boolean
  readonly proxies: TrustedProxies | undefined
}
