// Puts the authorization server together: storage, engine, endpoints. Made pure; `start` loads the keys and builds the engine with them.
import { type Call, systemCall } from '#kernel/call.ts'
import { createProofChecker, type ProofChecker } from '#kernel/http/proof.ts'
import type { Exchange, Route } from '#kernel/http/route.ts'
import type { JobDefinition } from '#kernel/job.ts'
import { apiAudience } from '#kernel/sites.ts'
import type { BackChannelAnswer, BackChannelRequest, KeySet } from '../contract.ts'
import type { Devices } from '../accounts/devices.ts'
import type { Engine, SignInRules } from '../engine.ts'
import type { RunningHooks } from '../hooks/hooks.ts'
import { SIGNING_ALGORITHMS } from '../keys/jwk.ts'
import { createSigningKeys, type LoadedKeys, type SigningKeys } from '../keys/signing-keys.ts'
import type { Upstreams } from '../upstream/service.ts'
import { permissionsOf } from '../roles/permissions.ts'
import { accountFinder, membershipTeller } from './account-claims.ts'
import { backchannelLogoutJob, type SignOutNotice } from '../logout/backchannel.ts'
import { type ClientOrigins, createClientOrigins } from '../clients/origins.ts'
import type { ClientSettings } from './client-rules.ts'
import type { WritesOfGrants } from './all-or-nothing.ts'
import { createClaimsReader } from './app-claims.ts'
import { type ClientRegistry, createClientRegistry } from './clients.ts'
import { providerConfiguration } from './configuration.ts'
import { createEngine } from './engine.ts'
import { exchangeInProcess } from './exchange.ts'
import { grantLoader } from './granting.ts'
import { type Belonging, membershipReader } from './membership-now.ts'
import { engineNonces } from './proof-nonces.ts'
import { type BuiltProvider, buildProvider } from './provider.ts'
import { logoutToken } from './logout-token.ts'
import { createProviderPages, type EnginePages } from './provider-pages.ts'
import { resourcePolicy } from './resource.ts'
import { createResourceRegistry, type ResourceRegistry } from './resources.ts'
import { providerRoutes } from './routes.ts'
import { inScope } from './scope.ts'
import { createSecretCheck } from './secret-tries.ts'
import { sessionLimits } from './session-limits.ts'
import { createRunningEngine, type RunningEngine } from './running.ts'
import { openStores, type Stores, type StoresParts } from './stores.ts'
import { createStructuredTokens, type StructuredTokens } from './structured-tokens.ts'
import { clientSubject } from '../clients/subject.ts'
import { offeredLanguages } from '../texts/speech.ts'
import { createUserinfo } from './userinfo.ts'

export interface AuthorizationServerParts extends StoresParts {
  readonly looks: EnginePages
  readonly hooks: RunningHooks
  /** False for one that has ended. */
  readonly organisationStands: Belonging['organisationStands']
  readonly rules: SignInRules
  readonly devices: Pick<Devices, 'remember'>
  readonly upstreams: Pick<Upstreams, 'settle'>
  /** What the pages of a browser speak. */
  languageOf(this: void, exchange: Exchange): string
  readonly settings: ClientSettings & { readonly keyRotationDays: number }
}

export interface AuthorizationServer {
  readonly engine: Engine
  readonly routes: readonly Route[]
  readonly clients: ClientRegistry
  readonly origins: ClientOrigins
  readonly signingKeys: SigningKeys
  start(): Promise<void>
  stop(): Promise<void>
  isStarted(): boolean
  /** With what other processes have made meanwhile. */
  keySet(): Promise<KeySet>
  exchange(call: Call, request: BackChannelRequest): Promise<BackChannelAnswer>
  endSessionOf(call: Call, sid: string): Promise<void>
  readonly jobs: readonly JobDefinition[]
  /** Everything that anybody has allowed a client, with its tokens. */
  endClient(this: void, call: Call, clientId: string, until?: number): Promise<void>
}

export function createAuthorizationServer(parts: AuthorizationServerParts): AuthorizationServer {
  const { keyRing, settings } = parts
  const issuer = settings.sites.accounts
  const clients = createClientRegistry(settings, { stored: parts.newcomers.repository, clock: parts.clock })
  const origins = createClientOrigins({ ...parts, repository: parts.newcomers.repository, fixed: clients.fixed() })
  const resources = createResourceRegistry(settings)
  const stores = openStores(parts, clients)
  const structured = createStructuredTokens({ ...parts, ...stores, clients, issuer, publishedKeys: () => serving().keys.published })
  const { signingKeys, engine } = createKeyedEngine(parts, { clients, stores, resources, tokens: structured })
  const { serving } = engine
  const sign = (notice: SignOutNotice): Promise<string> => logoutToken(serving().built.provider, notice)

  return {
    clients,
    engine: createEngine({ ...parts, ...stores, built: () => serving().built, issuer, clients }),
    origins,
    routes: providerRoutes({
      dispatch: () => serving().built.dispatch,
      userinfo: createUserinfo({
        originOf: ({ origin }) => (origin === settings.sites.certificates ? origin : issuer),
        tokens: structured,
        proofs: proofChecker(parts),
        audience: apiAudience(settings.sites),
        clients,
        grants: stores.grants,
        vault: stores.vault,
        accounts: parts.accounts,
        isKnownOrigin: async (call, origin) => (await origins.list(call)).some((known) => known.origin === origin),
      }),
      keyRing,
      device: { counts: stores.counts, pages: parts.looks },
      hasCertificateHost: settings.sites.certificates !== undefined,
    }),
    signingKeys,
    start: () => engine.start(),
    stop: () => engine.stop(),
    isStarted: () => engine.isStarted(),
    async keySet() {
      await engine.look()
      return { issuer, keys: serving().keys.published }
    },
    exchange: (call, request) => inScope({ call, waiting: [] }, () => exchangeInProcess(serving().built.dispatch, request)),
    jobs: [backchannelLogoutJob({ find: clients.find, sign, development: settings.development, clock: parts.clock })],
    ...endingFor(stores, parts),
  }
}

