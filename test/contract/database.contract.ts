// What every database driver must do. A function over a driver; an exemption needs a reason, and is tested to be true.
import { describe } from 'node:test'
import { type OpenDatabase, testsIn } from '../support/database.ts'
import type { Exemption } from '../support/exemptions.ts'
import { commitTests } from './database/commit.ts'
import { documentTests } from './database/documents.ts'
import { eventTests } from './database/events.ts'
import { expiryTests } from './database/expiry.ts'
import { queryTests } from './database/queries.ts'
import { restartTests } from './database/restart.ts'

export function databaseContract(name: string, open: OpenDatabase, exemptions: readonly Exemption[] = []): void {
  describe(`database contract: ${name}`, () => {
    const test = testsIn(open, exemptions)
    documentTests(test)
    queryTests(test)
    expiryTests(test)
    commitTests(test)
    eventTests(test)
    restartTests(test)
  })
}
