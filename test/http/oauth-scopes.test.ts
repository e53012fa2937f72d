// What a request without a scope asks for, what one is told that comes to nothing, and what a client has no more that an operator has taken from it.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { sha256 } from '#kernel/keyring.ts'
import type { ClientDefinition } from '../../src/auth/clients/contract.ts'
import { type Asking, type SignedIn, signInTo } from '../support/client-sign-in.ts'
import { connectDevice } from '../support/device.ts'
import { Browser, call, claimsOf, errorOf, type OauthWorld, openOauth, pkce, type Reply, send, type Tokens } from '../support/oauth.ts'

const CALLBACK = 'https://shop.example/callback'
const LOCAL = 'http://127.0.0.1/callback'
const REPORTS = 'https://reports.example/'
const HALL = 'https://hall.example/'

const client = (clientId: string, scopes: readonly string[], more: Partial<ClientDefinition> = {}): ClientDefinition => ({
  clientId,
  name: clientId,
  redirectUris: [CALLBACK],
  origins: [],
  scopes: [...scopes],
  ...more,
})

const SECRET = 'the-secret-of-a-service-of-forty-letters'
const service = (clientId: string, scopes: readonly string[]): ClientDefinition =>
  client(clientId, scopes, {
    redirectUris: [],
    grants: ['client_credentials'],
    authentication: { method: 'client_secret_post', secretHashes: [sha256(SECRET)] },
  })

let world: OauthWorld
let api: string

before(async () => {
  world = await openOauth({
    clients: [
      client('shop', ['email', 'photos:read', 'photos:write', 'reports:read']),
      client('reporter', ['email', 'reports:read']),
      client('without', []),
      client('installed', ['photos:read'], { redirectUris: [LOCAL] }),
      client('frame', ['photos:read'], { redirectUris: [], grants: ['device_code'] }),
      service('worker', ['photos:read', 'reports:read']),
      service('clerk', ['reports:read']),
      service('idle', []),
    ],
    definition: {
      registration: { dynamic: 'anyone', scopes: [] },
      resources: [
        { audience: REPORTS, scopes: { 'reports:read': 'see reports' } },
        { audience: HALL, scopes: {} },
      ],
    },
  })
  api = `${world.sites.app}/api`
})
after(() => world.stop())

let people = 0
const visit = (clientId: string, asking: Partial<Asking> = {}): Promise<SignedIn> =>
  signInTo(world, clientId, { account: `person-scopes-${(people += 1)}`, redirectUri: CALLBACK, scope: '', ...asking })

async function redeem({ form }: SignedIn): Promise<Tokens & Record<string, unknown>> {
  const reply = await send(world, { path: '/token', form })
  assert.equal(reply.status, 200, reply.body)
  return JSON.parse(reply.body)
}

/** What the first answer of the authorization endpoint says. */
async function begun(clientId: string, more: Readonly<Record<string, string>>): Promise<string> {
  const query = { client_id: clientId, redirect_uri: CALLBACK, response_type: 'code', ...more }
  const proof = { code_challenge: pkce().challenge, code_challenge_method: 'S256' }
  const { headers, body } = await new Browser(world).visit({ path: `/authorize?${new URLSearchParams({ ...query, ...proof }).toString()}` })
  return `${String(headers['location'] ?? '')} ${body}`
}

