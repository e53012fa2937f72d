// The database contract on SQLite, in a file and in memory.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { createSqliteEngine } from '../../src/database/drivers/sqlite/engine.ts'
import { engineContract } from './database.contract.ts'

const folder = mkdtempSync(join(tmpdir(), 'ninefold-database-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const durability = 'full'
engineContract('sqlite in a file', ({ place, logger }) => createSqliteEngine({ file: join(folder, `${place}.db`), durability, logger }))

const reason = 'a database in memory ends with its server'
engineContract(
  'sqlite in memory',
  ({ logger }) => createSqliteEngine({ file: ':memory:', durability, logger }),
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
    'two processes see each other, and their updates of one document all count',
    'of many inserts of one unique value or one id by two processes, one wins',
    'of many takers of one document by two processes, one gets it',
    'commits of two processes that move between documents lose nothing, and nobody sees half of one',
    'all or nothing when commits of two processes collide on a unique value',
    'events of two processes are complete, once each, in order per document, whatever order their transactions end in',
    'while documents are rewritten, readers see the new shape, and only queries over what changes wait',
    'a migration that ends in the middle goes on at the next start, and an older program is told so',
    'a process of the version before that was not stopped stops writing, and does not take new documents for old ones',
    'a migration that does not say what it changes, or changes what is unique, is done before the start ends',
    'a document that cannot be rewritten is named, the others go on, and what depends on it stays closed',
    'a search that a definition gains finds the documents that were there before, in their order',
    'a snapshot shows everything as it was at one moment, while writes go on',
    'marks are kept, and a plan says what a start would do without doing it',
  ].map((test) => ({ test, reason })),
)
