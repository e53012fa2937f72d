// The driver on a server that decides and does an update at once, as MongoDB does: FerretDB behind a proxy that lets one command through at a time. The
// driver finds out by itself, and then guards what it writes by conditions.
import assert from 'node:assert/strict'
import { after, before, describe } from 'node:test'
import { createMongoEngine } from '../../src/database/drivers/mongodb/engine.ts'
import { databaseOn, testsIn } from '../support/database.ts'
import { type Ferret, startFerret, withoutFerret } from '../support/ferretdb.ts'
import { type MongoProxy, startMongoProxy } from '../support/mongo-proxy.ts'
import { commitTests } from './database/commit.ts'
import { concurrencyTests } from './database/concurrency.ts'
import { documentTests } from './database/documents.ts'
import { expiryTests } from './database/expiry.ts'
import { hostileTests } from './database/hostile.ts'
import { migrationTests } from './database/migrations.ts'

describe('MongoDB with atomic updates', { skip: withoutFerret }, () => {
  let ferret: Ferret
  let proxy: MongoProxy
  before(async () => {
    ferret = await startFerret()
    proxy = await startMongoProxy(ferret.port, { oneAtATime: true })
  })
  after(async () => {
    await proxy.close()
    await ferret.stop()
  })
  const test = testsIn(
    databaseOn(({ place, logger }) => createMongoEngine({ url: proxy.url(`a_${place}`), logger })),
    [],
  )
  test('the server is found to be one that several processes may share', async ({ open }) => {
    const db = await open()
    assert.equal(db.database.capabilities.shared, true)
  })
  documentTests(test)
  hostileTests(test)
  commitTests(test)
  expiryTests(test)
  concurrencyTests(test)
  // The others are run without the proxy.
  migrationTests((title, body) => {
    if (title.startsWith('a process of the version before')) test(title, body)
  })
})
