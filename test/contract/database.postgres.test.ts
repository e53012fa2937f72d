// The database contract on PostgreSQL: one server for the file, one schema for every test.
import { after, before, describe } from 'node:test'
import { createPostgresEngine } from '../../src/database/drivers/postgres/engine.ts'
import { type PostgresServer, startPostgres, withoutPostgres } from '../support/postgres.ts'
import { engineContract } from './database.contract.ts'

describe('PostgreSQL', { skip: withoutPostgres }, () => {
  let server: PostgresServer
  before(async () => {
    server = await startPostgres()
  })
  after(async () => await server.stop())
  engineContract('postgres', ({ place, logger }) => createPostgresEngine({ url: server.url(`t_${place}`), logger }))
})
