import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { systemClock } from '#kernel/clock.ts'
import { createKeyRing } from '#kernel/keyring.ts'
import { createLogger } from '#kernel/log.ts'
import { Secret } from '#kernel/secret.ts'
import { createSqliteDatabase } from '../../database/server.ts'
import { createArtifactStorage, UsedBefore } from './artifact-storage.ts'
import { artifactsCollection } from './collections.ts'
import { createPending } from './pending.ts'
import { createVault } from './vault.ts'

const database = createSqliteDatabase({ file: ':memory:', clock: systemClock, logger: createLogger({ level: 'silent' }) })
const parts = {
  artifacts: database.contract.collection(artifactsCollection),
  vault: createVault(createKeyRing(new Secret(randomBytes(32).toString('base64url')))),
  clock: systemClock,
  pending: createPending(database.contract),
}

before(() => database.start())
after(() => database.stop())

test('requirement 27, requirement 44: of two who have both looked whether an id was used, and found that it was not, one may use it', async () => {
  const storage = createArtifactStorage('ReplayDetection', parts)
  assert.deepEqual(await Promise.all([storage.find('an-id'), storage.find('an-id')]), [undefined, undefined])
  const used = () => storage.upsert('an-id', { kind: 'ReplayDetection' }, 60)
  const outcomes = await Promise.allSettled([used(), used()])
  assert.deepEqual(outcomes.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
  const [lost] = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []))
  assert.ok(lost instanceof UsedBefore)
  assert.ok(await storage.find('an-id'))
})
