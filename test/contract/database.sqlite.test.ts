// The database contract on SQLite, in a file and in memory.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { createSqliteDatabase } from '../../src/database/server.ts'
import { databaseContract } from './database.contract.ts'

const folder = mkdtempSync(join(tmpdir(), 'ninefold-database-'))
after(() => rmSync(folder, { recursive: true, force: true }))

databaseContract('sqlite in a file', ({ place, ...parts }) => createSqliteDatabase({ file: join(folder, `${place}.db`), ...parts }))

const reason = 'a database in memory ends with its server'
databaseContract(
  'sqlite in memory',
  ({ place: _place, ...parts }) => createSqliteDatabase({ file: ':memory:', ...parts }),
  [
    'documents, versions and unique values are there after a restart',
    'a consumer goes on after a restart where it has stopped',
    'what is under way when stop is called is finished',
    'migrations rewrite earlier documents once, in order, many of them',
    'a migration that makes a bad document stops the start and changes nothing',
    'refuses to start on documents of a newer version, says what to do, and touches nothing',
    'indexes that a definition gains are built and those it loses are dropped',
    'an expiry that a definition gains counts for the documents that are there',
    'a stored document that no longer fits its schema is named and not returned',
  ].map((test) => ({ test, reason })),
)
