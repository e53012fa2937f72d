import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { systemCall } from '#kernel/call.ts'
import { randomToken } from '#kernel/ids.ts'
import { createKeyRing, type KeyRing } from '#kernel/keyring.ts'
import { createLogger } from '#kernel/log.ts'
import { Secret } from '#kernel/secret.ts'
import { cacheServer } from '../../cache/server.ts'
import { createSqliteDatabase } from '../../database/server.ts'
import { createRevocations } from '../revocations/revocations.ts'
import { KNOWN_HERE_MS, PUBLISHED_BEFORE_USE_MS, REVOKED_SHOWN_MS } from './generations.ts'
import { createSigningKeys, type LoadedKeys, type SigningKeys } from './signing-keys.ts'

const call = systemCall('test')
const DAY_MS = 86_400_000
const SESSION_MS = 60 * DAY_MS

interface World {
  readonly processes: readonly SigningKeys[]
  advance(ms: number): void
}

/** One process for each key ring, all on one database. */
async function world(context: TestContext, keyRings: readonly KeyRing[], rotationDays = 90): Promise<World> {
  let now = Date.now()
  const clock = { now: () => now }
  const logger = createLogger({ level: 'silent' })
  const database = createSqliteDatabase({ file: ':memory:', clock, logger })
  const { contract: cache } = cacheServer.create({ maxBytes: 1000, clock, logger })
  const revocations = createRevocations({ database: database.contract, cache, clock, logger })
  const settings = { rotationDays, algorithms: ['ES256', 'RS256'], longestSessionMs: SESSION_MS } as const
  const processes = keyRings.map((keyRing) => createSigningKeys({ database: database.contract, keyRing, clock, revocations, settings }))
  await database.start()
  context.after(() => database.stop())
  return {
    processes,
    advance: (ms) => {
      now += ms
    },
  }
}

const keyRingOf = (): KeyRing => createKeyRing(new Secret(randomToken()))
const kidsOf = ({ published }: LoadedKeys): string[] => published.map(({ kid }) => kid).toSorted()

async function one(context: TestContext, rotationDays?: number): Promise<{ keys: SigningKeys; advance: World['advance'] }> {
  const { processes, advance } = await world(context, [keyRingOf()], rotationDays)
  const [keys] = processes
  assert.ok(keys !== undefined)
  return { keys, advance }
}

test('two processes that start at once agree on one key of each algorithm, and a later one finds the same', async (context) => {
  const keyRing = keyRingOf()
  const { processes } = await world(context, [keyRing, keyRing, keyRing])
  const [first, second, later] = processes
  const [a, b] = await Promise.all([first?.load(call), second?.load(call)])
  assert.deepEqual(a, b)
  assert.deepEqual(await later?.load(call), a)
  assert.deepEqual(
    a?.published.map(({ alg }) => alg),
    ['ES256', 'RS256'],
  )
  assert.equal(
    a?.published.some((key) => 'd' in key),
    false,
  )
  assert.equal(a?.accessTokenKid, a?.signing[0]?.kid)
})

test('keys do not open under another master key, and none is made with it that the right one could not open', async (context) => {
  const { processes, advance } = await world(context, [keyRingOf(), keyRingOf()])
  const [mine, foreign] = processes
  await mine?.load(call)
  await assert.rejects(async () => await foreign?.load(call), /does not open with this master key/)
  // A day on which the next key is due.
  advance(89 * DAY_MS)
  await assert.rejects(async () => await foreign?.load(call), /does not open with this master key/)
  assert.equal((await mine?.load(call))?.published.length, 4)
})

test('requirement 51: a scheduled key is published a day before it signs, and the one before it long after', async (context) => {
  const { keys, advance } = await one(context)
  const first = await keys.load(call)
  advance(88 * DAY_MS)
  assert.equal(await keys.changed(call, first.version), undefined, 'not yet')
  advance(DAY_MS)
  const announced = await keys.changed(call, first.version)
  assert.equal(announced?.published.length, 4)
  assert.equal(announced.accessTokenKid, first.accessTokenKid, 'the old one signs')
  advance(DAY_MS)
  const rotated = await keys.changed(call, announced.version)
  assert.ok(rotated !== undefined)
  assert.notEqual(rotated.accessTokenKid, first.accessTokenKid)
  assert.deepEqual(kidsOf(rotated), kidsOf(announced))
  advance(SESSION_MS + DAY_MS - 1)
  assert.equal(await keys.changed(call, rotated.version), undefined, 'a session of its last day may be named by what it has signed')
  advance(1)
  const after = await keys.changed(call, rotated.version)
  assert.equal(after?.published.length, 2)
  assert.equal(
    after.published.some(({ kid }) => kid === first.accessTokenKid),
    false,
  )
})

