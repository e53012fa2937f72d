// The wiring of the database server: SQLite in a file, or in memory for tests.
import type { Clock } from '#kernel/clock.ts'
import { defineServer, type Running } from '#kernel/lifecycle.ts'
import type { Logger } from '#kernel/log.ts'
import type { Database } from './contract.ts'
import { createDatabase } from './database.ts'
import type { Durability } from './drivers/sqlite/connection.ts'
import { createSqliteEngine } from './drivers/sqlite/engine.ts'

export interface SqliteDatabaseOptions {
  /** A path, or `:memory:`. */
  readonly file: string
  /** `full` unless told: a reply means that the write is on disk. */
  readonly durability?: Durability
  /** How often expired documents and read events are removed, 10,000 unless told. */
  readonly sweepEveryMs?: number
  readonly clock: Clock
  readonly logger: Logger
}

const SWEEP_EVERY_MS = 10_000

export function createSqliteDatabase({
  file,
  durability = 'full',
  sweepEveryMs = SWEEP_EVERY_MS,
  clock,
  logger,
}: SqliteDatabaseOptions): Running<Database> {
  return createDatabase({ engine: createSqliteEngine({ file, durability, logger }), clock, logger, sweepEveryMs })
}

export const databaseServer = defineServer<SqliteDatabaseOptions, Database>({
  name: 'database',
  needs: [],
  create: (options) => createSqliteDatabase({ ...options, logger: options.logger.child({ server: 'database' }) }),
})
