// The database contract on a server of MongoDB's wire protocol: FerretDB 1.24, whose updates are not atomic and which has no transactions.
import { after, before, describe } from 'node:test'
import { createMongoEngine } from '../../src/database/drivers/mongodb/engine.ts'
import { type Ferret, startFerret, withoutFerret } from '../support/ferretdb.ts'
import { engineContract } from './database.contract.ts'

describe('MongoDB', { skip: withoutFerret }, () => {
  let ferret: Ferret
  before(async () => {
    ferret = await startFerret()
  })
  after(async () => await ferret.stop())
  engineContract('mongodb', ({ place, logger }) => createMongoEngine({ url: ferret.url(`t_${place}`), logger }), [
    {
      test: 'a snapshot shows everything as it was at one moment, while writes go on',
      reason: 'FerretDB takes a snapshot session and reads what is there now',
    },
    {
      test: 'a process of the version before that was not stopped stops writing, and does not take new documents for old ones',
      reason: 'FerretDB updates in two steps, so that it is not called shared; with atomic updates the test is run',
    },
  ])
})
