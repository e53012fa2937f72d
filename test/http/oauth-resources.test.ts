// Tokens for several resource servers, what those may ask about them, and how single tokens end.
import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { compactDecrypt } from 'jose'
import * as oauth from 'oauth4webapi'
import type { Database } from '../../src/database/contract.ts'
import type { ClientDefinition } from '../../src/auth/clients/contract.ts'
import { accessTokensCollection } from '../../src/auth/provider/collections.ts'
import { createResourceRegistry } from '../../src/auth/provider/resources.ts'
import {
  authorizePath,
  Browser,
  call,
  claimsOf,
  errorOf,
  type OauthWorld,
  openOauth,
  PRINT_SHOP,
  pkce,
  type Reply,
  refresh,
  send,
  type Tokens,
  tokensFor,
} from '../support/oauth.ts'
import { discoverIssuer } from '../support/strict-client.ts'

const REPORTS = 'https://reports.example/'
const PRINTER = 'https://printer.example/jobs'
const LEDGER = 'https://ledger.example/'
const HALL = 'https://hall.example/'
const SECRET = 'a secret of a service, forty characters.'
const hash = createHash('sha256').update(SECRET).digest('base64url')
const ledgerKey = generateKeyPairSync('ec', { namedCurve: 'P-256' })

const confidential = (clientId: string, scopes: string[] = []): ClientDefinition => ({
  clientId,
  name: clientId,
  redirectUris: [],
  origins: [],
  scopes,
  grants: ['client_credentials'],
  authentication: { method: 'client_secret_basic', secretHashes: [hash] },
})

const SHOP: ClientDefinition = {
  clientId: 'shop',
  name: 'Shop',
  redirectUris: ['https://shop.example/callback'],
  origins: [],
  scopes: ['photos:read', 'jobs:write', 'reports:read', 'ledger:read', 'roles', 'organizations', 'permissions', 'profile'],
  authentication: { method: 'client_secret_basic', secretHashes: [hash] },
}

let world: OauthWorld

before(async () => {
  world = await openOauth({
    clients: [
      SHOP,
      confidential('printer', ['photos:read']),
      confidential('ledger'),
      confidential('stranger', ['jobs:write']),
      confidential('worker', ['photos:read', 'jobs:write', 'ledger:read', 'reports:read']),
    ],
    between: readsNoted,
    definition: {
      registration: { dynamic: 'anyone' },
      roles: {
        editor: { permissions: ['photos:moderate', 'photos:add'] },
        writer: { permissions: ['photos:add'] },
        auditor: { permissions: ['books:read'] },
      },
      resources: [
        { audience: REPORTS, scopes: { 'reports:read': 'see reports' }, lifetimeSeconds: 120, servers: ['printer'] },
        { audience: HALL, scopes: {} },
        { audience: PRINTER, scopes: { 'jobs:write': 'print' }, format: 'opaque', servers: ['printer'] },
        {
          audience: LEDGER,
          scopes: { 'ledger:read': 'see the ledger' },
          format: 'jwe',
          encryptionKey: { ...ledgerKey.publicKey.export({ format: 'jwk' }), kty: 'EC', kid: 'ledger-1' },
          servers: ['ledger'],
        },
      ],
    },
  })
})

after(() => world.stop())

const reads: string[] = []

function readsNoted(database: Database): Database {
  return {
    ...database,
    collection(definition) {
      const collection = database.collection(definition)
      const get: typeof collection.get = (...asked) => {
        reads.push(definition.name)
        return collection.get(...asked)
      }
      return { ...collection, get }
    },
  }
}

const basic = (id: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${id}:${SECRET.replaceAll(' ', '+').replaceAll(',', '%2C')}`).toString('base64')}`,
})
const post = (path: string, client: string, form: Record<string, string>): Promise<Reply> =>
  send(world, { path, form, headers: basic(client) })
