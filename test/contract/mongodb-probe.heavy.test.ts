// What is found out about a server of MongoDB's protocol at the start: FerretDB 1.24 loses updates, and must be found out each time.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { MongoClient } from 'mongodb'
import { probeServer } from '../../src/database/drivers/mongodb/probe.ts'
import { type Ferret, startFerret, withoutFerret } from '../support/ferretdb.ts'

describe('the probe of a MongoDB server', { skip: withoutFerret }, () => {
  let ferret: Ferret
  let client: MongoClient
  before(async () => {
    ferret = await startFerret()
    client = new MongoClient(ferret.url('probe'))
  })
  after(async () => {
    await client.close()
    await ferret.stop()
  })

  test('never takes a server that loses updates for one that does not', async () => {
    for (let start = 0; start < 20; start += 1)
      assert.deepEqual(await probeServer(client.db(`probe${start}`)), { atomicUpdates: false }, `start ${start}`)
  })
})