describe('RFC 6749 section 3.3: a request without a scope', () => {
  test('asks for what its client is registered for at the resource, which the page names and the answer says', async () => {
    const usual = await visit('shop')
    assert.deepEqual([usual.asked, usual.named], [['login', 'consent'], [['photos:read', 'photos:write']]])
    const { access_token: token, scope, refresh_token: refreshToken, id_token: idToken } = await redeem(usual)
    assert.deepEqual(
      [claimsOf(token)['aud'], claimsOf(token)['scope'], scope],
      [api, 'photos:read photos:write', 'photos:read photos:write'],
    )
    assert.deepEqual([refreshToken, idToken], [undefined, undefined], 'those are asked for')
    const elsewhere = await redeem(await visit('shop', { resource: REPORTS }))
    assert.deepEqual([claimsOf(elsewhere.access_token)['aud'], elsewhere.scope], [REPORTS, 'reports:read'])
  })

  test('means the resource that all its scopes belong to', async () => {
    const { access_token: token, scope } = await redeem(await visit('reporter'))
    assert.deepEqual([claimsOf(token)['aud'], scope], [REPORTS, 'reports:read'])
  })

  test('is answered with a token that says who it is, where there are no scopes', async () => {
    const registration = { redirect_uris: [CALLBACK], client_name: 'Agent', token_endpoint_auth_method: 'none' }
    const headers = { 'content-type': 'application/json' }
    const made = JSON.parse((await send(world, { path: '/register', headers, text: JSON.stringify(registration) })).body)
    for (const [clientId, resource] of [
      [made.client_id, api],
      ['without', undefined],
      ['shop', HALL],
    ]) {
      const found = await visit(clientId, resource === undefined ? {} : { resource })
      assert.deepEqual([found.asked, found.named], [['login', 'consent'], [[]]])
      const claims = claimsOf((await redeem(found)).access_token)
      assert.deepEqual([claims['aud'], claims['scope']], [resource ?? api, undefined])
      assert.match(String(claims['sub']), /^person-scopes-/)
    }
  })

  test('comes from installed apps and from devices as well, and is pushed', async () => {
    const installed = await visit('installed', { redirectUri: LOCAL })
    assert.equal((await redeem({ ...installed, form: { ...installed.form, redirect_uri: LOCAL } })).scope, 'photos:read')
    const device = JSON.parse((await send(world, { path: '/device-authorization', form: { client_id: 'frame' } })).body)
    await connectDevice(world, { code: device.user_code, account: 'person-scopes-device', clientId: 'frame', shows: /frame/ })
    const grant = { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', client_id: 'frame', device_code: device.device_code }
    assert.equal(JSON.parse((await send(world, { path: '/token', form: grant })).body).scope, 'photos:read')
    const { verifier, challenge } = pkce()
    const proof = { code_challenge: challenge, code_challenge_method: 'S256' }
    const asks = { client_id: 'shop', redirect_uri: CALLBACK, response_type: 'code', ...proof }
    const pushed = JSON.parse((await send(world, { path: '/par', form: asks })).body)
    const query = new URLSearchParams({ client_id: 'shop', request_uri: pushed.request_uri })
    const { location, named } = await new Browser(world).authorize(`/authorize?${query.toString()}`, { account: 'person-scopes-pushed' })
    assert.deepEqual(named, [['photos:read', 'photos:write']])
    const code = location.searchParams.get('code') ?? ''
    const form = { grant_type: 'authorization_code', client_id: 'shop', code, code_verifier: verifier }
    assert.equal(JSON.parse((await send(world, { path: '/token', form })).body).scope, 'photos:read photos:write')
  })
})

test('a request for nothing that its client may have is refused before anybody signs in for it', async () => {
  for (const more of [
    { scope: 'nothing' },
    { scope: 'photos:write' },
    { scope: 'roles permissions' },
    { scope: 'photos:read', resource: REPORTS },
  ])
    assert.match(await begun('reporter', more), /^https:\/\/shop\.example\/callback\?error=invalid_scope&/, JSON.stringify(more))
  const device = await send(world, { path: '/device-authorization', form: { client_id: 'frame', scope: 'photos:write' } })
  assert.deepEqual([device.status, errorOf(device)], [400, 'invalid_scope'])
  const pushed = await send(world, {
    path: '/par',
    form: {
      client_id: 'shop',
      redirect_uri: CALLBACK,
      response_type: 'code',
      scope: 'nothing',
      code_challenge: pkce().challenge,
      code_challenge_method: 'S256',
    },
  })
  assert.deepEqual([pushed.status, errorOf(pushed)], [400, 'invalid_scope'])
  for (const scope of ['photos:read nothing', 'openid nothing', 'offline_access'])
    assert.match(await begun('shop', { scope }), /^\/interaction\//, `${scope}: something is left`)
})

test('requirement 73: what an operator has taken from a client it is told no more, at userinfo, in tokens and in ID tokens', async () => {
  const own = client('named-here', ['email', 'profile', 'photos:read', 'photos:write'], { idTokenAtRefresh: true })
  await world.clients.add(call, own)
  const account = 'person-scopes-taken'
  const first = await redeem(await visit(own.clientId, { account, scope: 'openid offline_access email profile photos:read photos:write' }))
  const userinfo = async (token: string): Promise<Reply> =>
    await send(world, { path: '/userinfo', headers: { authorization: `Bearer ${token}` } })
  assert.equal(JSON.parse((await userinfo(first.access_token)).body).email, `${account}@example.org`)
  const late = await visit(own.clientId, { account, scope: 'openid email photos:read' })
  await world.clients.change(call, own.clientId, { scopes: ['profile', 'photos:read'] })
  const refresh = { grant_type: 'refresh_token', client_id: own.clientId, refresh_token: first.refresh_token ?? '' }
  const next = JSON.parse((await send(world, { path: '/token', form: refresh })).body)
  assert.equal(next.scope, 'openid profile photos:read')
  assert.equal(claimsOf(next.access_token)['openid_scope'], 'openid profile')
  assert.deepEqual([claimsOf(next.id_token)['email'], claimsOf(next.id_token)['name']], [undefined, `Name of ${account}`])
  for (const token of [next.access_token, first.access_token])
    assert.deepEqual(Object.keys(JSON.parse((await userinfo(token)).body)), ['sub', 'name', 'locale'], 'what is about already, too')
  const redeemed = await redeem(late)
  assert.equal(redeemed.scope, 'openid photos:read', 'of a code of before')
  assert.equal(claimsOf(redeemed.id_token)['email'], undefined)
})

describe('RFC 6749 section 3.3: a client that acts for itself', () => {
  const ask = (clientId: string, more: Readonly<Record<string, string>>): Promise<Reply> =>
    send(world, { path: '/token', form: { grant_type: 'client_credentials', client_id: clientId, client_secret: SECRET, ...more } })
  const told = async (clientId: string, more: Readonly<Record<string, string>> = {}): Promise<unknown[]> => {
    const { status, body } = await ask(clientId, more)
    assert.equal(status, 200, body)
    const { access_token: token, scope } = JSON.parse(body)
    assert.equal(claimsOf(token)['scope'], scope, 'the answer says what the token has')
    return [claimsOf(token)['aud'], scope]
  }

  test('gets what it is registered for at the resource when it names no scope', async () => {
    assert.deepEqual(await told('worker'), [api, 'photos:read'])
    assert.deepEqual(await told('worker', { resource: REPORTS }), [REPORTS, 'reports:read'])
    assert.deepEqual(await told('clerk'), [REPORTS, 'reports:read'], 'the one that all its scopes belong to')
    assert.deepEqual(await told('idle'), [api, undefined], 'and nothing where that is nothing')
    assert.deepEqual(await told('worker', { resource: HALL }), [HALL, undefined])
  })

  test('is told what it has where that is less than it asked for', async () => {
    assert.deepEqual(await told('worker', { scope: 'photos:read photos:write' }), [api, 'photos:read'])
    assert.deepEqual(await told('worker', { scope: 'photos:read openid' }), [api, 'photos:read'])
    assert.deepEqual(await told('worker', { scope: 'photos:read photos:read' }), [api, 'photos:read'])
  })

  test('is refused where nothing is left of what it asked for, and gets no token', async () => {
    const nothing: readonly Readonly<Record<string, string>>[] = [
      { scope: 'photos:write' },
      { scope: 'nonsense' },
      { scope: 'openid' },
      { scope: 'photos:read', resource: REPORTS },
      { scope: 'photos:read', resource: HALL },
    ]
    for (const more of nothing) {
      const reply = await ask('worker', more)
      assert.deepEqual([reply.status, errorOf(reply)], [400, 'invalid_scope'], JSON.stringify(more))
      assert.equal(JSON.parse(reply.body).access_token, undefined)
    }
  })
})

describe('RFC 6749 section 5.1: a token without a scope', () => {
  test('comes in an answer that says what else was granted, and never with an empty scope', async () => {
    const signedIn = await visit('shop', { scope: 'openid offline_access', resource: REPORTS })
    const { access_token: token, scope, refresh_token: refreshToken = '' } = await redeem(signedIn)
    assert.deepEqual([claimsOf(token)['aud'], claimsOf(token)['scope'], scope], [REPORTS, undefined, 'openid offline_access'])
    const again = await send(world, {
      path: '/token',
      form: { grant_type: 'refresh_token', client_id: 'shop', refresh_token: refreshToken },
    })
    assert.deepEqual([again.status, JSON.parse(again.body).scope], [200, 'openid offline_access'], again.body)
    const next = { grant_type: 'refresh_token', client_id: 'shop', refresh_token: JSON.parse(again.body).refresh_token, scope: 'openid' }
    const less = await send(world, { path: '/token', form: next })
    assert.deepEqual([less.status, JSON.parse(less.body).scope], [200, 'openid'], less.body)
  })
})