const service = async (client: string, form: Record<string, string>): Promise<Tokens> => {
  const reply = await post('/token', client, { grant_type: 'client_credentials', ...form })
  assert.equal(reply.status, 200, reply.body)
  return JSON.parse(reply.body)
}
const introspect = async (client: string, token: string, hint?: string): Promise<Record<string, unknown>> => {
  const reply = await post('/introspect', client, { token, ...(hint === undefined ? {} : { token_type_hint: hint }) })
  assert.equal(reply.status, 200, reply.body)
  return JSON.parse(reply.body)
}

interface Asking {
  readonly scope?: string
  /** On the way to the address of the browser. */
  readonly through?: (query: URLSearchParams) => Promise<URLSearchParams>
}

/** Signs a person in at the shop for some resources. */
async function shopTokens(
  account: string,
  resources: readonly string[],
  { scope = 'openid offline_access photos:read jobs:write reports:read', through = async (query) => query }: Asking = {},
): Promise<Tokens> {
  const { verifier, challenge } = pkce()
  const query = new URLSearchParams({
    client_id: 'shop',
    redirect_uri: 'https://shop.example/callback',
    response_type: 'code',
    scope,
    code_challenge: challenge,
    code_challenge_method: 'S256',
  })
  for (const resource of resources) query.append('resource', resource)
  const { location, last } = await new Browser(world).authorize(`/authorize?${(await through(query)).toString()}`, { account })
  const code = location.searchParams.get('code')
  assert.ok(code !== null, `${location.href} ${last.body}`)
  const reply = await post('/token', 'shop', { grant_type: 'authorization_code', code, code_verifier: verifier })
  assert.equal(reply.status, 200, reply.body)
  return JSON.parse(reply.body)
}

describe('requirement 37: a token is for one resource', () => {
  test('the API when none is named, the one that is named, and no unknown one', async () => {
    const usual = claimsOf((await service('worker', { scope: 'photos:read jobs:write' })).access_token)
    assert.equal(usual['aud'], `${world.sites.app}/api`)
    assert.equal(usual['scope'], 'photos:read', 'scopes of other resources are not in it')
    const named = claimsOf((await service('worker', { scope: 'photos:read reports:read', resource: REPORTS })).access_token)
    assert.equal(named['aud'], REPORTS)
    assert.equal(named['scope'], 'reports:read')
    const wrong = ['https://nobody.example/', `${REPORTS}#x`, 'reports', REPORTS.replace('https', 'http')]
    for (const resource of wrong) {
      const reply = await post('/token', 'worker', { grant_type: 'client_credentials', resource })
      assert.equal(errorOf(reply), 'invalid_target', resource)
    }
  })

  test('the one that all scopes belong to when none is named, but for openid, which the API goes with', async () => {
    const audienceOf = async (scope: string): Promise<unknown> => claimsOf((await service('worker', { scope })).access_token)['aud']
    const api = `${world.sites.app}/api`
    assert.equal(await audienceOf('reports:read'), REPORTS)
    assert.equal(await audienceOf('reports:read jobs:write photos:read'), api, 'of several resources')
    const neither = await post('/token', 'worker', { grant_type: 'client_credentials', scope: 'reports:read jobs:write' })
    assert.equal(errorOf(neither), 'invalid_scope', 'of two others the API has nothing')
    const { access_token: alone } = await shopTokens('person-reports', [], { scope: 'reports:read offline_access' })
    assert.equal(claimsOf(alone)['aud'], REPORTS)
    assert.equal(claimsOf(alone)['scope'], 'reports:read')
    assert.equal(claimsOf((await shopTokens('person-signed-in', [], { scope: 'openid reports:read' })).access_token)['aud'], api)
    const pushed = async (query: URLSearchParams): Promise<URLSearchParams> => {
      const { status, body } = await post('/par', 'shop', Object.fromEntries(query))
      assert.equal(status, 201, body)
      return new URLSearchParams({ client_id: 'shop', request_uri: JSON.parse(body).request_uri })
    }
    const late = await shopTokens('person-pushed', [], { scope: 'reports:read', through: pushed })
    assert.equal(claimsOf(late.access_token)['aud'], REPORTS, 'pushed')
    const other = await service('printer', { scope: 'photos:read reports:read' })
    assert.equal(claimsOf(other.access_token)['aud'], api, 'what a client is not registered for counts for nothing')
  })

  test('where a client has no scope it has no token', async () => {
    const reply = await post('/token', 'stranger', { grant_type: 'client_credentials', resource: REPORTS })
    assert.deepEqual([reply.status, errorOf(reply)], [400, 'invalid_target'])
    const asked = await send(world, { path: `${authorizePath(pkce().challenge)}&resource=${encodeURIComponent(REPORTS)}` })
    assert.equal(new URL(String(asked.headers['location'])).searchParams.get('error'), 'invalid_target')
    assert.equal(claimsOf((await service('stranger', { resource: HALL })).access_token)['aud'], HALL, 'one that has no scopes at all')
    const made = await send(world, {
      path: '/register',
      headers: { 'content-type': 'application/json' },
      text: JSON.stringify({ redirect_uris: ['https://notes.example/'], client_name: 'Notes', token_endpoint_auth_method: 'none' }),
    })
    const query = new URLSearchParams(authorizePath(pkce().challenge).split('?')[1])
    query.set('client_id', JSON.parse(made.body).client_id)
    query.set('redirect_uri', 'https://notes.example/')
    query.set('resource', HALL)
    const stranger = await send(world, { path: `/authorize?${query.toString()}` })
    assert.match(`${stranger.body}${String(stranger.headers['location'])}`, /invalid_target/, stranger.body)
  })

  test('a person allows several at once, each token is for one, and a refresh names another that was allowed', async () => {
    const tokens = await shopTokens('person-two', [`${world.sites.app}/api`, REPORTS])
    const first = claimsOf(tokens.access_token)
    assert.equal(first['aud'], `${world.sites.app}/api`)
    assert.equal(first['scope'], 'photos:read')
    const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token ?? '' }
    const never = await post('/token', 'shop', { ...form, resource: PRINTER })
    assert.equal(errorOf(never), 'invalid_target', 'requirement 31: a resource that was not asked for')
    const reports = JSON.parse((await post('/token', 'shop', { ...form, resource: REPORTS })).body)
    assert.equal(claimsOf(reports.access_token)['aud'], REPORTS)
    assert.equal(claimsOf(reports.access_token)['scope'], 'reports:read')
    const two = new URLSearchParams(form)
    for (const resource of [`${world.sites.app}/api`, REPORTS]) two.append('resource', resource)
    const headers = { ...basic('shop'), 'content-type': 'application/x-www-form-urlencoded' }
    assert.equal(errorOf(await send(world, { path: '/token', headers, text: two.toString() })), 'invalid_target', 'two at once')
  })
})

