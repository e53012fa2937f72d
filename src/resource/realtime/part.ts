// Puts the parts of realtime together; the resource server is its one caller.
import type { Clock } from '#kernel/clock.ts'
import type { Route } from '#kernel/http/route.ts'
import type { KeyRing } from '#kernel/keyring.ts'
import type { Logger } from '#kernel/log.ts'
import type { Database } from '../../database/contract.ts'
import type { Attachments } from '../attachments.ts'
import type { Resource } from '../compile.ts'
import type { ResourceRepository } from '../repository.ts'
import { Hub } from './hub.ts'
import { createPositions } from './positions.ts'
import { realtimeRoutes } from './routes.ts'
import { createRealtime } from './service.ts'

interface RealtimePartParts {
  readonly database: Database
  readonly repository: ResourceRepository
  readonly attachments: Attachments
  readonly resources: ReadonlyMap<string, Resource>
  readonly keyRing: KeyRing
  readonly clock: Clock
  readonly logger: Logger
}

/** Reads no event before somebody follows something. */
export function createRealtimePart(parts: RealtimePartParts): { readonly routes: readonly Route[]; stop(): void } {
  const { resources, attachments, repository, clock } = parts
  const hub = new Hub(parts)
  const realtime = createRealtime({ hub, repository, resources, attachments, clock, positions: createPositions(parts.keyRing) })
  return { routes: realtimeRoutes({ realtime, clock }, [...resources.values()]), stop: () => hub.stop() }
}
