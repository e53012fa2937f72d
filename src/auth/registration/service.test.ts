import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { systemCall } from '#kernel/call.ts'
import { systemClock } from '#kernel/clock.ts'
import { createLogger } from '#kernel/log.ts'
import { cacheServer } from '../../cache/server.ts'
import { createCounts } from '../accounts/counts.ts'
import { forgetClientsJob } from '../clients/forgetting.ts'
import { createClientsRepository } from '../clients/repository.ts'
import type { ClientSettings } from '../provider/client-rules.ts'
import { createSqliteDatabase } from '../../database/server.ts'
import { createInvitations } from './invitations.ts'
import { createRegistration } from './service.ts'

const call = systemCall('test')
const database = createSqliteDatabase({ file: ':memory:', clock: systemClock, logger: createLogger({ level: 'silent' }) })
const cache = cacheServer.create({ maxBytes: 1_000_000, clock: systemClock, logger: createLogger({ level: 'silent' }) })
const settings: ClientSettings = {
  sites: { accounts: 'https://accounts.example', app: 'https://app.example', files: '', console: '', frontends: {} },
  productName: 'Diary',
  scopes: {},
  clients: [],
  frontends: [],
  development: false,
}
const repository = createClientsRepository(database.contract)
const registration = createRegistration({
  repository,
  invitations: createInvitations({ database: database.contract, clock: systemClock }),
  counts: createCounts(cache.contract, systemClock),
  clock: systemClock,
  settings,
  definition: { dynamic: 'anyone' },
  end: async () => {},
})

before(() => database.start())
after(() => database.stop())

test('of several changes with one token one wins, and the token of the others is good no more', async () => {
  const metadata = { redirect_uris: ['https://notes.example/callback'], client_name: 'Notes' }
  const made = await registration.register(call, { metadata, token: undefined, client: 'c', network: 'n' })
  const clientId = String(made.metadata['client_id'])
  const changes = await Promise.allSettled([1, 2, 3].map(() => registration.update(call, clientId, { metadata, token: made.token })))
  const won = changes.flatMap((change) => (change.status === 'fulfilled' ? [change.value] : []))
  assert.equal(won.length, 1)
  await assert.rejects(registration.read(call, clientId, made.token), { code: 'invalid_token' })
  assert.equal((await registration.read(call, clientId, won[0]?.token ?? '')).metadata['client_name'], 'Notes')
})

test('a client that gets a token while those are looked for that nobody uses is not forgotten', async () => {
  const definition = { name: 'Notes', redirectUris: [], origins: [], scopes: [] }
  const now = systemClock.now()
  for (const id of ['idle', 'busy', 'young'])
    await repository.insert(call, {
      id,
      source: 'registration',
      definition: { ...definition, clientId: id },
      createdAt: now,
      expiresAt: id === 'young' ? now + 60_000 : now - 1,
    })
  const { handle } = forgetClientsJob({
    clock: systemClock,
    repository: {
      ...repository,
      async listExpired(...asked) {
        const found = await repository.listExpired(...asked)
        await repository.update(call, 'busy', { change: { set: { expiresAt: now + 60_000 } } })
        return found
      },
    },
  })
  await handle({ call, jobId: 'job', attempt: 1 }, {})
  const left = await Promise.all(['idle', 'busy', 'young'].map((id) => repository.find(call, id)))
  assert.deepEqual(
    left.map((found) => found?.value.id),
    [undefined, 'busy', 'young'],
  )
})

test('a network that has registered its part closes it for itself alone', async () => {
  const register = (client: string, network: string): Promise<unknown> =>
    registration.register(call, { metadata: { redirect_uris: ['https://notes.example/callback'] }, token: undefined, client, network })
  for (let made = 0; made < 100; made += 1) await register(`address-${made % 10}`, 'busy')
  await assert.rejects(register('address-99', 'busy'), { code: 'temporarily_unavailable' })
  await register('address-100', 'quiet')
})

test('of a key no more is kept than what makes it one', async () => {
  const key = {
    kty: 'EC',
    crv: 'P-256',
    x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
    y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
    kid: 'a',
  }
  const metadata = {
    redirect_uris: ['https://notes.example/callback'],
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [{ ...key, x5c: ['A'.repeat(5000)], note: 'B'.repeat(1000), use: 7 }] },
  }
  const made = await registration.register(call, { metadata, token: undefined, client: 'keys', network: 'keys' })
  assert.deepEqual(made.metadata['jwks'], { keys: [key] })
})
