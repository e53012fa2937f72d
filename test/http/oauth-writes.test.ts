// How often signing in and refreshing write to the database: each commit is a wait for the disk. Counted is what the engine is asked to do at once; SQLite
// and MongoDB put into one what has queued up.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Step, WriteRequest } from '../../src/database/ports.ts'
import { insertInto } from '#kernel/collection.ts'
import { createLogger } from '#kernel/log.ts'
import { refreshTokensCollection } from '../../src/auth/provider/collections.ts'
import sealedApp, { SECRET } from '../fixtures/sealed/ninefold.config.ts'
import { send as sendTo } from '../support/http.ts'
import { signIn, signUp } from '../support/person.ts'
import { rowsStored, scenarioDatabase, watched } from '../support/scenario-database.ts'
import { authorize } from '../support/third-party.ts'
import { until } from '../support/until.ts'
import { Visitor } from '../support/visitor.ts'
import { wholePlatform } from '../support/whole-platform.ts'
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

const SECURITY_EVENTS = 'insert auth_security_events'

/** Of jobs that run by the clock, whoever signs in at that moment. A commit of events alone is none. */
const isOfTicks = (steps: readonly Step[]): boolean =>
  steps.length > 0 && steps.every(({ collection, id }) => collection === 'jobs' && id.startsWith('tick-'))

test('on a whole platform a first sign-in by password writes 13 records in 6 commits, its security events included, and a refresh one', async (context) => {
  let written: string[] = []
  let told = 0
  let hasJoined = false
  const noted: string[] = []
  const tell = (request: WriteRequest): void => {
    if (request.kind === 'position') noted.push(request.consumer)
    if (request.kind !== 'write' || isOfTicks(request.steps)) return
    written.push(request.steps.map(({ kind, collection }) => `${kind} ${collection}`).join(' + '))
    if (request.events.length > 0) told += 1
    hasJoined ||= JSON.stringify(request.steps).includes('account.created')
  }
  const platform = await wholePlatform(sealedApp, { between: (engine) => watched(engine, tell) })
  context.after(async () => {
    await platform.stop()
    await platform.remove()
  })
  await platform.start()
  const { email } = await signUp(platform, 'ada@example.org')
  const at = new URL(platform.origin('accounts')).host
  const token = async (form: Readonly<Record<string, string>>): Promise<{ readonly refresh_token: string }> => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const body = new URLSearchParams({ client_id: 'print-shop', client_secret: SECRET, ...form }).toString()
    const reply = await sendTo({ port: platform.port, host: at, method: 'POST', path: '/token', headers, body })
    assert.equal(reply.status, 200, reply.body)
    return JSON.parse(reply.body)
  }
  /** What was written for the work, and behind it for each of its security events. */
  const counting = async <T>(events: number, work: () => Promise<T>): Promise<{ result: T; own: readonly string[] }> => {
    written = []
    const result = await work()
    await until('the security events are kept', () => written.join(' + ').split(SECURITY_EVENTS).length - 1 === events)
    const behind = written.filter((commit) => commit.includes(SECURITY_EVENTS))
    assert.ok(behind.length <= events && behind.every((commit) => commit.split(' + ').every((step) => step === SECURITY_EVENTS)))
    return { result, own: written.filter((commit) => !behind.includes(commit)) }
  }
  // In their order: those of the start, of keys that were made, are kept before it.
  await until('what signing up has led to is kept', () => hasJoined)

  const person = { email, visitor: new Visitor(platform.port) }
  const first = await counting(2, async () => {
    const { code, verifier, redirectUri } = await authorize(platform, person, { scope: 'openid offline_access notes:read' })
    return token({ grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: redirectUri })
  })
  assert.deepEqual(first.own, [
    'insert auth_interactions',
    'delete auth_interactions + insert auth_interactions + insert auth_sessions',
    'delete auth_interactions + insert auth_consents + insert auth_grants + insert auth_codes + replace auth_sessions',
    'replace auth_codes + insert auth_refresh_tokens',
  ])
  const refreshed = await counting(0, () => token({ grant_type: 'refresh_token', refresh_token: first.result.refresh_token }))
  assert.deepEqual(refreshed.own, ['replace auth_refresh_tokens'])
  const home = await counting(1, () => signIn(platform, { email, visitor: new Visitor(platform.port) }))
  assert.deepEqual(home.own, [
    'insert auth_interactions',
    'delete auth_interactions + insert auth_grants + insert auth_codes + insert auth_sessions',
    'replace auth_codes + insert auth_refresh_tokens',
  ])
  // How far it has read, a consumer notes at its start, and once for each commit with events, at most.
  for (const [consumer, times] of Map.groupBy(noted, (name) => name)) assert.ok(times.length <= told + 1, consumer)
})

test('a first sign-in with consent, code and tokens takes at most four commits', async () => {
  const { result, commits: made } = await counted(async () => {
    const form = await codeFor(new Browser(world), { account: 'person-first' })
    return send(world, { path: '/token', form })
  })
  assert.equal(result.status, 200, result.body)
  assert.ok(made.length <= 4, made.join('\n'))

  const { refresh_token: token } = JSON.parse(result.body) as { refresh_token: string }
  const refreshed = await counted(() => refresh(world, token))
  assert.equal(refreshed.result.status, 200)
  assert.ok(refreshed.commits.length <= 1, refreshed.commits.join('\n'))

  // Now it is noted that the session was used: in the commit that there is anyway.
  world.advance(600_000)
  const later = await counted(() => refresh(world, (JSON.parse(refreshed.result.body) as { refresh_token: string }).refresh_token))
  assert.equal(later.result.status, 200)
  assert.equal(later.commits.length, 1, later.commits.join('\n'))
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
  const folder = await mkdtemp(join(tmpdir(), 'ninefold-expiring-'))
  const file = join(folder, 'main.db')
  const own = await scenarioDatabase({
    file,
    clock,
    logger: createLogger({ level: 'silent' }),
    sweepEveryMs: 20,
    onWrite(request) {
      if (request.kind === 'expire' && request.collection === refreshTokensCollection.name) batches.push(request.limit)
    },
  })
  context.after(async () => {
    await own.stop()
    await rm(folder, { recursive: true, force: true })
  })
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
    return !(await rowsStored(file)).get(refreshTokensCollection.name)?.includes('old-')
  })
  assert.ok(
    batches.every((limit) => limit <= 200),
    batches.join(),
  )
  assert.ok(written > 1)
  assert.equal((await tokens.list(call, { index: 'grant', where: { grant: 'a-grant' }, limit: 10 })).items.length, 1)
})
