// Clients that operators register: usable at once, changed and removed while people use them, their secrets never kept.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { callAs } from '#kernel/call.ts'
import { sha256 } from '#kernel/keyring.ts'
import type { ClientDefinition } from '../../src/auth/clients/contract.ts'
import { Browser, call, claimsOf, errorOf, type OauthWorld, openOauth, pkce, type Reply, type Send, send } from '../support/oauth.ts'
import { everythingStored } from '../support/scenario-database.ts'
import { toldBy } from '../support/told.ts'
import { until } from '../support/until.ts'

let folder: string
let file: string
let world: OauthWorld

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ninefold-clients-'))
  file = join(folder, 'main.db')
  world = await openOauth({
    file,
    clients: [frames('own', { authentication: { method: 'client_secret_basic', secretHashes: [sha256('own')] } })],
  })
})

after(async () => {
  await world.stop()
  await rm(folder, { recursive: true, force: true })
})

const frames = (clientId: string, change: Partial<ClientDefinition> = {}): ClientDefinition => ({
  clientId,
  name: 'Frame Maker',
  redirectUris: ['https://frames.example/callback'],
  origins: ['https://frames.example'],
  scopes: ['photos:read'],
  ...change,
})

const basic = (clientId: string, secret: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`,
})

interface SignedIn {
  readonly code: string
  readonly verifier: string
  readonly asked: readonly string[]
}

async function signIn(
  clientId: string,
  { account = 'person-clients', scope = 'openid offline_access photos:read' } = {},
): Promise<SignedIn> {
  const { verifier, challenge } = pkce()
  const query = new URLSearchParams({
    client_id: clientId,
    redirect_uri: 'https://frames.example/callback',
    response_type: 'code',
    scope,
    code_challenge: challenge,
    code_challenge_method: 'S256',
  })
  const { location, asked, last } = await new Browser(world).authorize(`/authorize?${query.toString()}`, { account })
  const code = location.searchParams.get('code')
  assert.ok(code, `${location.href} ${last.body}`)
  return { code, verifier, asked }
}

async function redeem(
  { code, verifier }: SignedIn,
  more: Pick<Send, 'headers'> & { readonly form?: Record<string, string> },
): Promise<Reply> {
  const form = { grant_type: 'authorization_code', code, code_verifier: verifier, ...more.form }
  return await send(world, { path: '/token', form, ...(more.headers === undefined ? {} : { headers: more.headers }) })
}

test('a client with a secret works at once; its secret is shown once, and is nowhere on disk', async () => {
  const { secret = '', client } = await world.clients.add(call, frames('frames'), { withSecret: true })
  assert.match(secret, /^[\w-]{43}$/)
  assert.deepEqual(client.definition.scopes, ['photos:read'])
  const signedIn = await signIn('frames')
  assert.deepEqual(signedIn.asked, ['login', 'consent'])
  const bare = await redeem(signedIn, { form: { client_id: 'frames' } })
  assert.equal(bare.status, 401)
  assert.equal((await redeem(signedIn, { headers: basic('frames', 'x'.repeat(43)) })).status, 401)
  const good = await redeem(signedIn, { headers: basic('frames', secret) })
  assert.equal(good.status, 200, good.body)
  assert.equal(claimsOf(JSON.parse(good.body).access_token)['scope'], 'photos:read')
  assert.equal(JSON.stringify(await world.clients.find(call, 'frames')).includes(secret), false)
  assert.equal((await everythingStored(file)).includes(secret), false)
})

test('a rotated secret is taken beside the new one for as long as was said, and not longer', async () => {
  const { secret: first = '' } = await world.clients.add(call, frames('rotating'), { withSecret: true })
  const { secret: second, client } = await world.clients.rotateSecret(call, 'rotating', { keepSeconds: 60 })
  assert.ok(client.earlierSecretUntil)
  const refresh = async (secret: string): Promise<Reply> =>
    await send(world, { path: '/revoke', form: { token: 'unknown' }, headers: basic('rotating', secret) })
  for (const secret of [first, second]) assert.equal((await refresh(secret)).status, 200)
  world.advance(61_000)
  assert.equal((await refresh(first)).status, 401)
  assert.equal((await refresh(second)).status, 200)
  const { secret: third } = await world.clients.rotateSecret(call, 'rotating', { keepSeconds: 0 })
  assert.equal((await refresh(second)).status, 401, 'a secret that got out ends at once')
  assert.equal((await refresh(third)).status, 200)
  world.advance(-61_000)
})

test('whether a client has a secret is said of those of the app, too, and of those that brought it along', async () => {
  const authentication = { method: 'client_secret_post', secretHashes: [sha256('brought')] } as const
  const { client } = await world.clients.add(call, frames('brought', { authentication }))
  assert.equal(client.hasSecret, true)
  await world.clients.add(call, frames('secretless'))
  const { items } = await world.clients.list(call)
  const expected = { own: true, brought: true, secretless: false, 'print-shop': false }
  for (const [id, hasSecret] of Object.entries(expected)) {
    assert.equal(items.find(({ definition }) => definition.clientId === id)?.hasSecret, hasSecret, id)
    assert.equal((await world.clients.find(call, id))?.hasSecret, hasSecret, id)
  }
  await assert.rejects(world.clients.rotateSecret(call, 'brought'), /"brought" brought its secret along/)
})

test('origins, scopes and lifetimes are those of now', async () => {
  await world.clients.add(call, frames('changing'))
  const preflighted = async (origin: string): Promise<boolean> => {
    const reply = await send(world, { method: 'OPTIONS', path: '/userinfo', headers: { origin, 'access-control-request-method': 'GET' } })
    return reply.headers['access-control-allow-origin'] === origin
  }
  const token = async (origin: string): Promise<Reply> =>
    await redeem(await signIn('changing'), { form: { client_id: 'changing' }, headers: { origin } })
  assert.equal((await token('https://frames.example')).status, 200)
  assert.equal((await token('https://new.example')).status, 400)
  assert.equal(await preflighted('https://new.example'), false)
  const change = { origins: ['https://new.example'], scopes: ['photos:write'], lifetimes: { accessToken: 60, idToken: 120 } }
  await world.clients.change(call, 'changing', change)
  assert.equal(await preflighted('https://new.example'), true)
  assert.equal((await token('https://frames.example')).status, 400)
  const reply = await token('https://new.example')
  assert.equal(reply.headers['access-control-allow-origin'], 'https://new.example')
  const tokens = JSON.parse(reply.body)
  assert.equal(tokens.expires_in, 60)
  const { exp, iat } = claimsOf(tokens.id_token)
  assert.equal(Number(exp) - Number(iat), 120)
  assert.equal(claimsOf(tokens.access_token)['scope'], undefined, 'a scope that it may not have any more is not granted')
  await assert.rejects(world.clients.change(call, 'changing', { redirectUris: ['https://*.example/'] }), /wildcard/)
  assert.deepEqual((await world.clients.find(call, 'changing'))?.definition.redirectUris, ['https://frames.example/callback'])
})

test('a refresh token ends when its client is registered to, counted from the sign-in, and never later than others', async (context) => {
  const start = Date.now()
  // The engine's clock, too.
  context.mock.timers.enable({ apis: ['Date'], now: start })
  const granted = async (clientId: string, refreshToken?: number): Promise<string> => {
    await world.clients.add(call, frames(clientId, refreshToken === undefined ? {} : { lifetimes: { refreshToken } }))
    return JSON.parse((await redeem(await signIn(clientId), { form: { client_id: clientId } })).body).refresh_token
  }
  const refresh = (clientId: string, token: string): Promise<Reply> =>
    send(world, { path: '/token', form: { grant_type: 'refresh_token', client_id: clientId, refresh_token: token } })
  const renewed = async (clientId: string, token: string): Promise<string> => {
    const reply = await refresh(clientId, token)
    assert.equal(reply.status, 200, reply.body)
    return JSON.parse(reply.body).refresh_token
  }
  const usual = await granted('usual')
  let endless = await granted('endless', 365 * 86_400)
  let brief = await granted('brief', 120)
  context.mock.timers.setTime(start + 110_000)
  brief = await renewed('brief', brief)
  context.mock.timers.setTime(start + 121_000)
  assert.equal(errorOf(await refresh('brief', brief)), 'invalid_grant')
  await renewed('usual', usual)
  for (const day of [10, 20, 29]) {
    context.mock.timers.setTime(start + day * 86_400_000)
    endless = await renewed('endless', endless)
  }
  context.mock.timers.setTime(start + 30 * 86_400_000 + 60_000)
  assert.equal(errorOf(await refresh('endless', endless)), 'invalid_grant')
})

for (const { grace, late } of [
  { grace: 60 },
  { grace: 60, late: 60_001 },
  { grace: 10 },
  { grace: 10, late: 10_001 },
  { grace: 0, late: 0 },
]) {
  const howLong = late === undefined ? 'until its grace is over' : `for ${grace} seconds, not ${late} ms`
  test(`requirement 29: a used token leads to the one that counts ${howLong} (${grace === 10 ? 'nothing' : `${grace} s`} registered)`, async () => {
    const clientId = `grace-${grace}-${late ?? 'in-time'}`
    // Ten is what it is unless told.
    await world.clients.add(call, frames(clientId, grace === 10 ? {} : { lifetimes: { refreshGrace: grace } }))
    const granted = JSON.parse((await redeem(await signIn(clientId), { form: { client_id: clientId } })).body)
    const form = { grant_type: 'refresh_token', client_id: clientId, refresh_token: granted.refresh_token }
    const next = JSON.parse((await send(world, { path: '/token', form })).body).refresh_token
    const since = late ?? grace * 1000 - 2000
    world.advance(since)
    const again = await send(world, { path: '/token', form })
    if (late === undefined) assert.equal(JSON.parse(again.body).refresh_token, next, again.body)
    else {
      assert.equal(errorOf(again), 'invalid_grant')
      assert.equal(errorOf(await send(world, { path: '/token', form: { ...form, refresh_token: next } })), 'invalid_grant')
    }
    world.advance(-since)
  })
}

test('requirement 29: without grace, one of two that race for a token ends the family, and its person is told', async () => {
  const clientId = 'grace-none'
  const { events, mails } = toldBy(world.database)
  await world.clients.add(call, frames(clientId, { lifetimes: { refreshGrace: 0 } }))
  const granted = JSON.parse((await redeem(await signIn(clientId, { account: 'person-no-grace' }), { form: { client_id: clientId } })).body)
  const form = { grant_type: 'refresh_token', client_id: clientId, refresh_token: granted.refresh_token }
  const replies = await Promise.all([1, 2].map(() => send(world, { path: '/token', form })))
  const won = replies.filter(({ status }) => status === 200)
  assert.equal(won.length, 1)
  const { refresh_token: next } = JSON.parse(won[0]?.body ?? '{}')
  assert.equal(errorOf(await send(world, { path: '/token', form: { ...form, refresh_token: next } })), 'invalid_grant')
  await until('the event', () => events.find(({ type, accountId }) => type === 'refresh.reuse_detected' && accountId === 'person-no-grace'))
  await until('the mail', () => mails.find(({ to, template }) => to === 'person-no-grace@example.org' && template === 'token-reused'))
})

test('a client cannot have more than a minute of grace', async () => {
  await assert.rejects(world.clients.add(call, frames('too-patient', { lifetimes: { refreshGrace: 61 } })), /refreshGrace/)
  await assert.rejects(world.clients.add(call, frames('backwards', { lifetimes: { refreshGrace: -1 } })), /refreshGrace/)
})

test('a removed client is unknown, its tokens end, and one of the same id begins without consent', async () => {
  await world.clients.add(call, frames('leaving'))
  const granted = JSON.parse((await redeem(await signIn('leaving'), { form: { client_id: 'leaving' } })).body)
  const sid = claimsOf(granted.access_token)['sid']
  assert.equal(await world.clients.remove(call, 'leaving'), true)
  assert.equal(await world.clients.remove(call, 'leaving'), false)
  const form = { grant_type: 'refresh_token', client_id: 'leaving', refresh_token: granted.refresh_token }
  const refused = await send(world, { path: '/token', form })
  assert.equal(errorOf(refused), 'invalid_client')
  const { items } = await world.revocations.list(call)
  assert.ok(
    items.some(({ kind, subject }) => kind === 'session' && subject === sid),
    'at once, before any job has run',
  )
  const own = items.find(({ kind, subject }) => kind === 'account' && subject === 'client:leaving')
  assert.ok(Number(own?.before) > world.clock.now() / 1000 + 30, 'another process that remembers it may issue one more')
  await world.clients.add(call, frames('leaving'))
  assert.equal(errorOf(await send(world, { path: '/token', form })), 'invalid_grant')
  assert.deepEqual((await signIn('leaving')).asked, ['login', 'consent'])
})

test('what cannot be a client is refused with the reason, and nothing is stored', async () => {
  const refused: readonly (readonly [ClientDefinition, RegExp])[] = [
    [frames('bad id'), /its id needs/],
    [frames('wild', { redirectUris: ['https://*.example/'] }), /wildcard/],
    [frames('plain', { backchannelLogoutUri: 'http://frames.example/out' }), /must be an https address/],
    [frames('script', { clientUri: 'javascript:alert(1)' }), /must be an https address/],
    [frames('picture', { logo: 'data:image/svg+xml;base64,AAAA' }), /logo must be/],
    [frames('unknown', { scopes: ['everything'] }), /no plain words/],
    [frames('print-shop'), /already/],
    [frames('diary'), /already/],
    [frames('accounts'), /already/],
  ]
  for (const [definition, reason] of refused) {
    await assert.rejects(world.clients.add(call, definition), reason)
  }
  const { items } = await world.clients.list(call)
  const stored = new Set(items.filter(({ source }) => source !== 'app').map(({ definition }) => definition.clientId))
  for (const [{ clientId }] of refused) assert.equal(stored.has(clientId), false)
  await assert.rejects(world.clients.change(call, 'print-shop', { name: 'Mine' }), /app definition/)
  await assert.rejects(world.clients.remove(call, 'print-shop'), /app definition/)
  await assert.rejects(world.clients.rotateSecret(call, 'changing'), /public client/)
})

test('clients are for operators alone', async () => {
  const anonymous = callAs(call, { kind: 'anonymous' })
  const tries: readonly (() => Promise<unknown>)[] = [
    () => world.clients.list(anonymous),
    () => world.clients.find(anonymous, 'frames'),
    () => world.clients.add(anonymous, frames('mine')),
    () => world.clients.change(anonymous, 'frames', { name: 'Mine' }),
    () => world.clients.rotateSecret(anonymous, 'frames'),
    () => world.clients.remove(anonymous, 'frames'),
  ]
  for (const attempt of tries) await assert.rejects(attempt(), { code: 'auth.operators_only' })
  assert.equal((await world.clients.find(call, 'frames'))?.definition.name, 'Frame Maker')
  assert.equal(await world.clients.find(call, 'mine'), undefined)
})

test('a refresh gives an ID token only to a client that is registered to get one', async () => {
  const refreshed = async (clientId: string): Promise<Record<string, unknown>> => {
    const granted = JSON.parse((await redeem(await signIn(clientId), { form: { client_id: clientId } })).body)
    assert.equal(typeof granted.id_token, 'string', 'the sign-in has one in any case')
    const form = { grant_type: 'refresh_token', client_id: clientId, refresh_token: granted.refresh_token }
    const reply = await send(world, { path: '/token', form })
    assert.equal(reply.status, 200, reply.body)
    return JSON.parse(reply.body)
  }
  await world.clients.add(call, frames('plain'))
  await world.clients.add(call, frames('credential', { idTokenAtRefresh: true }))
  assert.equal('id_token' in (await refreshed('plain')), false)
  assert.equal(claimsOf(String((await refreshed('credential'))['id_token']))['aud'], 'credential')
})
