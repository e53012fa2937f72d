// Wires imports and exports into the resource server.
import type { Call } from '#kernel/call.ts'
import type { Clock } from '#kernel/clock.ts'
import type { Route } from '#kernel/http/route.ts'
import type { JobDefinition } from '#kernel/job.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import type { Logger } from '#kernel/log.ts'
import type { Database } from '../../database/contract.ts'
import type { WriteParts } from '../writing/parts.ts'
import type { OwnedImports, OwnTransfers } from './contract.ts'
import { exported } from './exports/export.ts'
import { type Authorities, hasEnded, type Undertaking } from './imports/authority.ts'
import { forgetImports } from './imports/forget.ts'
import { ownedImports } from './imports/owned.ts'
import { createImportsRepository } from './imports/repository.ts'
import { createImportsService, type ImportLimits } from './imports/service.ts'
import { createSlices } from './imports/slices.ts'
import { createSpool } from './imports/spool.ts'
import { importSweepJob } from './imports/sweep.ts'
import { transferRoutes } from './routes.ts'

export interface TransferSettings {
  /** Where files are kept until they are imported; made when absent. */
  readonly folder: string
  /** Lets imports fetch from this machine itself: for development only. */
  readonly allowLoopback?: boolean
  readonly limits?: Partial<ImportLimits>
  /** Asked whether what an import was begun on has ended. */
  readonly auth?: Authorities
}

export interface TransferDependencies {
  readonly database: Database
  readonly writes: WriteParts
  readonly keyRing: KeyRing
  readonly clock: Clock
  readonly logger: Logger
  readonly settings: TransferSettings
}

export interface TransferPart {
  readonly transfers: OwnTransfers
  readonly owned: OwnedImports
  readonly routes: readonly Route[]
  readonly jobs: readonly JobDefinition[]
  /** When an account is gone. */
  forget(call: Call, ownerId: string): Promise<void>
  start(): Promise<void>
}

const LIMITS: ImportLimits = { maxBytes: 1024 * 1024 * 1024, maxImports: 2 }

export function createTransferPart({ database, writes, keyRing, clock, logger, settings }: TransferDependencies): TransferPart {
  const { resources } = writes
  const limits = { ...LIMITS, ...settings.limits }
  const imports = createImportsRepository(database)
  const spool = createSpool(settings.folder)
  const parts = { resources, imports, spool, keyRing, clock, limits }
  const isOver = async (call: Call, about: Undertaking): Promise<boolean> =>
    settings.auth !== undefined && (await hasEnded(settings.auth, call, about))
  const slices = createSlices({
    ...parts,
    writes,
    logger,
    allowLoopback: settings.allowLoopback === true,
    hasEnded: isOver,
  })
  const transfers: OwnTransfers = {
    ...createImportsService(parts),
    run: (call, id, onProgress) => slices.runAll(call, id, onProgress),
    export: async (call, name, request) =>
      exported({ resources, service: writes.service, clock, hasEnded: isOver }, call, { name, ...request }),
  }
  return {
    transfers,
    owned: ownedImports(parts),
    routes: [...resources.values()].flatMap((resource) => transferRoutes(transfers, resource, limits.maxBytes)),
    jobs: [slices.job, importSweepJob({ imports, spool, clock, logger })],
    forget: (call, ownerId) => forgetImports(parts, call, ownerId),
    start: () => spool.start(),
  }
}
