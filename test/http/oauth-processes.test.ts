// Two processes on one database: racers for codes and refresh tokens, thieves, and a process that dies between the commit and the answer. All rounds on
// PostgreSQL, where several processes are what one has it for; few elsewhere, unless NINEFOLD_LONG=1.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { after, before, test } from 'node:test'
import { type AuthProcess, PROCESS_CLIENTS, startAuthProcess } from '../support/auth-process.ts'
import { connectDevice } from '../support/device.ts'
import {
  Browser,
  call,
  claimsOf,
  codeFor,
  errorOf,
  type OauthWorld,
  openOauth,
  PRINT_SHOP,
  type Reply,
  refresh,
  send,
  type Tokens,
  tokensFor,
} from '../support/oauth.ts'

const ON_POSTGRES = process.env['NINEFOLD_TEST_DATABASE_URL']?.startsWith('postgres') === true
const HAS_ALL_ROUNDS = ON_POSTGRES || process.env['NINEFOLD_LONG'] === '1'
const ROUNDS = HAS_ALL_ROUNDS ? 200 : 4
const CODES = HAS_ALL_ROUNDS ? 10 : 2
const RACERS = 100

let folder: string
let world: OauthWorld
let other: AuthProcess
const started: AuthProcess[] = []

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ninefold-processes-'))
  world = await openOauth({ file: join(folder, 'main.db'), clients: PROCESS_CLIENTS })
  other = await otherProcess()
})

after(async () => {
  for (const { child } of started) child.kill('SIGKILL')
  await world.stop()
  await rm(folder, { recursive: true, force: true })
})

type Other = Pick<OauthWorld, 'port' | 'sites'>

async function otherProcess(mode?: 'dying'): Promise<AuthProcess> {
  const { masterKey, port: issuerPort } = world
  const one = await startAuthProcess({ file: join(folder, 'main.db'), masterKey, issuerPort, mode })
  started.push(one)
  return one
}

/** Half of them at each process. */
const atBoth = (racers: number, ask: (where: Other) => Promise<Reply>): Promise<Reply[]> =>
  Promise.all(Array.from({ length: racers }, (_, racer) => ask(racer % 2 === 0 ? world : other)))

/** What the one has got that got something: tokens, which are worth nothing at either process since others have come after it. */
async function winnings(replies: readonly Reply[], clientId: string): Promise<Tokens> {
  const [won, ...more] = replies.filter(({ status }) => status === 200)
  assert.ok(won !== undefined && more.length === 0, replies.map(({ status }) => status).join())
  for (const { status, body } of replies)
    if (status !== 200) assert.deepEqual([status, errorOf({ body }), body.includes('token"')], [400, 'invalid_grant', false])
  const tokens: Tokens = JSON.parse(won.body)
  const { access_token: token, refresh_token: refreshToken } = tokens
  for (const where of [world, other]) {
    assert.equal((await send(where, { path: '/userinfo', headers: { authorization: `Bearer ${token}` } })).status, 401)
    const form = { grant_type: 'refresh_token', client_id: clientId, refresh_token: refreshToken ?? '' }
    if (refreshToken !== undefined) assert.equal(errorOf(await send(where, { path: '/token', form })), 'invalid_grant')
  }
  assert.equal(await isRevoked(claimsOf(token)['sid']), true, 'and every role hears of it')
  return tokens
}

const refreshAt = (where: Other, token: string): Promise<Reply> =>
  send(where, { path: '/token', form: { grant_type: 'refresh_token', client_id: PRINT_SHOP.clientId, refresh_token: token } })
const tokenIn = (reply: Reply): string => (JSON.parse(reply.body) as { refresh_token: string }).refresh_token
const isRevoked = async (sid: unknown): Promise<boolean> =>
  (await world.revocations.list(call)).items.some(({ kind, subject }) => kind === 'session' && subject === sid)

/** With a refresh token and without one: each has another last write. */
const scopeOf = (round: number): string => (round % 2 === 0 ? 'openid offline_access photos:read' : 'openid photos:read')

