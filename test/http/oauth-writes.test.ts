// How often signing in and refreshing write to the database: each commit is a wait for the disk.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { WriteRequest } from '../../src/database/ports.ts'
import { insertInto } from '#kernel/collection.ts'
import { createLogger } from '#kernel/log.ts'
import { refreshTokensCollection } from '../../src/auth/provider/collections.ts'
import { scenarioDatabase } from '../support/scenario-database.ts'
import { until } from '../support/until.ts'
import { Browser, call, codeFor, frontendTokens, type OauthWorld, openOauth, refresh, send } from '../support/oauth.ts'

let world: OauthWorld
/** What each commit changed, as `insert auth_codes`. */
let commits: string[] = []

before(async () => {
  world = await openOauth({
    onWrite(request: WriteRequest) {
      if (request.kind === 'write') commits.push(request.steps.map(({ kind, collection }) => `${kind} ${collection}`).join(' + '))
    },
  })
})

after(() => world.stop())

async function counted<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly commits: readonly string[] }> {
  commits = []
  const result = await work()
  return { result, commits }
}

test('a first sign-in with consent, code and tokens takes at most five commits', async () => {
  const { result, commits: made } = await counted(async () => {
    const form = await codeFor(new Browser(world), { account: 'person-first' })
    return send(world, { path: '/token', form })
  })
  assert.equal(result.status, 200, result.body)
  assert.ok(made.length <= 5, made.join('\n'))

  const { refresh_token: token } = JSON.parse(result.body) as { refresh_token: string }
  const refreshed = await counted(() => refresh(world, token))
  assert.equal(refreshed.result.status, 200)
  assert.ok(refreshed.commits.length <= 2, refreshed.commits.join('\n'))
})

test('a sign-in to the app itself takes at most three commits', async () => {
  const { commits: made } = await counted(() => frontendTokens(world, new Browser(world), 'person-own'))
  assert.ok(made.length <= 3, made.join('\n'))
})

test('expired tokens are removed in small batches, and nobody waits for it', async (context) => {
  const EXPIRED = 1000
  const batches: number[] = []
  let offset = 0
  const clock = { now: () => Date.now() + offset }
  const own = await scenarioDatabase({
    clock,
    logger: createLogger({ level: 'silent' }),
    sweepEveryMs: 20,
    onWrite(request) {
      if (request.kind === 'expire' && request.collection === refreshTokensCollection.name) batches.push(request.limit)
    },
  })
  context.after(() => own.stop())
  const tokens = own.contract.collection(refreshTokensCollection)
  await own.start()
  const soon = clock.now() + 60_000
  const record = (id: string, expiresAt: number) => ({ id, grant: 'a-grant', payload: 'sealed', expiresAt })
  for (let from = 0; from < EXPIRED; from += 100) {
    const inserts = Array.from({ length: 100 }, (_, index) => insertInto(refreshTokensCollection, record(`old-${from + index}`, soon)))
    await own.contract.commit(call, inserts)
  }
  await tokens.insert(call, record('young', soon + 3_600_000))
  batches.length = 0
  offset = 60_001
  // Somebody writes all the while; each write is answered between two batches, not after all of them.
  let written = 0
  await until('all that has expired is gone', async () => {
    written += 1
    await tokens.update(call, 'young', { set: { payload: `sealed ${written}` } })
    return batches.length > EXPIRED / 200
  })
  assert.ok(
    batches.every((limit) => limit <= 200),
    batches.join(),
  )
  assert.ok(written > 1)
  assert.equal((await tokens.list(call, { index: 'grant', where: { grant: 'a-grant' }, limit: 10 })).items.length, 1)
})
