import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { systemClock } from '#kernel/clock.ts'
import { createKeyRing } from '#kernel/keyring.ts'
import { createLogger } from '#kernel/log.ts'
import { Secret } from '#kernel/secret.ts'
import { createSqliteDatabase } from '../../database/server.ts'
import { deviceCodesCollection } from './collections.ts'
import { createDeviceStorage } from './device-storage.ts'
import { sidOf } from './ids.ts'
import { createPending } from './pending.ts'
import { createVault } from './vault.ts'

const database = createSqliteDatabase({ file: ':memory:', clock: systemClock, logger: createLogger({ level: 'silent' }) })
const keyRing = createKeyRing(new Secret(randomBytes(32).toString('base64url')))
const ended: string[] = []
const storage = createDeviceStorage({
  pending: createPending(database.contract),
  codes: database.contract.collection(deviceCodesCollection),
  vault: createVault(keyRing),
  keyRing,
  clock: systemClock,
  counts: {
    seen: async () => 0,
    add: async () => 0,
    forget: async () => {},
    closedFor: async () => 0,
    close: async () => true,
    open: async () => {},
  },
  guard: { due: async () => undefined, lacks: async () => undefined, honest: async () => {} },
  endings: {
    async endGrant(_call, sid) {
      ended.push(sid)
    },
  },
})

before(() => database.start())
after(() => database.stop())

const kind = 'DeviceCode'

test('a code is decided once, in order, whoever comes at once', async () => {
  const fresh = { jti: 'a-code', kind, userCode: 'BBBBCCCC' }
  await storage.upsert('a-code', fresh, 60)
  assert.equal((await storage.findByUserCode('BBBBCCCC'))?.jti, 'a-code')
  assert.equal(await storage.findByUserCode('BBBBCCCD'), undefined)
  await assert.rejects(storage.upsert('a-code', { ...fresh, accountId: 'ada', grantId: 'g' }, 60), /invalid_request/)
  const begun = await Promise.allSettled([1, 2, 3].map(() => storage.upsert('a-code', { ...fresh, inFlight: true }, 60)))
  assert.deepEqual(begun.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected', 'rejected'])
  await storage.upsert('a-code', { ...fresh, inFlight: true, accountId: 'ada', grantId: 'a-grant' }, 60)
  await assert.rejects(storage.upsert('a-code', { ...fresh, inFlight: true, accountId: 'eve', grantId: 'b-grant' }, 60), /invalid_request/)
  assert.equal((await storage.find('a-code'))?.accountId, 'ada')
})

test('two that both found a decided code unused: one gets tokens, and the other ends what it gave', async () => {
  const outcomes = await Promise.allSettled([storage.consume('a-code'), storage.consume('a-code')])
  assert.deepEqual(outcomes.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
  assert.deepEqual(ended, [sidOf('a-grant')])
})
