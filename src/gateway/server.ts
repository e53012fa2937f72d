// The gateway: one port, all hosts, every request through the pipeline.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { performance } from 'node:perf_hooks'
import { turnHasBegun } from '#kernel/breath.ts'
import type { Clock } from '#kernel/clock.ts'
import { createBrowserPasses } from '#kernel/http/known-browser.ts'
import { createProofChecker, createProofNonces, type ProofChecker } from '#kernel/http/proof.ts'
import type { ProblemPageOf } from '#kernel/http/problem-page.ts'
import type { Route } from '#kernel/http/route.ts'
import { newRequestId } from '#kernel/ids.ts'
import { createMac, type KeyRing } from '#kernel/keyring.ts'
import { defineServer, idle } from '#kernel/lifecycle.ts'
import type { Logger } from '#kernel/log.ts'
import { apiAudience } from '#kernel/sites.ts'
import type { Auth } from '../auth/contract.ts'
import type { Cache } from '../cache/contract.ts'
import type { Monitoring } from '../monitoring/contract.ts'
import { createTrustedProxies } from './client-address.ts'
import { type CertificateHeaders, createCertificateReader } from './client-certificate.ts'
import { createClientOrigins } from './client-origins.ts'
import type { Gateway } from './contract.ts'
import { GatewayExchange } from './exchange.ts'
import { createFinish } from './finish.ts'
import { createHosts } from './hosts.ts'
import { createLastingConnections } from './lasting/connections.ts'
import { createRateLimits } from './limits/rate-limits.ts'
import { createListener, type Listener } from './listener.ts'
import { metadataRoute } from './metadata-route.ts'
import { operatorRoutes } from './operator/routes.ts'
import { createSteps, runSteps } from './pipeline.ts'
import { reportRoutes } from './reports/routes.ts'
import { createSealers } from './session/cookies.ts'
import { createRelyingParty } from './session/relying-party.ts'
import { sessionRoutes } from './session/routes.ts'
import { createSessions } from './session/service.ts'
import { DEFAULT_SESSION_SECONDS, type GatewaySettings } from './settings.ts'
import type { Step } from './steps/step.ts'
import { createTokenKeys } from './tokens/keys.ts'
import { createRevocations } from './tokens/revocations.ts'
import { createTokenVerifier, type VerifiedToken } from './tokens/verifier.ts'
import { asksForSocket, createUpgrades } from './websocket/upgrade.ts'

export interface GatewayDependencies {
  readonly auth: Auth
  readonly monitoring: Monitoring
  readonly cache: Cache
  readonly keyRing: KeyRing
  readonly clock: Clock
  readonly logger: Logger
  /** The routes of all other servers. */
  readonly routes: readonly Route[]
  /** Of all other servers. */
  readonly problemPages?: readonly ProblemPageOf[]
  readonly settings: GatewaySettings
}

/** Event streams and WebSockets that may be open at once. Whole offices share an address; a person has some tabs on some devices. */
const LASTING_PER_ADDRESS = 600
const LASTING_PER_PERSON = 60

/** Everything but the socket; a test may leave out a step to show that the others hold alone. */
export function assembleGateway(dependencies: GatewayDependencies, choose = (steps: readonly Step[]): readonly Step[] => steps) {
  const { auth, monitoring, cache, keyRing, clock, logger, settings } = dependencies
  const { sites, frontends } = settings
  const sealers = createSealers(keyRing)
  const csrfMac = createMac(keyRing.deriveAll('gateway.csrf'))
  const revocations = createRevocations({ auth, cache, clock, logger })
  const origins = createClientOrigins(auth, frontends, cache)
  const firstParty = new Set(frontends.map((frontend) => frontend.clientId))
  const keys = createTokenKeys({ auth, clock })
  const verifier = createTokenVerifier({ keys, clock, issuer: sites.accounts, audience: apiAudience(sites), firstParty })
  const relyingParty = createRelyingParty({ auth, sites, clock })
  const sessionSeconds = settings.sessionSeconds ?? DEFAULT_SESSION_SECONDS
  const factor = settings.rateLimitFactor ?? 1
  const lasting = createLastingConnections({
    revocations,
    clock,
    limits: { perAddress: LASTING_PER_ADDRESS * factor, perPerson: LASTING_PER_PERSON * factor },
  })
  const renewed = (token: VerifiedToken): void => lasting.renew(token)
  const sessions = createSessions({ auth, relyingParty, verifier, revocations, sealers, clock, logger, sessionSeconds, renewed })
  const own = [
    ...sessionRoutes(frontends, sessions),
    ...operatorRoutes({ auth, sealers, revocations, clock }),
    ...reportRoutes(monitoring),
    ...metadataRoutes(settings),
  ]
  const routes = [...dependencies.routes, ...own]
  const hosts = createHosts(routes, settings, dependencies.problemPages)
  const proxies = settings.trustedProxies.length === 0 ? undefined : createTrustedProxies(settings.trustedProxies)
  const limits = createRateLimits(settings)
  const certificates = certificateHeaders(settings)
  const parts = {
    hosts,
    monitoring,
    limits,
    origins,
    sealers,
    verifier,
    proofs: proofChecker(dependencies),
    readCertificate: createCertificateReader(certificates, proxies),
    revocations,
    lasting,
    csrfMac,
    passes: createBrowserPasses(keyRing),
    logger,
    development: settings.development,
    proxies,
  }
  return { steps: choose(createSteps(parts)), hosts, routes, revocations, origins, verifier, lasting, csrfMac, proxies }
}

