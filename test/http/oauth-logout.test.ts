// Signing out, asked for by a client and told to clients.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, type TestContext, test } from 'node:test'
import { createLocalJWKSet, decodeProtectedHeader, type JWTPayload, jwtVerify } from 'jose'
import { systemCall } from '#kernel/call.ts'
import type { ClientDefinition, ClientSource } from '../../src/auth/clients/contract.ts'
import { backchannelLogoutJob } from '../../src/auth/logout/backchannel.ts'
import {
  authorizePath,
  Browser,
  call,
  claimsOf,
  frontendTokens,
  type OauthWorld,
  openOauth,
  pkce,
  type Reply,
  send,
} from '../support/oauth.ts'
import { until } from '../support/until.ts'

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'
const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n'
const CALLBACK = 'https://app.example/callback'

interface Told {
  readonly path: string
  readonly type: string | undefined
  readonly token: string
}

let world: OauthWorld
let told: Told[] = []
let status = 200

const receiver = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const form = new URLSearchParams(Buffer.concat(chunks).toString('utf8'))
    told.push({ path: request.url ?? '', type: request.headers['content-type'], token: form.get('logout_token') ?? '' })
    response.writeHead(status).end()
    status = 200
  })
})

const third = (clientId: string, change: Partial<ClientDefinition> = {}): ClientDefinition => ({
  clientId,
  name: 'Third',
  redirectUris: [CALLBACK],
  origins: [],
  scopes: ['photos:read'],
  postLogoutRedirectUris: ['https://app.example/bye'],
  ...change,
})