test(`requirement 10: of 50 that redeem one code in two processes at once one gets tokens, which the second use ends, ${CODES} times`, async () => {
  for (let round = 0; round < CODES; round += 1) {
    const account = `person-code${round}`
    const form = await codeFor(new Browser(round % 4 < 2 ? world : other), { account, scope: scopeOf(round) })
    const tokens = await winnings(await atBoth(50, (where) => send(where, { path: '/token', form })), PRINT_SHOP.clientId)
    assert.equal(tokens.refresh_token !== undefined, round % 2 === 0)
    assert.equal(claimsOf(tokens.access_token)['sub'], account)
  }
})

test(`of 20 that ask with one device code in two processes at once one gets tokens, which the second use ends, ${CODES} times`, async () => {
  for (let round = 0; round < CODES; round += 1) {
    const begin = { path: '/device-authorization', form: { client_id: 'tv', scope: scopeOf(round) } }
    const { device_code: code, user_code: userCode } = JSON.parse((await send(other, begin)).body)
    await connectDevice(world, { code: userCode, account: `person-tv${round}`, clientId: 'tv', shows: /Picture Frame/ })
    const form = { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', client_id: 'tv', device_code: code }
    const tokens = await winnings(await atBoth(20, (where) => send(where, { path: '/token', form })), 'tv')
    assert.equal(tokens.refresh_token !== undefined, round % 2 === 0)
  }
})

test(`requirement 29: ${RACERS} refreshes at once in two processes give one successor, ${ROUNDS} times, and sign nobody out`, {
  timeout: 600_000,
}, async () => {
  const tokens = await tokensFor(world, new Browser(world), { account: 'person-processes' })
  let current = tokens.refresh_token ?? ''
  for (let round = 0; round < ROUNDS; round += 1) {
    const shown = current
    const replies = await atBoth(RACERS, (where) => refreshAt(where, shown))
    const successors = new Set(replies.map((reply) => (reply.status === 200 ? tokenIn(reply) : reply.body)))
    assert.equal(successors.size, 1, [...successors].join('\n'))
    ;[current = ''] = successors
  }
  assert.equal(await isRevoked(claimsOf(tokens.access_token)['sid']), false)
  // Requests no longer overtake each other after that long: whoever shows the first one of all is a thief, at whichever process.
  await delay(3100)
  assert.equal(errorOf(await refreshAt(other, tokens.refresh_token ?? '')), 'invalid_grant')
  assert.equal(errorOf(await refreshAt(world, current)), 'invalid_grant', 'the family ends at the other one, too')
  assert.equal(await isRevoked(claimsOf(tokens.access_token)['sid']), true)

  const hurried = await tokensFor(world, new Browser(world), { account: 'person-overtaken' })
  current = hurried.refresh_token ?? ''
  for (let round = 0; round < 20; round += 1) {
    const shown = current
    const slow = atBoth(10, (where) => refreshAt(where, shown))
    const next = tokenIn(await refreshAt(other, shown))
    const fast = atBoth(6, (where) => refreshAt(where, next))
    const [before, after] = [await slow, await fast]
    for (const { status, body } of [...before, ...after]) assert.equal(status, 200, body)
    current = tokenIn(after[0] ?? assert.fail())
    assert.deepEqual([...new Set(after.map(tokenIn))], [current])
    for (const reply of before) assert.ok([next, current].includes(tokenIn(reply)), 'no branch')
    const last = await refreshAt(round % 2 === 0 ? world : other, shown)
    assert.equal(last.status === 200 && tokenIn(last), current, last.body)
  }
  assert.equal(await isRevoked(claimsOf(hurried.access_token)['sid']), false)
})

test('requirement 29: an answer that is lost with its process, after the commit, is given again by the next one', async () => {
  const dying = await otherProcess('dying')
  const tokens = await tokensFor(world, new Browser(world), { account: 'person-lost' })
  const used = tokens.refresh_token ?? ''
  const ended = once(dying.child, 'exit')
  await assert.rejects(refreshAt(dying, used), 'nothing came back')
  assert.deepEqual(await ended, [null, 'SIGKILL'])
  const again = await refreshAt(world, used)
  assert.equal(again.status, 200, again.body)
  assert.notEqual(tokenIn(again), used)
  assert.equal((await refresh(world, tokenIn(again))).status, 200, 'and the session goes on')
  assert.equal(await isRevoked(claimsOf(tokens.access_token)['sid']), false)
})