function proofChecker({ cache, clock, keyRing, settings }: GatewayDependencies): ProofChecker {
  return createProofChecker({
    remember: (call, key, ttlMs) => cache.add(call, `gateway.proof:${key}`, '', { ttlMs }),
    clock,
    nonces: createProofNonces(keyRing.derive('gateway.proof-nonce'), clock),
    requireNonce: settings.requireProofNonce === true,
  })
}

function metadataRoutes(settings: GatewaySettings): Route[] {
  const { sites, api } = settings
  const takesCertificates = certificateHeaders(settings) !== undefined
  const whole = { path: '/api', name: api?.name, scopes: api?.scopes ?? [] }
  return [whole, ...(api?.endpoints ?? [])].map(({ path, name = api?.name, scopes }) =>
    metadataRoute({ sites, path, name, scopes, takesCertificates }),
  )
}

function certificateHeaders(settings: GatewaySettings): CertificateHeaders | undefined {
  const { clientCertificateHeader: certificate, clientCertificateVerifiedHeader: verified, trustedProxies } = settings
  if (certificate === undefined && verified === undefined) return undefined
  if (certificate === undefined || trustedProxies.length === 0) {
    throw new Error('Certificates of clients need the header that carries them and a trusted proxy that sends it.')
  }
  return { certificate, verified }
}

type Assembled = ReturnType<typeof assembleGateway>

function listen(dependencies: GatewayDependencies, assembled: Assembled): Listener {
  const { monitoring, logger, clock, settings } = dependencies
  const { steps, csrfMac, proxies } = assembled
  const finish = createFinish({ monitoring, logger, now: () => performance.now(), isStopping: () => listener.isStopping() })
  const upgrades = createUpgrades({ ...assembled, clock, logger, record: finish.record })
  const begin = (request: IncomingMessage, response: ServerResponse): GatewayExchange =>
    new GatewayExchange({ request, response, requestId: newRequestId(), startedAt: clock.now(), startedMark: performance.now(), csrfMac })
  const run = (exchange: GatewayExchange, complete: () => void): void => {
    turnHasBegun(exchange.startedMark)
    const end = (): void => {
      try {
        complete()
      } catch (error) {
        finish.fail(exchange, error)
      }
    }
    try {
      const waiting = runSteps(steps, exchange)
      if (waiting === undefined) end()
      else waiting.then(end).catch((error: unknown) => finish.fail(exchange, error))
    } catch (error) {
      finish.fail(exchange, error)
    }
  }
  const listener = createListener({
    host: settings.host,
    port: settings.port,
    proxies,
    serve(request, response, awaitsContinue) {
      const exchange = begin(request, response)
      exchange.awaitsContinue = awaitsContinue
      run(exchange, () => finish.answer(exchange))
    },
    isUpgrade: asksForSocket,
    upgrade(request, socket, head) {
      const exchange = begin(request, upgrades.responseFor(request, socket))
      exchange.isUpgrade = true
      run(exchange, () => (exchange.answer === undefined ? upgrades.open(exchange, head) : finish.answer(exchange)))
    },
    isDone: (socket) => finish.isDone(socket),
    refused(status, requestId, errorCode) {
      const known = { durationMs: 0, method: 'unknown', site: 'unknown', route: 'unmatched', bytesOut: 0, client: 'unknown' } as const
      monitoring.recordRequest({ ...known, requestId, at: clock.now(), status, principal: 'anonymous', errorCode })
    },
  })
  return listener
}

export const gatewayServer = defineServer({
  name: 'gateway',
  needs: ['auth', 'monitoring', 'cache'],
  create: (dependencies: GatewayDependencies) => createGateway(dependencies, assembleGateway(dependencies)),
})

export function createGateway(dependencies: GatewayDependencies, assembled: Assembled) {
  const { hosts, routes, revocations, origins, lasting } = assembled
  const listener = listen(dependencies, assembled)
  const contract: Gateway = { port: () => listener.port(), hosts: () => hosts.all, routes: () => routes }
  let starting: Promise<void> | undefined
  const start = async (): Promise<void> => {
    await Promise.all([revocations.start(), origins.start()])
    lasting.start()
    await listener.start()
  }
  return idle<Gateway>(contract, {
    start() {
      starting ??= start()
      return starting
    },
    async stop() {
      // Told to come back elsewhere, or they would hold the listener open.
      lasting.stop()
      await listener.stop()
      revocations.stop()
      origins.stop()
    },
    async health() {
      if (!listener.isListening() || listener.isStopping()) return 'not listening'
      return revocations.isFresh() ? undefined : 'revocations cannot be read'
    },
  })
}
