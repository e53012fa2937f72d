import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { systemCall } from '#kernel/call.ts'
import { systemClock } from '#kernel/clock.ts'
import { createLogger } from '#kernel/log.ts'
import { createClientsRepository } from '../clients/repository.ts'
import type { ClientSettings } from '../provider/client-rules.ts'
import { createSqliteDatabase } from '../../database/server.ts'
import { createInvitations } from './invitations.ts'
import { createRegistration } from './service.ts'

const call = systemCall('test')
const database = createSqliteDatabase({ file: ':memory:', clock: systemClock, logger: createLogger({ level: 'silent' }) })
const settings: ClientSettings = {
  sites: { accounts: 'https://accounts.example', app: 'https://app.example', files: '', console: '', frontends: {} },
  productName: 'Diary',
  scopes: {},
  clients: [],
  frontends: [],
  development: false,
}
const registration = createRegistration({
  repository: createClientsRepository(database.contract),
  invitations: createInvitations({ database: database.contract, clock: systemClock }),
  counts: { add: async () => 0, forget: async () => {}, closedFor: async () => 0, close: async () => true, open: async () => {} },
  clock: systemClock,
  settings,
  definition: { dynamic: 'anyone' },
})

before(() => database.start())
after(() => database.stop())

test('of several changes with one token one wins, and the token of the others is good no more', async () => {
  const metadata = { redirect_uris: ['https://notes.example/callback'], client_name: 'Notes' }
  const made = await registration.register(call, { metadata, token: undefined, client: 'c' })
  const clientId = String(made.metadata['client_id'])
  const changes = await Promise.allSettled([1, 2, 3].map(() => registration.update(call, clientId, { metadata, token: made.token })))
  const won = changes.flatMap((change) => (change.status === 'fulfilled' ? [change.value] : []))
  assert.equal(won.length, 1)
  await assert.rejects(registration.read(call, clientId, made.token), { code: 'invalid_token' })
  assert.equal((await registration.read(call, clientId, won[0]?.token ?? '')).metadata['client_name'], 'Notes')
})
