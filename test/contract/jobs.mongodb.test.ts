// The jobs contract on MongoDB's wire protocol, one database for every test.
import { after, before, describe } from 'node:test'
import { newId } from '#kernel/ids.ts'
import { createLogger } from '#kernel/log.ts'
import { createMongoDatabase } from '../support/other-databases.ts'
import { type Ferret, startFerret, withoutFerret } from '../support/ferretdb.ts'
import { jobsContract } from './jobs.contract.ts'

describe('jobs on MongoDB', { skip: withoutFerret }, () => {
  let ferret: Ferret
  before(async () => {
    ferret = await startFerret()
  })
  after(async () => await ferret.stop())
  const logger = createLogger({ level: 'silent' })
  jobsContract('MongoDB', (clock) => createMongoDatabase({ url: ferret.url(`j_${newId(1)}`), clock, logger }))
})