before(async () => {
  await new Promise<void>((done) => receiver.listen(0, '127.0.0.1', done))
  const here = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`
  world = await openOauth({
    clients: [
      third('listening', { backchannelLogoutUri: `${here}/out` }),
      third('deaf'),
      third('inside', { backchannelLogoutUri: 'https://10.0.0.1/out' }),
    ],
    withJobs: true,
  })
})

after(async () => {
  await world.stop()
  receiver.close()
})

beforeEach(() => {
  told = []
  status = 200
})

interface Tokens {
  readonly id_token: string
  readonly refresh_token?: string
}

async function signIn(browser: Browser, clientId: string, { account = 'person-out', scope = 'openid photos:read' } = {}): Promise<Tokens> {
  const { verifier, challenge } = pkce()
  const path = authorizePath(challenge, { scope, extra: { client_id: clientId, redirect_uri: CALLBACK } })
  const { location, last } = await browser.authorize(path, { account })
  const code = location.searchParams.get('code')
  assert.ok(code, last.body)
  const form = { grant_type: 'authorization_code', client_id: clientId, code, code_verifier: verifier }
  return JSON.parse((await send(world, { path: '/token', form })).body)
}

async function signOut(browser: Browser): Promise<void> {
  const page = await browser.visit({ path: '/end-session' })
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(page.body)?.[1] ?? ''
  assert.equal((await browser.visit({ path: '/end-session/confirm', form: { xsrf, logout: 'yes' } })).status, 303)
}

async function verified(token: string, audience: string): Promise<JWTPayload> {
  const { keys } = JSON.parse((await send(world, { path: '/jwks' })).body)
  const { payload } = await jwtVerify(token, createLocalJWKSet({ keys }), { issuer: world.sites.accounts, audience, typ: 'logout+jwt' })
  return payload
}

test('requirement 67: a sign-out is told with a token of the right shape, to those who asked for it', async () => {
  for (const name of ['openid-configuration', 'oauth-authorization-server']) {
    const metadata = JSON.parse((await send(world, { path: `/.well-known/${name}` })).body)
    assert.equal(metadata.backchannel_logout_supported, true)
    assert.equal(metadata.backchannel_logout_session_supported, true)
  }
  const browser = new Browser(world)
  const { id_token: idToken } = await signIn(browser, 'listening')
  await signIn(browser, 'deaf')
  await signOut(browser)
  const [one] = await until('a notice', () => (told.length > 0 ? told : undefined))
  assert.equal(one?.path, '/out')
  assert.match(one?.type ?? '', /^application\/x-www-form-urlencoded/)
  const token = one?.token ?? ''
  const payload = await verified(token, 'listening')
  assert.equal(decodeProtectedHeader(token).alg, 'RS256')
  assert.equal(payload['sid'], claimsOf(idToken)['sid'])
  assert.equal(payload.sub, 'person-out')
  assert.deepEqual(payload['events'], { [EVENT]: {} })
  assert.ok(payload.jti)
  assert.equal(payload['nonce'], undefined)
  assert.ok(Number(payload.exp) - Number(payload.iat) <= 120)
  assert.deepEqual(Object.keys(payload).toSorted(), ['aud', 'events', 'exp', 'iat', 'iss', 'jti', 'sid', 'sub'])
  assert.equal(told.length, 1)
})

test('requirement 67: a client that cannot take it is told again, with a new token', async () => {
  const browser = new Browser(world)
  await signIn(browser, 'listening', { account: 'person-retry' })
  status = 503
  await signOut(browser)
  const all = await until('a second notice', () => (told.length >= 2 ? told : undefined))
  const [first, second] = await Promise.all(all.map(({ token }) => verified(token, 'listening')))
  assert.equal(first?.['sid'], second?.['sid'])
  assert.notEqual(first?.jti, second?.jti)
})

test('requirement 67: an address inside the network is never asked', async () => {
  const browser = new Browser(world)
  await signIn(browser, 'inside', { account: 'person-inside' })
  await signOut(browser)
  await until('a refused notice', () => world.logs.some((line) => /backchannel_logout.*10\.0\.0\.1.*only public/.test(line)))
  assert.deepEqual(told, [])
})

test('a client whose access goes on is told of the sign-out, and keeps its access; ended access is told as well', async () => {
  const browser = new Browser(world)
  const account = 'person-offline'
  const tokens = await signIn(browser, 'listening', { account, scope: 'openid offline_access photos:read' })
  await signOut(browser)
  await until('a notice', () => told.length === 1)
  const form = { grant_type: 'refresh_token', client_id: 'listening', refresh_token: tokens.refresh_token ?? '' }
  assert.equal((await send(world, { path: '/token', form })).status, 200)
  await world.server.engine.revokeApp(call, account, 'listening')
  const [, second] = await until('another notice', () => (told.length === 2 ? told : undefined))
  assert.equal((await verified(second?.token ?? '', 'listening'))['sid'], claimsOf(tokens.id_token)['sid'])
})

test('requirement 66: only a registered address is gone to, and only after the person has said so', async () => {
  const browser = new Browser(world)
  const account = 'person-66'
  const { id_token: hint } = await signIn(browser, 'deaf', { account })
  const ask = async (query: Record<string, string>): Promise<Reply> =>
    await browser.visit({ path: `/end-session?${new URLSearchParams(query).toString()}` })
  const refused: readonly Record<string, string>[] = [
    { id_token_hint: hint, post_logout_redirect_uri: 'https://app.example/bye/' },
    { id_token_hint: hint, post_logout_redirect_uri: 'https://app.example/bye?x=1' },
    { client_id: 'deaf', post_logout_redirect_uri: 'https://evil.example/' },
    { id_token_hint: hint, client_id: 'listening', post_logout_redirect_uri: 'https://app.example/bye' },
    { id_token_hint: `${hint.slice(0, -4)}AAAA`, post_logout_redirect_uri: 'https://app.example/bye' },
    { client_id: 'nobody' },
  ]
  for (const query of refused) {
    const reply = await ask(query)
    assert.equal(reply.status, 400, JSON.stringify(query))
    assert.equal(reply.headers['location'], undefined)
  }
  for (const query of [{ id_token_hint: hint }, { client_id: 'deaf' }]) {
    const page = await ask({ ...query, post_logout_redirect_uri: 'https://app.example/bye', state: 's' })
    assert.equal(page.status, 200)
    assert.match(page.body, /name="xsrf"/)
    assert.equal((await world.server.engine.sessions(call, account)).length, 1, 'nothing has ended yet')
  }
  // A page of somebody else may send a form as well, but knows no secret of this session.
  const theirs = /name="xsrf" value="([^"]+)"/.exec((await new Browser(world).visit({ path: '/end-session?client_id=deaf' })).body)?.[1]
  for (const form of [{ logout: 'yes' }, { logout: 'yes', xsrf: 'a'.repeat(48) }, { logout: 'yes', xsrf: theirs ?? '' }]) {
    const forged = await browser.visit({ path: '/end-session/confirm', form })
    assert.deepEqual([forged.status, forged.headers['location']], [400, undefined], JSON.stringify(form))
  }
  assert.equal((await world.server.engine.sessions(call, account)).length, 1, 'nobody else ends it')
  const page = await ask({ id_token_hint: hint, post_logout_redirect_uri: 'https://app.example/bye', state: 's' })
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(page.body)?.[1] ?? ''
  const done = await browser.visit({ path: '/end-session/confirm', form: { xsrf, logout: 'yes' } })
  assert.equal(done.headers['location'], 'https://app.example/bye?state=s')
  assert.equal((await world.server.engine.sessions(call, account)).length, 0)
})

test('requirement 66: where nobody is signed in nobody is asked', async () => {
  const query = new URLSearchParams({ client_id: 'deaf', post_logout_redirect_uri: 'https://app.example/bye', state: 's' })
  const reply = await new Browser(world).visit({ path: `/end-session?${query.toString()}` })
  assert.equal(reply.headers['location'], 'https://app.example/bye?state=s')
})

test('a sign-out of the app itself needs no notice: its tokens are revoked at once', async () => {
  const browser = new Browser(world)
  const { access_token: token } = await frontendTokens(world, browser, 'person-first-party')
  await signOut(browser)
  const { items } = await world.revocations.list(call)
  assert.ok(items.some(({ subject }) => subject === claimsOf(token)['sid']))
  assert.deepEqual(told, [])
})

/** The job alone, with receivers that answer when the test says so. Each client has a host of its own, unless told. */
async function receivers(t: TestContext, { source = 'app', hosts = {} }: { source?: ClientSource; hosts?: Record<string, string> } = {}) {
  const calls: { readonly host: string; answer(status: number): void; hangUp(): void }[] = []
  const state = { isSwitching: false, now: 0 }
  const server = createServer(({ socket, headers }, response) => {
    const answer = (code: number): void => void response.writeHead(code, { connection: 'close' }).end()
    if (state.isSwitching) response.socket?.write(SWITCHING)
    else calls.push({ host: headers.host?.split('.')[0] ?? '', answer, hangUp: () => void socket.destroy() })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const job = backchannelLogoutJob({
    find: async (_call, clientId) => ({
      source: clientId.startsWith('stranger') ? 'registration' : source,
      definition: { backchannelLogoutUri: `http://${hosts[clientId] ?? clientId}.localhost:${port}/out` },
    }),
    sign: async () => 'token',
    development: true,
    clock: { now: () => state.now },
  })
  const run = (clientId: string) =>
    job.handle({ call: systemCall('test'), jobId: 'job', attempt: 1 }, { clientId, accountId: 'person', sid: 'sid' })
  const waits = async (clientId: string, reason: RegExp): Promise<void> => assert.match((await run(clientId))?.reason ?? '', reason)
  return { calls, state, run, waits }
}

