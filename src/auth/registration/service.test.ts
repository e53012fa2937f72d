import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { systemCall } from '#kernel/call.ts'
import { systemClock } from '#kernel/clock.ts'
import { createLogger } from '#kernel/log.ts'
import { cacheServer } from '../../cache/server.ts'
import { createCounts } from '../accounts/counts.ts'
import { forgetClientsJob } from '../clients/forgetting.ts'
import { type ClientsRepository, createClientsRepository } from '../clients/repository.ts'
import type { ClientSettings } from '../provider/client-rules.ts'
import { createSqliteDatabase } from '../../database/server.ts'
import { createInvitations } from './invitations.ts'
import { createRegistration, createUse } from './service.ts'

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
const parts = {
  repository,
  invitations: createInvitations({ database: database.contract, clock: systemClock }),
  counts: createCounts(cache.contract, systemClock),
  clock: systemClock,
  settings,
  definition: { dynamic: 'anyone' },
  end: async () => {},
} as const
const registration = createRegistration(parts)

/** What somebody else does once, between the look at a client and the write. */
function overtaken(act: () => Promise<unknown>): ReturnType<typeof createRegistration> {
  let due = true
  const between: ClientsRepository = {
    ...repository,
    async findStored(...asked) {
      const found = await repository.findStored(...asked)
      if (due) await act()
      due = false
      return found
    },
  }
  return createRegistration({ ...parts, repository: between })
}

const METADATA = { redirect_uris: ['https://notes.example/callback'], client_name: 'Notes' }

async function newcomer(): Promise<{ clientId: string; token: string }> {
  const made = await registration.register(call, { metadata: METADATA, token: undefined, client: 'own', network: 'own' })
  return { clientId: String(made.metadata['client_id']), token: made.token }
}

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

test('a client that gives no name is called by its host or its scheme, which says the same in every language', async () => {
  const named = async (metadata: object): Promise<unknown> =>
    (await registration.register(call, { metadata, token: undefined, client: 'c', network: 'n' })).metadata['client_name']
  assert.equal(await named({ redirect_uris: ['https://notes.example/callback'] }), 'notes.example')
  assert.equal(await named({ redirect_uris: ['https://notes.example/'], client_uri: 'https://about.example/notes' }), 'about.example')
  assert.equal(await named({ redirect_uris: ['com.example.notes:/back'], application_type: 'native' }), 'com.example.notes')
  const redirect_uris = ['https://notes.example/callback']
  assert.equal(await named({ redirect_uris, client_uri: '' }), 'notes.example', 'an empty one is none')
  await assert.rejects(named({ redirect_uris, client_uri: 'notes.example' }), { code: 'invalid_client_metadata' })
})

test('a client does not get out by removing itself while it is being blocked', async () => {
  const { clientId, token } = await newcomer()
  const blocking = overtaken(() => repository.update(call, clientId, { change: { set: { blockedAt: 1 } } }))
  await assert.rejects(blocking.remove(call, clientId, token), { code: 'invalid_token' })
  assert.equal((await repository.find(call, clientId))?.value.blockedAt, 1)
  const blocked = overtaken(() => repository.update(call, clientId, { change: { set: { blockedAt: undefined } } }))
  await assert.rejects(blocked.update(call, clientId, { metadata: METADATA, token }), { code: 'invalid_token' }, 'as it was found')
  await registration.remove(call, clientId, token)
  assert.equal(await repository.find(call, clientId), undefined)
})

test('a change is not lost, nor the token of a client said to be bad, because it was used or changed meanwhile', async () => {
  const { clientId, token } = await newcomer()
  const later = systemClock.now() + 20 * 86_400_000
  const used = createUse({ ...parts, clock: { now: () => later } })
  const metadata = { ...METADATA, client_name: 'Notes, again' }
  const made = await overtaken(() => used(call, clientId)).update(call, clientId, { metadata, token })
  const stored = (await repository.find(call, clientId))?.value
  assert.deepEqual([made.metadata['client_name'], stored?.definition.name], ['Notes, again', 'Notes, again'])
  assert.ok(Number(stored?.expiresAt) > later, 'and its use is not forgotten')
  const operator = overtaken(() => repository.update(call, clientId, { change: { set: { overrides: { name: 'Named by us' } } } }))
  const again = await operator.update(call, clientId, { metadata, token: made.token })
  assert.equal(again.metadata['client_name'], 'Named by us')
  await overtaken(() => repository.update(call, clientId, { change: { set: { expiresAt: later } } })).remove(call, clientId, again.token)
  assert.equal(await repository.find(call, clientId), undefined)
})

test('a secret that is taken for a while longer is so after a change of the client itself', async () => {
  const { clientId, token } = await newcomer()
  const earlierSecret = { hash: 'h', until: systemClock.now() + 3_600_000 }
  await repository.update(call, clientId, { change: { set: { earlierSecret } } })
  const before = (await repository.find(call, clientId))?.value
  const made = await registration.update(call, clientId, { metadata: METADATA, token })
  const after = (await repository.find(call, clientId))?.value
  assert.deepEqual([after?.secretHash, after?.earlierSecret], [before?.secretHash, earlierSecret])
  await registration.update(call, clientId, { metadata: { ...METADATA, token_endpoint_auth_method: 'none' }, token: made.token })
  const open = (await repository.find(call, clientId))?.value
  assert.deepEqual([open?.secretHash, open?.earlierSecret], [undefined, undefined])
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
