// The jobs contract on PostgreSQL, one schema for every database that it opens.
import { after, before, describe } from 'node:test'
import { newId } from '#kernel/ids.ts'
import { createLogger } from '#kernel/log.ts'
import { createPostgresDatabase } from '../support/other-databases.ts'
import { type PostgresServer, startPostgres, withoutPostgres } from '../support/postgres.ts'
import { jobsContract } from './jobs.contract.ts'

describe('jobs on PostgreSQL', { skip: withoutPostgres }, () => {
  let server: PostgresServer
  before(async () => {
    server = await startPostgres()
  })
  after(async () => await server.stop())
  const logger = createLogger({ level: 'silent' })
  jobsContract('PostgreSQL', (clock) => createPostgresDatabase({ url: server.url(`j_${newId(1)}`), clock, logger }))
})
