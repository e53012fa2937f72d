import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { systemCall } from '#kernel/call.ts'
import { randomToken } from '#kernel/ids.ts'
import { createKeyRing, type KeyRing } from '#kernel/keyring.ts'
import { createLogger } from '#kernel/log.ts'
import { Secret } from '#kernel/secret.ts'
import { createSqliteDatabase } from '../../database/server.ts'
import { createSigningKeys, type SigningKeys } from './signing-keys.ts'

const call = systemCall('test')
const clock = { now: () => Date.now() }

/** One process for each key ring, all on one database. */
async function processes(context: TestContext, keyRings: readonly KeyRing[]): Promise<SigningKeys[]> {
  const database = createSqliteDatabase({ file: ':memory:', clock, logger: createLogger({ level: 'silent' }) })
  const made = keyRings.map((keyRing) => createSigningKeys({ database: database.contract, keyRing, clock }))
  await database.start()
  context.after(() => database.stop())
  return made
}

const keyRingOf = (): KeyRing => createKeyRing(new Secret(randomToken()))

test('two processes that start at once agree on one key of each algorithm, and a later one finds the same', async (context) => {
  const keyRing = keyRingOf()
  const [first, second, later] = await processes(context, [keyRing, keyRing, keyRing])
  const [one, two] = await Promise.all([first?.load(call), second?.load(call)])
  assert.deepEqual(one, two)
  assert.deepEqual(await later?.load(call), one)
  assert.deepEqual(
    one?.published.map(({ alg }) => alg),
    ['ES256', 'RS256'],
  )
  assert.equal(
    one?.published.some((key) => 'd' in key),
    false,
  )
  assert.equal(one?.accessTokenKid, one?.signing[0]?.kid)
})

test('keys do not open under another master key', async (context) => {
  const [mine, foreign] = await processes(context, [keyRingOf(), keyRingOf()])
  await mine?.load(call)
  await assert.rejects(async () => await foreign?.load(call), /does not open with this master key/)
})