/** For the one resource of this server itself. */
function proofChecker({ cache, clock, keyRing, settings }: AuthorizationServerParts): ProofChecker {
  return createProofChecker({
    remember: (call, key, ttlMs) => cache.add(call, `auth.proof:${key}`, '', { ttlMs }),
    clock,
    nonces: engineNonces(keyRing),
    requireNonce: settings.definition?.dpop?.requireNonce === true,
  })
}

function endingFor(
  { consents, endings, grants }: Stores,
  { database, revocations }: AuthorizationServerParts,
): Pick<AuthorizationServer, 'endClient' | 'endSessionOf'> {
  return {
    async endClient(call, clientId, until) {
      // At once whatever it has a part in, by however many exchanges, or gets in a moment from a process that remembers it.
      const subject = clientSubject(clientId)
      await database.commit(call, [until === undefined ? revocations.endedFor(subject) : revocations.endedUntil(subject, until)])
      await revocations.announce(call, 'account', [subject])
      // The consents before the grants: one that is made at this moment then has nothing to be made from.
      await consents.removeClient(call, clientId, until)
      await endings.endEverywhere(call, clientId, until)
    },
    async endSessionOf(call, sid) {
      const grant = (await grants.get(call, sid))?.value
      if (grant?.sessionUid === undefined) await endings.endGrant(call, sid)
      else await endings.endSession(call, grant.sessionUid)
    },
  }
}

interface Made {
  readonly clients: ClientRegistry
  readonly stores: Stores
  readonly resources: ResourceRegistry
  readonly tokens: StructuredTokens
}

/** The engine with the keys of the moment. */
function createKeyedEngine(parts: AuthorizationServerParts, made: Made): { signingKeys: SigningKeys; engine: RunningEngine } {
  const { settings, logger } = parts
  const algorithms = SIGNING_ALGORITHMS.filter((algorithm) => algorithm !== 'EdDSA' || settings.definition?.edDsa === true)
  const { longestMs: longestSessionMs } = sessionLimits(settings.definition?.sessions)
  const signingKeys = createSigningKeys({ ...parts, settings: { rotationDays: settings.keyRotationDays, algorithms, longestSessionMs } })
  const engine = createRunningEngine({
    signingKeys,
    logger,
    async build(keys) {
      await made.stores.refreshValues.load(systemCall('auth'))
      const built = buildEngine(parts, { ...made, keys })
      // The engine checks a client when it is first asked for: better now than in front of a person.
      for (const { clientId } of made.clients.fixed()) await built.provider.Client.find(clientId)
      return built
    },
  })
  return { signingKeys, engine }
}

function writesOfGrants({ useUpRefreshToken, pending }: Stores): WritesOfGrants {
  return {
    async store() {
      const counting = await useUpRefreshToken()
      await pending.flush()
      return counting
    },
    forget: () => pending.forget(),
  }
}

function buildEngine(parts: AuthorizationServerParts, made: Made & { readonly keys: LoadedKeys }): BuiltProvider {
  const { keyRing, clock, logger, accounts, looks, hooks, settings } = parts
  const { keys, clients, stores, resources } = made
  const membershipNow = membershipReader(accounts, parts)
  const appClaims = createClaimsReader(hooks, { clients, membershipNow, resources })
  const permissions = permissionsOf(settings.definition?.roles)
  const pages = createProviderPages(looks)
  const grants = writesOfGrants(stores)
  const configuration = providerConfiguration({
    ...parts,
    issuer: settings.sites.accounts,
    requireNonce: settings.definition?.dpop?.requireNonce === true,
    adapter: stores.adapter,
    keys,
    clients,
    registry: resources,
    resources: resourcePolicy({ clients, registry: resources, services: parts.services, accessTokenKid: keys.accessTokenKid }),
    pages,
    callbacks: {
      findAccount: accountFinder(accounts, appClaims, parts.rules),
      loadExistingGrant: grantLoader({ clients, consents: stores.consents }),
    },
    permissions,
    memberOf: membershipTeller(clients, membershipNow, permissions),
    sessionLimits: sessionLimits(settings.definition?.sessions),
    appClaims,
    grants,
  })
  return buildProvider({
    issuer: settings.sites.accounts,
    configuration,
    refreshTokens: stores.refreshTokenIds,
    flush: () => stores.pending.flush(),
    grants,
    logger,
    checkSecret: createSecretCheck({ counts: stores.counts, keyRing, clock, logger }),
    pages,
    registration: parts.newcomers.definition,
    takesCertificates: settings.takesCertificates === true,
    certificates: settings.sites.certificates,
    languages: offeredLanguages(settings.definition ?? {}),
    clientUsed: (clientId) => parts.newcomers.used(systemCall('auth'), clientId),
    noteWrongTry: (code) => stores.codeStorage.noteWrongTry(code),
    apiScopes: resources.scopes,
    ownResources: resources.own,
    exchange: { clients, resources, rules: parts.rules },
    signOut: { keyRing, clients, pages },
    structured: { tokens: made.tokens, revocations: parts.revocations, clients },
  })
}
