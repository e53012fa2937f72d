// What a request has not read is taken for new, which saves a look. Here it is there all the same: as if two requests made it at once.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { errors, type AdapterPayload } from 'oidc-provider'
import contexts from 'oidc-provider/lib/helpers/als.js'
import { systemCall } from '#kernel/call.ts'
import { systemClock } from '#kernel/clock.ts'
import { createKeyRing } from '#kernel/keyring.ts'
import { createLogger } from '#kernel/log.ts'
import { Secret } from '#kernel/secret.ts'
import { createSqliteDatabase } from '../../database/server.ts'
import { createInteractionStorage } from './artifact-storage.ts'
import { grantsCollection, interactionsCollection, sessionsCollection } from './collections.ts'
import { createGrantStorage } from './grant-storage.ts'
import { recordId, sidOf } from './ids.ts'
import { createPending } from './pending.ts'
import { inScope } from './scope.ts'
import { sessionLimits } from './session-limits.ts'
import { createSessionStorage } from './session-storage.ts'
import { createVault } from './vault.ts'

const database = createSqliteDatabase({ file: ':memory:', clock: systemClock, logger: createLogger({ level: 'silent' }) })
const { contract } = database
const interactions = contract.collection(interactionsCollection)
const grants = contract.collection(grantsCollection)
const sessions = contract.collection(sessionsCollection)
const pending = createPending(contract)
const vault = createVault(createKeyRing(new Secret(randomBytes(32).toString('base64url'))))
const parts = { pending, vault, clock: systemClock }
const call = systemCall('auth')

before(() => database.start())
after(() => database.stop())

/** As the engine does it for one request, with a session of that `uid`; what waits is written at the end. */
function request<Result>(work: () => Promise<Result>, uid = 'u'): Promise<Result> {
  return inScope({ call, waiting: [] }, () =>
    contexts.run(Object({ oidc: { session: { uid } } }), async () => {
      const result = await work()
      await pending.flush()
      return result
    }),
  )
}

test('an interaction goes on in the request that has read it, and is not there again when it was answered meanwhile', async () => {
  const storage = createInteractionStorage({ ...parts, interactions })
  const first: AdapterPayload = { kind: 'Interaction', params: { step: 1 } }
  await request(() => storage.upsert('i', first, 60))
  await request(async () => {
    assert.deepEqual(await storage.find('i'), { ...first, jti: 'i' })
    await storage.upsert('i', { ...first, params: { step: 2 } }, 60)
  })
  assert.deepEqual((await request(() => storage.find('i')))?.params, { step: 2 })
  const late = request(async () => {
    await storage.find('i')
    await interactions.delete(call, recordId('i'))
    await storage.upsert('i', { ...first, params: { step: 3 } }, 60)
  })
  await assert.rejects(late, { code: 'auth.interaction_ended' })
  assert.equal(await request(() => storage.find('i')), undefined)
})

test('a grant that is there gets what is new, and one that has ended is not given anew', async () => {
  const clients = Object({ endsWithSession: () => true, find: async () => ({ clientId: 'c', firstParty: true }) })
  const storage = createGrantStorage({ ...parts, grants, sessions, clients, consents: Object({}), endings: Object({}), reuse: Object({}) })
  const grant = (scope: string): AdapterPayload => ({ kind: 'Grant', accountId: 'a', clientId: 'c', openid: { scope } })
  await request(() => storage.upsert('g', grant('openid'), 60))
  await request(() => storage.upsert('g', grant('openid email'), 60))
  assert.deepEqual((await request(() => storage.find('g')))?.['openid'], { scope: 'openid email' })
  // Two that have read it before either was stored.
  const both = [grant('openid email profile'), { ...grant('openid email phone'), resources: { api: 'read' } }]
  await Promise.all(
    both.map((more) =>
      request(async () => {
        await storage.find('g')
        await storage.upsert('g', more, 60)
      }),
    ),
  )
  const { openid, resources } = (await request(() => storage.find('g'))) ?? {}
  assert.deepEqual(new Set(Object(openid).scope.split(' ')), new Set(['openid', 'email', 'profile', 'phone']))
  assert.deepEqual(resources, { api: 'read' })
  await grants.update(call, sidOf('g'), { set: { endedAt: 1 } })
  await assert.rejects(
    request(() => storage.upsert('g', grant('openid profile'), 60)),
    errors.AccessDenied,
  )
  assert.equal(await request(() => storage.find('g')), undefined)
})

test('a session that is there keeps what the other request has added, and one that has ended stays so', async () => {
  const accounts = Object({ find: async () => ({ suspended: false }) })
  const storage = createSessionStorage({ ...parts, sessions, accounts, endings: Object({}), limits: sessionLimits() })
  const session = (client: string): AdapterPayload => {
    const authorizations = { [client]: { sid: `${client}-sid`, grantId: `${client}-grant` } }
    return { kind: 'Session', uid: 'u', accountId: 'a', loginTs: 1000, authorizations }
  }
  await request(() => storage.upsert('cookie', session('one'), 60))
  await request(() => storage.upsert('cookie', session('two'), 60))
  const found = await request(() => storage.find('cookie'))
  assert.deepEqual(Object.keys(found?.authorizations ?? {}).toSorted(), ['one', 'two'])
  await sessions.update(call, 'u', { set: { endedAt: 1 } })
  await assert.rejects(
    request(() => storage.upsert('cookie', session('three'), 60)),
    errors.SessionNotFound,
  )
  assert.equal(await request(() => storage.find('cookie')), undefined)
})

test('of 30 tabs that are opened again at once each has its session saved', async () => {
  const accounts = Object({ find: async () => ({ suspended: false }) })
  const storage = createSessionStorage({ ...parts, sessions, accounts, endings: Object({}), limits: sessionLimits() })
  const session = (client: string): AdapterPayload => {
    const authorizations = { [client]: { sid: `${client}-sid`, grantId: `${client}-grant` } }
    return { kind: 'Session', uid: 'tabs', accountId: 'a', loginTs: 1000, authorizations }
  }
  await request(() => storage.upsert('tabs-cookie', session('first'), 60))
  const clients = Array.from({ length: 30 }, (_, index) => `client${index}`)
  await Promise.all(
    clients.map((client) =>
      request(async () => {
        await storage.find('tabs-cookie')
        await storage.upsert('tabs-cookie', session(client), 60)
      }),
    ),
  )
  const found = await request(() => storage.find('tabs-cookie'))
  assert.deepEqual(Object.keys(found?.authorizations ?? {}).toSorted(), ['first', ...clients].toSorted())
})
