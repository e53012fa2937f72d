// What every database driver must do. A function over a driver; an exemption needs a reason, and is tested to be true.
import { describe } from 'node:test'
import { databaseOn, type OpenDatabase, type OpenEngine, testsIn } from '../support/database.ts'
import type { Exemption } from '../support/exemptions.ts'
import { concurrencyTests } from './database/concurrency.ts'
import { commitTests } from './database/commit.ts'
import { documentTests } from './database/documents.ts'
import { engineTests } from './database/engine.ts'
import { eventTests } from './database/events.ts'
import { expiryTests } from './database/expiry.ts'
import { hostileTests } from './database/hostile.ts'
import { migrationTests } from './database/migrations.ts'
import { queryTests } from './database/queries.ts'
import { restartTests } from './database/restart.ts'
import { searchTests } from './database/search.ts'
import { tailTests } from './database/tails.ts'

/** Everything, the bare engine too. What a driver is tested with. */
export function engineContract(name: string, openEngine: OpenEngine, exemptions: readonly Exemption[] = []): void {
  databaseContract(name, databaseOn(openEngine), exemptions)
  describe(`engine contract: ${name}`, () => engineTests(testsIn(databaseOn(openEngine), exemptions, openEngine)))
}

export function databaseContract(name: string, open: OpenDatabase, exemptions: readonly Exemption[] = []): void {
  describe(`database contract: ${name}`, () => {
    const test = testsIn(open, exemptions)
    documentTests(test)
    queryTests(test)
    expiryTests(test)
    commitTests(test)
    eventTests(test)
    restartTests(test)
    hostileTests(test)
    searchTests(test)
    tailTests(test)
    concurrencyTests(test)
    migrationTests(test)
  })
}