describe('requirement 35: what a token says', () => {
  test('is all that RFC 9068 asks for, of a person and of a service', async () => {
    const person = await tokensFor(world, new Browser(world), { account: 'person-claims' })
    const header = JSON.parse(Buffer.from(person.access_token.split('.')[0] ?? '', 'base64url').toString())
    assert.deepEqual([header.typ, header.alg, typeof header.kid], ['at+jwt', 'ES256', 'string'])
    const machine = await service('worker', { scope: 'photos:read' })
    for (const token of [person, machine]) {
      const claims = claimsOf(token.access_token)
      for (const name of ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti', 'scope']) assert.ok(claims[name] !== undefined, name)
    }
    assert.ok(Number(claimsOf(person.access_token)['auth_time']) > 0)
    assert.deepEqual(claimsOf(person.access_token)['amr'], ['pwd'])
    assert.equal(claimsOf((await service('worker', {})).access_token)['scope'], 'photos:read', 'all that it has there')
  })

  test('what a person is, and what that allows, by a scope for each, to whoever reads the token and to whoever asks about it', async () => {
    world.roles.set('person-member', ['editor', 'nothing that the app knows'])
    world.organisations.set('person-member', { id: 'acme', roles: ['writer'] })
    world.organisations.set('person-owner', { id: 'acme', roles: ['owner'] })
    const roles = world.roles.get('person-member')
    const permissions = ['photos:add', 'photos:moderate']
    const [member, owner] = ['writer', 'owner'].map((role) => ({ id: 'acme', roles: [role] }))
    const told = ['roles', 'permissions', 'organization'] as const
    const read = (claims: Readonly<Record<string, unknown>>): object =>
      Object.fromEntries(told.flatMap((name) => (claims[name] === undefined ? [] : [[name, claims[name]]])))
    const all = 'roles organizations permissions'
    for (const [account, scope, expected] of [
      ['person-member', '', {}],
      ['person-member', 'roles', { roles }],
      ['person-member', 'permissions', { permissions }],
      ['person-member', 'organizations', { organization: member }],
      ['person-member', all, { roles, permissions, organization: { ...member, permissions: ['photos:add'] } }],
      // No role is named for an owner, to whom the access rules open all that any of them does.
      ['person-owner', 'organizations', { organization: owner }],
      ['person-owner', all, { organization: { ...owner, permissions: ['books:read', 'photos:add', 'photos:moderate'] } }],
      ['person-nobody', all, {}],
    ] as const) {
      const tokens = await shopTokens(account, [], { scope: `openid offline_access profile photos:read ${scope}`.trim() })
      const { access_token: token, refresh_token: refreshToken = '' } = tokens
      assert.deepEqual(read(claimsOf(token)), expected, `${account} ${scope}`)
      assert.deepEqual(read(await introspect('shop', token)), expected, `${account} ${scope}, introspected`)
      const next = JSON.parse((await post('/token', 'shop', { grant_type: 'refresh_token', refresh_token: refreshToken })).body)
      assert.deepEqual(read(claimsOf(next.access_token)), expected, `${account} ${scope}, refreshed`)
      const userinfo = JSON.parse((await send(world, { path: '/userinfo', headers: { authorization: `Bearer ${token}` } })).body)
      assert.equal(userinfo.name, `Name of ${account}`)
      // They are for resource servers: what tells of the person tells of none of it.
      for (const claims of [userinfo, claimsOf(tokens.id_token)]) assert.deepEqual(read(claims), {}, `${account} ${scope}`)
    }
  })

  test('requirement 38: it lives five minutes, less where the resource says so, and never more than ten', async () => {
    const life = (token: Tokens): number => Number(claimsOf(token.access_token)['exp']) - Number(claimsOf(token.access_token)['iat'])
    assert.equal(life(await service('worker', { scope: 'photos:read' })), 300)
    assert.equal(life(await service('worker', { resource: REPORTS })), 120)
    const { sites } = world
    const settings = { sites, productName: 'Diary', scopes: {}, clients: [], frontends: [], development: false }
    const resources = [{ audience: REPORTS, scopes: {}, lifetimeSeconds: 601 }]
    assert.throws(() => createResourceRegistry({ ...settings, definition: { resources } }), /600 seconds at most/)
  })
})

describe('an opaque token', () => {
  test('requirement 33: has 256 bits, is on disk as a hash alone, and is known to its resource server', async () => {
    const token = await service('worker', { resource: PRINTER, scope: 'jobs:write' })
    assert.match(token.access_token, /^[\w-]{43}$/)
    const known = await introspect('printer', token.access_token)
    assert.equal(known['active'], true)
    assert.deepEqual([known['sub'], known['client_id'], known['aud'], known['scope']], ['client:worker', 'worker', PRINTER, 'jobs:write'])
    assert.equal(known['jti'], undefined, 'the value itself is not repeated')
    const records = world.database.collection(accessTokensCollection)
    assert.equal(await records.get(call, token.access_token), undefined)
    const record = await records.get(call, createHash('sha256').update(token.access_token).digest('base64url'))
    assert.ok(record)
    assert.equal(JSON.stringify(record).includes(token.access_token), false)
  })

  test('ends with the session and with what the person has allowed', async () => {
    const tokens = await shopTokens('person-opaque', [PRINTER], { scope: 'openid offline_access jobs:write' })
    assert.match(tokens.access_token, /^[\w-]{43}$/)
    reads.length = 0
    assert.equal((await introspect('printer', tokens.access_token))['sub'], 'person-opaque')
    assert.deepEqual(reads, ['auth_access_tokens', 'auth_grants'], 'whatever kind of token it may be')
    await world.server.engine.revokeApp(call, 'person-opaque', 'shop')
    assert.deepEqual(await introspect('printer', tokens.access_token), { active: false })
  })
})

test('an encrypted token is read by its resource server alone, and says what a signed one says', async () => {
  const { access_token: token } = await service('worker', { resource: LEDGER, scope: 'ledger:read' })
  assert.equal(token.split('.').length, 5)
  const { plaintext, protectedHeader } = await compactDecrypt(token, ledgerKey.privateKey)
  assert.deepEqual([protectedHeader.cty, protectedHeader.kid, protectedHeader.enc], ['at+jwt', 'ledger-1', 'A256GCM'])
  const claims = claimsOf(Buffer.from(plaintext).toString())
  assert.deepEqual([claims['aud'], claims['sub'], claims['scope']], [LEDGER, 'client:worker', 'ledger:read'])
  const known = await introspect('ledger', token)
  assert.deepEqual([known['active'], known['sub'], known['scope']], [true, 'client:worker', 'ledger:read'])
  assert.deepEqual(await introspect('printer', token), { active: false })
  const inner = Buffer.from(plaintext).toString()
  assert.equal((await introspect('ledger', inner))['active'], true)
  assert.equal((await post('/revoke', 'worker', { token })).status, 200)
  assert.deepEqual(await introspect('ledger', token), { active: false })
  assert.deepEqual(await introspect('ledger', inner), { active: false }, 'what was inside of it')
})

describe('requirement 42: introspection', () => {
  test('is for clients that authenticate', async () => {
    const { access_token: token } = await service('worker', { resource: REPORTS })
    const open = await send(world, { path: '/introspect', form: { token, client_id: PRINT_SHOP.clientId } })
    assert.equal(open.status, 401)
    const wrong = await send(world, {
      path: '/introspect',
      form: { token },
      headers: { authorization: `Basic ${Buffer.from('printer:wrong').toString('base64')}` },
    })
    assert.equal(wrong.status, 401)
    const nobody = await send(world, { path: '/introspect', form: { token } })
    assert.equal(nobody.status, 400)
    for (const reply of [open, wrong, nobody]) assert.equal(reply.body.includes('active'), false)
  })

  test('tells a resource server what is for it, a client what is its own, and others nothing', async () => {
    const tokens = await shopTokens('person-seen', [REPORTS], { scope: 'openid offline_access reports:read' })
    for (const client of ['printer', 'shop']) {
      const known = await introspect(client, tokens.access_token)
      assert.deepEqual([known['active'], known['sub'], known['client_id']], [true, 'person-seen', 'shop'])
      assert.equal(known['sid'], claimsOf(tokens.access_token)['sid'])
      assert.equal(known['jti'], claimsOf(tokens.access_token)['jti'])
      assert.ok(known['auth_time'])
    }
    assert.deepEqual(await introspect('stranger', tokens.access_token), { active: false })
    assert.deepEqual(await introspect('printer', tokens.refresh_token ?? ''), { active: false })
    assert.equal((await introspect('shop', tokens.refresh_token ?? '', 'refresh_token'))['active'], true)
  })

  test('says no more of unknown, changed, foreign and ended tokens than that they are not active', async () => {
    const { access_token: token } = await service('worker', { resource: REPORTS })
    const tokens = await shopTokens('person-ended', [REPORTS], { scope: 'openid reports:read' })
    assert.equal((await introspect('printer', tokens.access_token))['active'], true)
    world.suspended.add('person-ended')
    const dead = [`${token.slice(0, -6)}AAAAAA`, 'x'.repeat(43), 'a.b.c', 'a.b.c.d.e', tokens.access_token, tokens.id_token]
    for (const value of dead) assert.deepEqual(await introspect('printer', value), { active: false })
    world.suspended.delete('person-ended')
    assert.equal((await introspect('printer', token))['active'], true)
    world.advance(121_000)
    assert.deepEqual(await introspect('printer', token), { active: false }, 'it has expired')
    world.advance(-121_000)
  })

  test('answers a strict client, which finds the endpoint in the metadata', async () => {
    const { server, insecure } = await discoverIssuer(world)
    const client = { client_id: 'printer' }
    const { access_token: token } = await service('worker', { resource: REPORTS })
    const response = await oauth.introspectionRequest(server, client, oauth.ClientSecretBasic(SECRET), token, insecure)
    const found = await oauth.processIntrospectionResponse(server, client, response)
    assert.equal(found.active, true)
    assert.equal(response.headers.get('cache-control'), 'no-store')
  })
})

describe('requirement 43: revocation', () => {
  test('ends one signed token, for everybody who asks, and nothing beside it', async () => {
    const tokens = await shopTokens('person-revoke', [REPORTS], { scope: 'openid offline_access reports:read' })
    const { access_token: other } = JSON.parse(
      (await post('/token', 'shop', { grant_type: 'refresh_token', refresh_token: tokens.refresh_token ?? '' })).body,
    )
    assert.equal((await post('/revoke', 'stranger', { token: tokens.access_token })).status, 200)
    assert.equal((await introspect('printer', tokens.access_token))['active'], true, 'it belongs to another client')
    for (let time = 0; time < 2; time += 1) assert.equal((await post('/revoke', 'shop', { token: tokens.access_token })).status, 200)
    assert.deepEqual(await introspect('printer', tokens.access_token), { active: false })
    assert.equal((await introspect('printer', other))['active'], true)
    const { items } = await world.revocations.list(call)
    const listed = items.filter(({ kind, subject }) => kind === 'token' && subject === claimsOf(tokens.access_token)['jti'])
    assert.equal(listed.length, 1, 'every role hears of it')
  })

  test('a revoked token tells nothing of the person any more', async () => {
    const tokens = await tokensFor(world, new Browser(world), { account: 'person-userinfo' })
    const authorization = `Bearer ${tokens.access_token}`
    assert.equal((await send(world, { path: '/userinfo', headers: { authorization } })).status, 200)
    await send(world, { path: '/revoke', form: { token: tokens.access_token, client_id: PRINT_SHOP.clientId } })
    assert.equal((await send(world, { path: '/userinfo', headers: { authorization } })).status, 401)
    assert.equal((await refresh(world, tokens.refresh_token)).status, 200, 'the authorisation itself goes on')
  })

  test('of a refresh token ends the access tokens of the authorisation, opaque ones too', async () => {
    const tokens = await shopTokens('person-family', [PRINTER], { scope: 'openid offline_access jobs:write' })
    assert.equal((await post('/revoke', 'shop', { token: tokens.refresh_token ?? '' })).status, 200)
    assert.deepEqual(await introspect('printer', tokens.access_token), { active: false })
  })

  test('of an opaque token ends that one alone', async () => {
    const tokens = await shopTokens('person-single', [PRINTER], { scope: 'openid offline_access jobs:write' })
    assert.equal((await post('/revoke', 'shop', { token: tokens.access_token })).status, 200)
    assert.deepEqual(await introspect('printer', tokens.access_token), { active: false })
    const again = await post('/token', 'shop', { grant_type: 'refresh_token', refresh_token: tokens.refresh_token ?? '' })
    assert.equal(again.status, 200)
  })

  test('of what nobody knows is no error', async () => {
    for (const token of ['x'.repeat(43), 'a.b.c']) assert.equal((await post('/revoke', 'shop', { token })).status, 200)
  })
})

test('requirement 25: the token endpoint takes POST alone, is never stored, and answers errors as RFC 6749 says', async () => {
  const good = await post('/token', 'worker', { grant_type: 'client_credentials' })
  assert.equal(good.headers['cache-control'], 'no-store')
  const bad = await post('/token', 'worker', { grant_type: 'nothing' })
  assert.deepEqual([bad.status, errorOf(bad)], [400, 'unsupported_grant_type'])
  assert.equal(bad.headers['cache-control'], 'no-store')
  assert.match(String(bad.headers['content-type']), /^application\/json/)
  const get = await send(world, { path: '/token?grant_type=client_credentials', headers: basic('worker') })
  assert.equal(get.status, 404)
  assert.doesNotMatch(get.body, /access_token/)
  const unknown = await send(world, {
    path: '/token',
    form: { grant_type: 'client_credentials' },
    headers: { authorization: `Basic ${Buffer.from('worker:wrong').toString('base64')}` },
  })
  assert.deepEqual([unknown.status, errorOf(unknown), unknown.headers['cache-control']], [401, 'invalid_client', 'no-store'])
  assert.match(String(unknown.headers['www-authenticate']), /^Basic/)
  const empty = await post('/token', 'worker', {})
  assert.deepEqual([empty.status, errorOf(empty)], [400, 'invalid_request'])
})

test('requirement 22: a parameter that comes twice is refused, an unknown one ignored, an empty one absent', async () => {
  const twice = await send(world, { path: `${authorizePath(pkce().challenge)}&scope=openid` })
  assert.equal(new URL(String(twice.headers['location'])).searchParams.get('error'), 'invalid_request')
  const odd = await send(world, { path: `${authorizePath(pkce().challenge)}&colour=blue&prompt=` })
  assert.match(String(odd.headers['location']), /^\/interaction\//)
  const form = `grant_type=client_credentials&scope=photos:read&scope=photos:read`
  const answer = await world.server.exchange(call, {
    method: 'POST',
    path: '/token',
    headers: { ...basic('worker'), 'content-type': 'application/x-www-form-urlencoded' },
    body: form,
  })
  assert.equal(answer.status, 400)
  assert.equal(errorOf(answer), 'invalid_request')
})

test('requirement 34: no token is in a log or in an address, and none is taken from an address', async () => {
  const tokens = await shopTokens('person-logs', [REPORTS], { scope: 'openid offline_access reports:read' })
  const { access_token: opaque } = await service('worker', { resource: PRINTER, scope: 'jobs:write' })
  await post('/token', 'shop', { grant_type: 'refresh_token', refresh_token: `${tokens.refresh_token}x` })
  const logged = world.logs.join('')
  assert.match(logged, /token\.refused/, 'the refusal itself is there')
  for (const value of [tokens.access_token, tokens.refresh_token ?? '', tokens.id_token, opaque, SECRET])
    assert.equal(logged.includes(value), false)
  const { access_token: forUserinfo } = await tokensFor(world, new Browser(world), { account: 'person-logs' })
  const authorization = `Bearer ${forUserinfo}`
  assert.equal((await send(world, { path: '/userinfo', headers: { authorization } })).status, 200)
  const asked = [
    await send(world, { path: `/userinfo?access_token=${forUserinfo}` }),
    await send(world, { path: `/introspect?token=${tokens.access_token}`, headers: basic('printer') }),
    await send(world, { path: `/introspect?token=${tokens.access_token}`, form: {}, headers: basic('printer') }),
    await send(world, { path: `/revoke?token=${tokens.access_token}`, form: {}, headers: basic('shop') }),
  ]
  assert.deepEqual(
    asked.map(({ status }) => status),
    [401, 404, 400, 400],
  )
  assert.equal((await introspect('printer', tokens.access_token))['active'], true)
})

test('what a service has got for itself ends with its registration', async () => {
  const definition = {
    clientId: 'gone',
    name: 'Gone',
    redirectUris: [],
    origins: [],
    scopes: ['jobs:write', 'reports:read'],
    grants: ['client_credentials'],
  } as const
  const { secret = '' } = await world.clients.add(call, definition, { withSecret: true })
  const headers = { authorization: `Basic ${Buffer.from(`gone:${secret}`).toString('base64')}` }
  const tokens: string[] = []
  for (const resource of [REPORTS, PRINTER]) {
    const reply = await send(world, { path: '/token', form: { grant_type: 'client_credentials', resource }, headers })
    tokens.push(JSON.parse(reply.body).access_token)
  }
  for (const token of tokens) assert.equal((await introspect('printer', token))['active'], true)
  await world.clients.remove(call, 'gone')
  await world.server.endClient(call, 'gone')
  for (const token of tokens) assert.deepEqual(await introspect('printer', token), { active: false })
  const { items } = await world.revocations.list(call)
  assert.ok(
    items.some(({ kind, subject }) => kind === 'account' && subject === 'client:gone'),
    'every role hears of it',
  )
})
