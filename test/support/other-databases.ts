// Databases on PostgreSQL and MongoDB by their URL, for tests and measurements. The platform loads these drivers only when a URL asks for one.
import type { Clock } from '#kernel/clock.ts'
import type { Running } from '#kernel/lifecycle.ts'
import type { Logger } from '#kernel/log.ts'
import type { Database } from '../../src/database/contract.ts'
import { createDatabase } from '../../src/database/database.ts'
import { createMongoEngine } from '../../src/database/drivers/mongodb/engine.ts'
import { createPostgresEngine } from '../../src/database/drivers/postgres/engine.ts'

const SWEEP_EVERY_MS = 10_000

export interface DatabaseByUrl {
  readonly url: string
  /** How often expired documents and read events are removed, 10,000 unless told. */
  readonly sweepEveryMs?: number
  readonly clock: Clock
  readonly logger: Logger
}

export function createPostgresDatabase({ url, sweepEveryMs = SWEEP_EVERY_MS, clock, logger }: DatabaseByUrl): Running<Database> {
  return createDatabase({ engine: createPostgresEngine({ url, logger }), clock, logger, sweepEveryMs })
}

export function createMongoDatabase({ url, sweepEveryMs = SWEEP_EVERY_MS, clock, logger }: DatabaseByUrl): Running<Database> {
  return createDatabase({ engine: createMongoEngine({ url, logger }), clock, logger, sweepEveryMs })
}
