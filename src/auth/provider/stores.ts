// All that the engine stores, each kind in a table of its own.
import type { Clock } from '#kernel/clock.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import type { Logger } from '#kernel/log.ts'
import type { Cache } from '../../cache/contract.ts'
import type { Database } from '../../database/contract.ts'
import type { AccountDirectory } from '../engine.ts'
import type { CodeGuard } from '../guard/codes.ts'
import { createLastingSecret } from '../keys/lasting-secret.ts'
import type { Revocations } from '../revocations/revocations.ts'
import type { Newcomers } from '../registration/create.ts'
import { createAccessTokenStorage, ofKind } from './access-token-storage.ts'
import { adapterFactory } from './adapters.ts'
import { createArtifactStorage, createInteractionStorage } from './artifact-storage.ts'
import type { ClientSettings } from './client-rules.ts'
import { type ClientRegistry } from './clients.ts'
import { createClientStorage } from './client-storage.ts'
import { createCodeStorage } from './code-storage.ts'
import {
  accessTokensCollection,
  artifactsCollection,
  codesCollection,
  consentsCollection,
  deviceCodesCollection,
  grantsCollection,
  interactionsCollection,
  refreshTokensCollection,
  sessionsCollection,
} from './collections.ts'
import { createConsents } from './consents.ts'
import { createCounts } from '../accounts/counts.ts'
import { createDeviceStorage } from './device-storage.ts'
import { createEndings } from './endings.ts'
import { createGrantStorage } from './grant-storage.ts'
import { createPending } from './pending.ts'
import { createRefreshStorage } from './refresh-storage.ts'
import { createRefreshValues, REFRESH_SECRET } from './refresh-values.ts'
import { sessionLimits } from './session-limits.ts'
import { createSessionStorage } from './session-storage.ts'
import { createReuse } from './reuse.ts'
import { type ServiceDirectory, whileServiceLasts } from './service-claims.ts'
import { sweepTokens } from './sweep.ts'
import { createVault } from './vault.ts'

export interface StoresParts {
  readonly database: Database
  readonly cache: Cache
  readonly keyRing: KeyRing
  readonly clock: Clock
  readonly logger: Logger
  readonly accounts: AccountDirectory
  readonly revocations: Revocations
  readonly newcomers: Newcomers
  readonly services: ServiceDirectory
  /** Of the short codes of devices. */
  readonly codeGuard: CodeGuard
  readonly settings: ClientSettings
}

export type Stores = ReturnType<typeof openStores>

/** Declares the collections, so it must run before the database starts. */
export function openStores(parts: StoresParts, clients: ClientRegistry) {
  const { database, cache, keyRing, clock, logger, revocations, accounts, newcomers, services, codeGuard, settings } = parts
  const vault = createVault(keyRing)
  const sessions = database.collection(sessionsCollection)
  const grants = database.collection(grantsCollection)
  const tokens = database.collection(refreshTokensCollection)
  const codes = database.collection(codesCollection)
  const accessTokens = database.collection(accessTokensCollection)
  const counts = createCounts(cache, clock)
  const deviceCodes = database.collection(deviceCodesCollection)
  const interactions = database.collection(interactionsCollection)
  const artifacts = database.collection(artifactsCollection)
  const pending = createPending(database)
  const hasOtherResources = (settings.definition?.resources ?? []).length > 0
  const consents = createConsents({ consents: database.collection(consentsCollection), pending, clock, hasOtherResources })
  const reuse = createReuse({ accounts, clients, clock, logger })
  const endings = createEndings({
    database,
    sessions,
    grants,
    clients,
    revocations,
    clock,
    sweep: async (call, sid) => {
      for (const kept of [tokens, codes, accessTokens]) await sweepTokens(kept, call, sid)
    },
  })
  const accessTokenStorage = createAccessTokenStorage({ tokens: accessTokens, grants, accounts, revocations, pending, vault, clock })
  const codeStorage = createCodeStorage({ codes, pending, vault, clock, endings })
  const refreshValues = createRefreshValues(createLastingSecret(parts, REFRESH_SECRET))
  const refreshStorage = createRefreshStorage({ tokens, values: refreshValues, pending, vault, clock, reuse, endings, logger })
  const limits = sessionLimits(settings.definition?.sessions)
  const adapter = adapterFactory({
    Client: createClientStorage(clients, newcomers.documents),
    Session: createSessionStorage({ ...parts, sessions, pending, vault, endings, limits }),
    Grant: createGrantStorage({ grants, sessions, pending, clients, consents, vault, clock, endings, reuse }),
    RefreshToken: refreshStorage,
    AuthorizationCode: codeStorage,
    AccessToken: ofKind('AccessToken', accessTokenStorage),
    ClientCredentials: whileServiceLasts(ofKind('ClientCredentials', accessTokenStorage), services),
    DeviceCode: createDeviceStorage({ codes: deviceCodes, pending, vault, keyRing, clock, endings, counts, guard: codeGuard }),
    Interaction: createInteractionStorage({ interactions, pending, vault, clock }),
    PushedAuthorizationRequest: createArtifactStorage('PushedAuthorizationRequest', { artifacts, pending, vault, clock }),
    ReplayDetection: createArtifactStorage('ReplayDetection', { artifacts, pending, vault, clock }),
  })
  return {
    counts,
    vault,
    pending,
    sessions,
    grants,
    consents,
    endings,
    adapter,
    codeStorage,
    refreshValues,
    refreshTokenIds: refreshStorage.ids,
    useUpRefreshToken: refreshStorage.useUp,
  }
}
