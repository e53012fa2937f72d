// The jobs contract on SQLite in memory.
import { createSqliteDatabase } from '../../src/database/server.ts'
import { createLogger } from '../../src/kernel/log.ts'
import { jobsContract } from './jobs.contract.ts'

jobsContract('SQLite', (clock) => createSqliteDatabase({ file: ':memory:', clock, logger: createLogger({ level: 'silent' }) }))
