import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { systemClock } from '#kernel/clock.ts'
import { createKeyRing } from '#kernel/keyring.ts'
import { createLogger } from '#kernel/log.ts'
import { Secret } from '#kernel/secret.ts'
import { createSqliteDatabase } from '../../database/server.ts'
import { createCodeStorage } from './code-storage.ts'
import { codesCollection } from './collections.ts'
import { sidOf } from './ids.ts'
import { createPending } from './pending.ts'
import { createVault } from './vault.ts'

const database = createSqliteDatabase({ file: ':memory:', clock: systemClock, logger: createLogger({ level: 'silent' }) })
const ended: string[] = []
const storage = createCodeStorage({
  pending: createPending(database.contract),
  codes: database.contract.collection(codesCollection),
  vault: createVault(createKeyRing(new Secret(randomBytes(32).toString('base64url')))),
  clock: systemClock,
  endings: {
    async endGrant(_call, sid) {
      ended.push(sid)
    },
  },
})

before(() => database.start())
after(() => database.stop())

test('two that both found a code unused: one redeems it, and the other ends what it gave', async () => {
  await storage.upsert('a-code', { grantId: 'a-grant', kind: 'AuthorizationCode', codeChallenge: 'a-challenge' }, 60)
  const found = await Promise.all([storage.find('a-code'), storage.find('a-code')])
  assert.deepEqual(
    found.map((payload) => payload?.consumed),
    [undefined, undefined],
  )
  const outcomes = await Promise.allSettled([storage.consume('a-code'), storage.consume('a-code')])
  assert.deepEqual(outcomes.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
  assert.deepEqual(ended, [sidOf('a-grant')])
})

test('one that redeems a code alone ends nothing', async () => {
  ended.length = 0
  await storage.upsert('another-code', { grantId: 'another-grant', kind: 'AuthorizationCode', codeChallenge: 'a-challenge' }, 60)
  await storage.consume('another-code')
  assert.deepEqual(ended, [])
})