test('no key is made on a schedule that is off', async (context) => {
  const { keys, advance } = await one(context, 0)
  const { version } = await keys.load(call)
  advance(1000 * DAY_MS)
  assert.equal(await keys.changed(call, version), undefined)
})

test('a platform that was off for a year publishes a new key before it signs with it', async (context) => {
  const { keys, advance } = await one(context)
  const first = await keys.load(call)
  advance(365 * DAY_MS)
  const later = await keys.load(call)
  assert.equal(later.accessTokenKid, first.accessTokenKid)
  assert.equal(later.published.length, 4)
  advance(PUBLISHED_BEFORE_USE_MS)
  assert.notEqual((await keys.load(call)).accessTokenKid, first.accessTokenKid)
})

test('a rotation on demand is one for all who ask, waits for caches, and can be hastened', async (context) => {
  const keyRing = keyRingOf()
  const { processes, advance } = await world(context, [keyRing, keyRing])
  const [a, b] = processes
  assert.ok(a !== undefined && b !== undefined)
  const first = await a.load(call)
  await Promise.all([a.rotate(call, { now: false }), b.rotate(call, { now: false })])
  const asked = await a.list(call)
  assert.equal(asked.filter(({ state }) => state === 'next').length, 2, 'one of each algorithm')
  advance(PUBLISHED_BEFORE_USE_MS - 1)
  assert.equal((await b.load(call)).accessTokenKid, first.accessTokenKid)
  await a.rotate(call, { now: true })
  advance(1)
  assert.notEqual((await b.load(call)).accessTokenKid, first.accessTokenKid, 'hastening does not put off')
  const second = await b.load(call)
  await a.rotate(call, { now: true })
  assert.equal((await b.load(call)).accessTokenKid, second.accessTokenKid)
  advance(KNOWN_HERE_MS)
  assert.notEqual((await b.load(call)).accessTokenKid, second.accessTokenKid)
})

test('a revoked key is neither used nor published from that moment on, and another one signs', async (context) => {
  const { keys, advance } = await one(context)
  const first = await keys.load(call)
  assert.equal(await keys.revoke(call, 'no such key'), false)
  assert.equal(await keys.revoke(call, first.accessTokenKid), true)
  const second = await keys.load(call)
  assert.equal(kidsOf(second).includes(first.accessTokenKid), false)
  assert.notEqual(second.accessTokenKid, first.accessTokenKid)
  assert.equal(await keys.revoke(call, first.accessTokenKid), false, 'once is enough')
  const told = await keys.list(call)
  assert.equal(told.find(({ kid }) => kid === first.accessTokenKid)?.state, 'revoked')
  // With a next key at hand, that one takes over.
  const next = (await keys.rotate(call, { now: false })).find(({ alg, state }) => alg === 'ES256' && state === 'next')
  await keys.revoke(call, second.accessTokenKid)
  assert.equal((await keys.load(call)).accessTokenKid, next?.kid)
  advance(REVOKED_SHOWN_MS)
  await keys.load(call)
  assert.equal(
    (await keys.list(call)).some(({ state }) => state === 'revoked'),
    false,
    'and in the end it is forgotten',
  )
})

test('keys are for operators', async (context) => {
  const { keys } = await one(context)
  const { accessTokenKid } = await keys.load(call)
  const stranger = { ...call, principal: { kind: 'anonymous' } } as const
  await assert.rejects(keys.rotate(stranger, { now: true }), /operators/)
  await assert.rejects(keys.list(stranger), /operators/)
  await assert.rejects(keys.revoke(stranger, accessTokenKid), /operators/)
  assert.deepEqual(
    (await keys.list(call)).map(({ state }) => state),
    ['current', 'current'],
  )
})