test('receivers that hang hold two workers at most, and are left alone for a while', { timeout: 20_000 }, async (t) => {
  const { calls, state, run, waits } = await receivers(t)
  const first = [run('one'), run('two')].map((sent) => assert.rejects(sent))
  await until('two that hang', () => calls.length === 2)
  await waits('three', /under way/)
  for (const each of calls.splice(0)) each.hangUp()
  await Promise.all(first)
  await waits('one', /left alone/)
  state.now += 20_000
  const probe = assert.rejects(run('one'))
  await until('a try', () => calls.length === 1)
  for (const each of calls.splice(0)) each.hangUp()
  await probe
  // One that leaves HTTP is done with at once, or it would keep the others waiting until a restart.
  state.isSwitching = true
  for (const clientId of ['four', 'five', 'six']) await assert.rejects(run(clientId), /another protocol/)
})

test('one slow receiver holds one worker, and the notices for it wait without using up a try', { timeout: 20_000 }, async (t) => {
  const { calls, run, waits } = await receivers(t, { hosts: { again: 'slow' } })
  const slow = run('slow')
  await until('it hangs', () => calls.length === 1)
  await waits('slow', /under way/)
  await waits('again', /under way/)
  const other = run('other')
  await until('the other one is told', () => calls.length === 2)
  for (const each of calls.splice(0)) each.answer(200)
  assert.deepEqual(await Promise.all([slow, other]), [undefined, undefined])
})

test('requirement 67: strangers whose receivers are slow keep no client of the operator from being told', {
  timeout: 20_000,
}, async (t) => {
  const { calls, run, waits } = await receivers(t, { source: 'operator', hosts: { 'stranger-there': 'partner' } })
  const held = assert.rejects(run('stranger-there'))
  await until('a stranger that hangs', () => calls.length === 1)
  // The stranger has named the host of the partner, and holds the only place of strangers.
  for (const name of ['stranger-one', 'stranger-two']) await waits(name, /under way/)
  const trusted = [run('partner'), run('second')]
  await until('both are told', () => calls.length === 3)
  for (const each of calls.splice(1)) each.answer(200)
  assert.deepEqual(await Promise.all(trusted), [undefined, undefined])
  calls.pop()?.hangUp()
  await held
  await waits('stranger-there', /left alone/)
  const again = run('partner')
  await until('it is told again', () => calls.length === 1)
  calls.pop()?.answer(204)
  assert.equal(await again, undefined)
  const slow = assert.rejects(run('stranger-one'), /status 500/)
  await until('a stranger is asked', () => calls.length === 1)
  calls.pop()?.answer(500)
  await slow
})
