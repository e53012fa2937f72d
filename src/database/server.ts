// The wiring of the database server: on the engine that is given, or on SQLite in a file or in memory.
import type { Clock } from '#kernel/clock.ts'
import { defineServer, type Running } from '#kernel/lifecycle.ts'
import type { Logger } from '#kernel/log.ts'
import type { Database } from './contract.ts'
import { createDatabase } from './database.ts'
import type { Durability } from './drivers/sqlite/connection.ts'
import { createSqliteEngine } from './drivers/sqlite/engine.ts'
import type { Engine } from './ports.ts'
import { type Scrubbing, scrubbingJobs } from './scrubbing.ts'
import type { EventAtRest } from './store.ts'

export interface SqliteDatabaseOptions {
  /** A path, or `:memory:`. */
  readonly file: string
  /** `full` unless told: a reply means that the write is on disk. */
  readonly durability?: Durability
  /** How often expired documents and read events are removed, 10,000 unless told. */
  readonly sweepEveryMs?: number
  /** When what is left of deleted rows is overwritten, and under which name of a job. */
  readonly scrubbing?: Scrubbing
  readonly clock: Clock
  readonly logger: Logger
}

const SWEEP_EVERY_MS = 10_000

export function createSqliteDatabase({ file, durability = 'full', ...options }: SqliteDatabaseOptions): Running<Database> {
  return runningOn({ ...options, engine: createSqliteEngine({ file, durability, logger: options.logger }) })
}

export interface DatabaseOptions {
  /** Made by `engineFor` from a URL, or somebody else's. */
  readonly engine: Engine
  /** How often expired documents and read events are removed, 10,000 unless told. */
  readonly sweepEveryMs?: number
  /** When what is left of deleted rows is overwritten, and under which name of a job. */
  readonly scrubbing?: Scrubbing
  /** What becomes of an event before it is stored, for what nobody who reads the database may read; nothing unless told. */
  readonly eventAtRest?: EventAtRest | undefined
  readonly clock: Clock
  readonly logger: Logger
}

export const databaseServer = defineServer<DatabaseOptions, Database>({
  name: 'database',
  needs: [],
  create: (options) => runningOn({ ...options, logger: options.logger.child({ server: 'database' }) }),
})

function runningOn({ sweepEveryMs = SWEEP_EVERY_MS, scrubbing, ...parts }: DatabaseOptions): Running<Database> {
  const { engine, logger } = parts
  return { ...createDatabase({ ...parts, sweepEveryMs }), jobs: scrubbingJobs({ engine, scrubbing, logger }) }
}
