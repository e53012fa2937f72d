// Tokens for single addresses of the API (RFC 8707, RFC 9728): by every grant, what they say, and where they do not lead.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import type { ClientDefinition } from '../../src/auth/clients/contract.ts'
import { createResourceRegistry } from '../../src/auth/provider/resources.ts'
import { signInTo } from '../support/client-sign-in.ts'
import { connectDevice } from '../support/device.ts'
import {
  authorizePath,
  Browser,
  call,
  claimsOf,
  codeFor,
  errorOf,
  frontendTokens,
  type OauthWorld,
  openOauth,
  PRINT_SHOP,
  pkce,
  refresh,
  type Reply,
  send,
  sitesAt,
  type Tokens,
  tokensFor,
} from '../support/oauth.ts'

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code'
const REPORTS = 'https://reports.example/'
const SECRET = 'secret-of-a-service-with-enough-characters'
const authentication = { method: 'client_secret_basic', secretHashes: [createHash('sha256').update(SECRET).digest('base64url')] } as const
const ENDPOINTS = [
  { path: '/api/photos/mcp', scopes: ['photos:read', 'photos:write'] },
  { path: '/api/albums/mcp', scopes: ['photos:read'] },
  { path: '/api/writes/mcp', scopes: ['photos:write'] },
]

let world: OauthWorld
let api = ''
let tools = ''
let albums = ''
let writes = ''

const withSecret = (clientId: string, more: Partial<ClientDefinition>): ClientDefinition => ({
  clientId,
  name: clientId,
  redirectUris: [],
  origins: [],
  scopes: ['photos:read', 'photos:write'],
  authentication,
  ...more,
})

before(async () => {
  world = await openOauth({
    endpoints: ENDPOINTS,
    clients: [
      withSecret('worker', { scopes: ['photos:read', 'photos:write', 'reports:read', 'roles'], grants: ['client_credentials'] }),
      withSecret('reporter', { scopes: ['reports:read'], grants: ['client_credentials'] }),
      {
        clientId: 'analyst',
        name: 'Analyst',
        redirectUris: ['https://analyst.example/callback'],
        origins: [],
        scopes: ['reports:read', 'photos:read'],
      },
      {
        clientId: 'writer',
        name: 'Writer',
        redirectUris: ['https://writer.example/callback'],
        origins: [],
        scopes: ['photos:read', 'photos:write', 'email'],
        grants: ['authorization_code', 'device_code'],
      },
      { clientId: 'screen', name: 'Screen', redirectUris: [], origins: [], scopes: ['photos:read'], grants: ['device_code'] },
    ],
    definition: {
      registration: { dynamic: 'anyone', scopes: ['photos:read'] },
      resources: [{ audience: REPORTS, scopes: { 'reports:read': 'see reports' }, servers: ['reporter'] }],
    },
  })
  api = `${world.sites.app}/api`
  const [first, second, third] = ENDPOINTS.map(({ path }) => `${world.sites.app}${path}`)
  tools = first ?? ''
  albums = second ?? ''
  writes = third ?? ''
})
after(() => world.stop())

const post = (path: string, client: string, form: Record<string, string>): Promise<Reply> =>
  send(world, { path, form, headers: { authorization: `Basic ${Buffer.from(`${client}:${SECRET}`).toString('base64')}` } })
const told = (reply: Reply): Record<string, unknown> => {
  assert.equal(reply.status, 200, reply.body)
  return claimsOf(JSON.parse(reply.body).access_token)
}
const forTools = (account: string, scope = 'offline_access photos:read', resource = tools): Promise<Tokens> =>
  tokensFor(world, new Browser(world), { account, scope, extra: { resource } })

describe('an address of the API as the resource of a request', () => {
  test('requirement 37: is what the token is for, by the code, and again by each refresh (RFC 8707)', async () => {
    const tokens = await forTools('person-code')
    assert.deepEqual([claimsOf(tokens.access_token)['aud'], tokens.scope], [tools, 'photos:read'])
    const again = await refresh(world, tokens.refresh_token)
    assert.equal(told(again)['aud'], tools)
    const { refresh_token: next } = JSON.parse(again.body)
    const form = { grant_type: 'refresh_token', client_id: PRINT_SHOP.clientId, refresh_token: next }
    for (const resource of [api, albums, REPORTS]) {
      const wider = await send(world, { path: '/token', form: { ...form, resource } })
      assert.deepEqual([wider.status, errorOf(wider)], [400, 'invalid_target'], resource)
    }
    assert.equal(
      told(await send(world, { path: '/token', form: { ...form, resource: tools } }))['aud'],
      tools,
      'what was refused is not used up',
    )
  })

  test('requirement 37: is the one that a code is redeemed for, and no other', async () => {
    const code = await codeFor(new Browser(world), { account: 'person-redeem', scope: 'photos:read', extra: { resource: tools } })
    for (const resource of [api, albums, `${tools}/`]) {
      const reply = await send(world, { path: '/token', form: { ...code, resource } })
      assert.equal(errorOf(reply), 'invalid_target', resource)
    }
    assert.equal(told(await send(world, { path: '/token', form: { ...code, resource: tools } }))['aud'], tools)
  })

  test('requirement 37: gets a token out of what was granted for the whole API, which stays what it was', async () => {
    const account = 'person-narrows'
    const tokens = await tokensFor(world, new Browser(world), { account, scope: 'offline_access photos:read' })
    let { refresh_token: token = '' } = tokens
    const next = async (more: Record<string, string>): Promise<Record<string, unknown>> => {
      const form = { grant_type: 'refresh_token', client_id: PRINT_SHOP.clientId, refresh_token: token, ...more }
      const reply = await send(world, { path: '/token', form })
      if (reply.status === 200) token = JSON.parse(reply.body).refresh_token
      return reply.status === 200 ? told(reply) : { error: errorOf(reply) }
    }
    for (const resource of [tools, albums]) {
      const narrow = await next({ resource })
      assert.deepEqual([narrow['aud'], narrow['scope']], [resource, 'photos:read'])
    }
    assert.deepEqual(await next({ resource: writes }), { error: 'invalid_target' }, 'the client is registered for no scope of it')
    assert.deepEqual(await next({ resource: REPORTS }), { error: 'invalid_target' })
    assert.deepEqual(await next({ resource: tools, scope: 'photos:write' }), { error: 'invalid_scope' })
    assert.equal((await next({}))['aud'], api)
    assert.equal((await next({ resource: api }))['aud'], api)

    const code = await codeFor(new Browser(world), { account, scope: 'photos:read' })
    assert.equal(told(await send(world, { path: '/token', form: { ...code, resource: tools } }))['aud'], tools)
    const begun = await send(world, { path: '/device-authorization', form: { client_id: 'screen', scope: 'photos:read' } })
    const { device_code: deviceCode, user_code: userCode } = JSON.parse(begun.body)
    await connectDevice(world, { code: userCode, account, clientId: 'screen', shows: /./ })
    const device = { grant_type: DEVICE, client_id: 'screen', device_code: deviceCode, resource: albums }
    assert.equal(told(await send(world, { path: '/token', form: device }))['aud'], albums)
  })

  test('leaves what was granted of OpenID Connect in the answer, so that a program that asks for what it reads loses none of it', async () => {
    const scope = 'openid offline_access email photos:read'
    const first = await tokensFor(world, new Browser(world), { account: 'person-keeps', scope })
    const next = async ({ refresh_token: token = '' }: Tokens, more: Record<string, string>): Promise<Tokens> => {
      const form = { grant_type: 'refresh_token', client_id: PRINT_SHOP.clientId, refresh_token: token, ...more }
      return JSON.parse((await send(world, { path: '/token', form })).body)
    }
    const narrow = await next(first, { resource: tools })
    assert.deepEqual([first.scope, narrow.scope], ['openid email photos:read', 'openid email photos:read'])
    const { scope: ofToken, openid_scope: ofUserinfo } = claimsOf(narrow.access_token)
    assert.deepEqual([ofToken, ofUserinfo], ['photos:read', undefined], 'the token has none of it')
    const back = await next(narrow, { scope: narrow.scope ?? '' })
    assert.deepEqual([claimsOf(back.access_token)['aud'], claimsOf(back.access_token)['openid_scope']], [api, 'openid email'])
    assert.equal(
      (await next(back, { resource: tools, scope: 'openid photos:read' })).scope,
      'openid photos:read',
      'no more than was asked for',
    )
    const direct = await forTools('person-keeps', scope)
    assert.equal(direct.scope, 'openid email photos:read')
    assert.equal((await next(direct, {})).scope, 'openid email photos:read')
  })

  test('gets no token without a scope out of what was granted for the whole API, and nothing is used up by asking', async () => {
    const code = async (scope: string): Promise<Record<string, string>> =>
      (await signInTo(world, 'writer', { account: 'person-nothing-there', redirectUri: 'https://writer.example/callback', scope })).form
    const ask = async (form: Record<string, string>) => {
      const reply = await send(world, { path: '/token', form })
      const { scope, refresh_token: token = '' } = JSON.parse(reply.body)
      const again = { grant_type: 'refresh_token', client_id: 'writer', refresh_token: token }
      return reply.status === 200
        ? { told: [told(reply)['aud'], told(reply)['scope'], scope], again }
        : { told: errorOf(reply), again: form }
    }
    // Scopes of OpenID Connect are none of the address, and writing is none of that of the albums.
    for (const scope of ['openid offline_access email', 'offline_access photos:write']) {
      const form = await code(scope)
      assert.equal((await ask({ ...form, resource: albums })).told, 'invalid_scope', scope)
      const { told: first, again } = await ask(form)
      assert.equal(first[0], api, 'the code was not used up')
      assert.equal((await ask({ ...again, resource: albums })).told, 'invalid_scope', scope)
      assert.equal((await ask(again)).told[0], api, 'nor was the refresh token')
    }
    const { again: both } = await ask(await code('offline_access photos:read photos:write'))
    assert.equal((await ask({ ...both, resource: albums, scope: 'photos:write' })).told, 'invalid_scope', 'what was asked for counts')
    assert.deepEqual((await ask({ ...both, resource: writes, scope: 'photos:write' })).told, [writes, 'photos:write', 'photos:write'])

    const device = await send(world, { path: '/device-authorization', form: { client_id: 'writer', scope: 'photos:write' } })
    const { device_code: deviceCode, user_code: userCode } = JSON.parse(device.body)
    await connectDevice(world, { code: userCode, account: 'person-nothing-there', clientId: 'writer', shows: /./ })
    const poll = { grant_type: DEVICE, client_id: 'writer', device_code: deviceCode }
    assert.equal((await ask({ ...poll, resource: albums })).told, 'invalid_scope')
    assert.deepEqual((await ask({ ...poll, resource: writes })).told, [writes, 'photos:write', 'photos:write'])
  })

  test('gets no token out of what was granted for another resource, nor two at once', async () => {
    const extra = { client_id: 'analyst', redirect_uri: 'https://analyst.example/callback', resource: REPORTS }
    const { verifier, challenge } = pkce()
    const path = authorizePath(challenge, { scope: 'offline_access reports:read', extra })
    const { location } = await new Browser(world).authorize(path, { account: 'person-elsewhere' })
    const form = {
      grant_type: 'authorization_code',
      client_id: 'analyst',
      code: location.searchParams.get('code') ?? '',
      code_verifier: verifier,
    }
    assert.equal(errorOf(await send(world, { path: '/token', form: { ...form, resource: tools } })), 'invalid_target')
    const first = await send(world, { path: '/token', form })
    assert.equal(told(first)['aud'], REPORTS)
    const again = { grant_type: 'refresh_token', client_id: 'analyst', refresh_token: JSON.parse(first.body).refresh_token }
    assert.equal(errorOf(await send(world, { path: '/token', form: { ...again, resource: tools } })), 'invalid_target')
    const { refresh_token: token = '' } = await tokensFor(world, new Browser(world), {
      account: 'person-two',
      scope: 'offline_access photos:read',
    })
    const twice = new URLSearchParams({ grant_type: 'refresh_token', client_id: PRINT_SHOP.clientId, refresh_token: token })
    for (const resource of [tools, albums]) twice.append('resource', resource)
    const both = await send(world, {
      path: '/token',
      text: twice.toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    assert.equal(errorOf(both), 'invalid_target')
  })

  test('is pushed, comes to a device, and to a program that acts for itself', async () => {
    const { verifier, challenge } = pkce()
    const query = new URL(authorizePath(challenge, { scope: 'photos:read', extra: { resource: tools } }), world.sites.accounts).searchParams
    const pushed = await send(world, { path: '/par', form: Object.fromEntries(query) })
    assert.equal(pushed.status, 201, pushed.body)
    const asked = new URLSearchParams({ client_id: PRINT_SHOP.clientId, request_uri: JSON.parse(pushed.body).request_uri })
    const { location } = await new Browser(world).authorize(`/authorize?${asked.toString()}`, { account: 'person-pushed' })
    const code = location.searchParams.get('code') ?? ''
    const redirect = { client_id: PRINT_SHOP.clientId, redirect_uri: PRINT_SHOP.redirectUris[0] }
    const form = { grant_type: 'authorization_code', code, code_verifier: verifier, ...redirect }
    assert.equal(told(await send(world, { path: '/token', form }))['aud'], tools)

    const begun = await send(world, {
      path: '/device-authorization',
      form: { client_id: 'screen', scope: 'photos:read', resource: tools },
      headers: { 'user-agent': 'Screen/1' },
    })
    assert.equal(begun.status, 200, begun.body)
    const { device_code: deviceCode, user_code: userCode } = JSON.parse(begun.body)
    await connectDevice(world, { code: userCode, account: 'person-device', clientId: 'screen', shows: /Screen/ })
    const device = await send(world, { path: '/token', form: { grant_type: DEVICE, client_id: 'screen', device_code: deviceCode } })
    assert.deepEqual([told(device)['aud'], told(device)['scope']], [tools, 'photos:read'])

    const machine = await post('/token', 'worker', {
      grant_type: 'client_credentials',
      resource: tools,
      scope: 'photos:write roles reports:read',
    })
    assert.deepEqual([told(machine)['aud'], told(machine)['scope']], [tools, 'photos:write roles'])
    const all = await post('/token', 'worker', { grant_type: 'client_credentials', resource: albums })
    assert.deepEqual(new Set(String(told(all)['scope']).split(' ')), new Set(['photos:read', 'roles']), 'what it is registered for there')
  })

  test('requirement 37: is taken exactly as it is, and only where there is one', async () => {
    const near = [
      `${tools}/`,
      `${tools}?`,
      `${tools}?a=1`,
      `${tools}#a`,
      `${tools}/below`,
      tools.replace('/mcp', '/MCP'),
      tools.replace('/mcp', '/%6Dcp'),
      tools.replace('/photos/', '//photos/'),
      tools.replace('/photos/', '/photos/../photos/'),
      tools.replace('http:', 'https:'),
      tools.replace('diary.', 'DIARY.'),
      `${world.sites.accounts}/api/photos/mcp`,
      `${world.sites.files}/api/photos/mcp`,
      `${world.sites.app}/api/photos`,
      `${api}/`,
      world.sites.app,
    ]
    for (const resource of near) {
      const { challenge } = pkce()
      const query = new URL(authorizePath(challenge, { scope: 'photos:read', extra: { resource } }), world.sites.accounts).searchParams
      const reply = await send(world, { path: '/par', form: Object.fromEntries(query) })
      assert.deepEqual([reply.status, errorOf(reply)], [400, 'invalid_target'], resource)
      const machine = await post('/token', 'worker', { grant_type: 'client_credentials', resource })
      assert.equal(errorOf(machine), 'invalid_target', resource)
    }
  })

  test('requirement 37: has the scopes that it names and the client is registered for, and goes to no client without any', async () => {
    const tokens = await forTools('person-less', 'openid offline_access profile photos:read photos:write reports:read')
    assert.deepEqual(claimsOf(tokens.access_token)['scope'], 'photos:read', 'the print shop is not registered to write')
    assert.equal(claimsOf(tokens.access_token)['openid_scope'], undefined)
    const userinfo = await send(world, { path: '/userinfo', headers: { authorization: `Bearer ${tokens.access_token}` } })
    assert.equal(userinfo.status, 401, 'the userinfo endpoint takes tokens of the whole API')
    const { challenge } = pkce()
    for (const [resource, scope, error] of [
      [writes, 'photos:write', 'invalid_target'],
      [writes, 'photos:read', 'invalid_target'],
      [albums, 'photos:write', 'invalid_scope'],
    ] as const) {
      const query = new URL(authorizePath(challenge, { scope, extra: { resource } }), world.sites.accounts).searchParams
      assert.equal(errorOf(await send(world, { path: '/par', form: Object.fromEntries(query) })), error, resource)
    }
    assert.equal(errorOf(await post('/token', 'reporter', { grant_type: 'client_credentials', resource: tools })), 'invalid_target')
    const written = await post('/token', 'worker', { grant_type: 'client_credentials', resource: albums, scope: 'photos:write' })
    assert.equal(errorOf(written), 'invalid_scope')
  })

  test('is asked for beside the API, and a token is for one of them', async () => {
    const { verifier, challenge } = pkce()
    const path = `${authorizePath(challenge, { scope: 'offline_access photos:read' })}&${new URLSearchParams([
      ['resource', api],
      ['resource', tools],
    ]).toString()}`
    const { location, named } = await new Browser(world).authorize(path, { account: 'person-both' })
    assert.deepEqual(named, [['offline_access', 'photos:read']], 'a scope is named once')
    const redirect = { client_id: PRINT_SHOP.clientId, redirect_uri: PRINT_SHOP.redirectUris[0] }
    const code = location.searchParams.get('code') ?? ''
    const first = await send(world, {
      path: '/token',
      form: { grant_type: 'authorization_code', code, code_verifier: verifier, ...redirect },
    })
    assert.deepEqual([told(first)['aud'], told(first)['scope']], [api, 'photos:read'], 'unless told it is for the API')
    const { refresh_token: token } = JSON.parse(first.body)
    const form = { grant_type: 'refresh_token', client_id: PRINT_SHOP.clientId, refresh_token: token, resource: tools }
    const second = await send(world, { path: '/token', form })
    assert.deepEqual([told(second)['aud'], told(second)['scope']], [tools, 'photos:read'])
  })

  test('changes nothing for requests that name no resource, and nothing for frontends', async () => {
    const tokens = await tokensFor(world, new Browser(world), { account: 'person-none', scope: 'photos:read' })
    assert.equal(claimsOf(tokens.access_token)['aud'], api)
    assert.equal(claimsOf((await frontendTokens(world, new Browser(world), 'person-frontend')).access_token)['aud'], api)
    assert.equal(told(await post('/token', 'worker', { grant_type: 'client_credentials', scope: 'photos:read' }))['aud'], api)
  })
})

describe('a person who is asked about an address of the API', () => {
  test('reads the words of its scopes, and what was allowed in these words is not asked again', async () => {
    const browser = new Browser(world)
    const authorize = (resource: string, scope = 'openid photos:read') =>
      browser.authorize(authorizePath(pkce().challenge, { scope, extra: { resource } }), { account: 'person-asked' })
    assert.deepEqual((await authorize(tools)).named, [['photos:read']])
    const before = await browser.authorize(authorizePath(pkce().challenge, { scope: 'openid photos:read' }), { account: 'person-asked' })
    assert.deepEqual(before.named, [], 'the words are the same for the whole API')
    assert.deepEqual((await authorize(albums)).named, [])
    assert.deepEqual((await authorize(tools, 'openid email photos:read')).named, [['email']])
  })

  test('ends all of it with one word', async () => {
    const tokens = await forTools('person-ends')
    const other = await forTools('person-ends', 'offline_access photos:read', api)
    await world.server.engine.revokeApp(call, 'person-ends', PRINT_SHOP.clientId)
    for (const { refresh_token: token } of [tokens, other]) assert.equal(errorOf(await refresh(world, token)), 'invalid_grant')
  })
})

describe('a token for an address of the API', () => {
  test('tells its own client its audience at introspection, and no resource server', async () => {
    const { access_token: token } = JSON.parse((await post('/token', 'worker', { grant_type: 'client_credentials', resource: tools })).body)
    const own = JSON.parse((await post('/introspect', 'worker', { token })).body)
    assert.deepEqual([own.active, own.aud, own.client_id], [true, tools, 'worker'])
    assert.deepEqual(JSON.parse((await post('/introspect', 'reporter', { token })).body), { active: false })
    assert.equal((await post('/revoke', 'worker', { token })).status, 200)
    assert.deepEqual(JSON.parse((await post('/introspect', 'worker', { token })).body), { active: false })
  })
})

test('requirement 37: an exchange adds no scope by going around the API by one of its addresses', async () => {
  const redirect = 'https://agent.example/callback'
  const own = await openOauth({
    endpoints: ENDPOINTS,
    definition: { resources: [{ audience: REPORTS, scopes: { 'reports:read': 'see reports' } }] },
  })
  try {
    const there = (path: string): string => `${own.sites.app}${path}`
    const audiences = [REPORTS, there('/api'), ...ENDPOINTS.map(({ path }) => there(path))]
    const definition: ClientDefinition = {
      clientId: 'walker',
      name: 'Walker',
      redirectUris: [redirect],
      origins: [],
      scopes: ['photos:read', 'photos:write', 'reports:read'],
      grants: ['authorization_code', 'token_exchange'],
      exchange: { audiences },
    }
    const { secret = '' } = await own.clients.add(call, definition, { withSecret: true })
    const headers = { authorization: `Basic ${Buffer.from(`walker:${secret}`).toString('base64')}` }
    const { verifier, challenge } = pkce()
    const query = new URLSearchParams({
      client_id: 'walker',
      redirect_uri: redirect,
      response_type: 'code',
      scope: 'photos:read',
      resource: there('/api'),
      code_challenge: challenge,
      code_challenge_method: 'S256',
    })
    const { location } = await new Browser(own).authorize(`/authorize?${query.toString()}`, { account: 'person-walks' })
    const form = { grant_type: 'authorization_code', code: location.searchParams.get('code') ?? '', code_verifier: verifier }
    const first = JSON.parse((await send(own, { path: '/token', form, headers })).body).access_token
    const exchange = (subject: string, resource: string, scope?: string): Promise<Reply> =>
      send(own, {
        path: '/token',
        headers,
        form: {
          grant_type: EXCHANGE,
          subject_token: subject,
          subject_token_type: ACCESS_TOKEN,
          resource,
          ...(scope === undefined ? {} : { scope }),
        },
      })
    const [tool = ''] = ENDPOINTS.map(({ path }) => there(path))
    const narrow = await exchange(first, tool)
    assert.deepEqual([told(narrow)['aud'], told(narrow)['scope']], [tool, 'photos:read'])
    assert.equal(errorOf(await exchange(first, tool, 'photos:read photos:write')), 'invalid_scope')
    const within: string = JSON.parse(narrow.body).access_token
    assert.equal(errorOf(await exchange(within, there('/api'), 'photos:write')), 'invalid_scope')
    const away = JSON.parse((await exchange(within, REPORTS)).body).access_token
    for (const resource of [tool, there('/api')]) {
      assert.equal(errorOf(await exchange(away, resource, 'photos:write')), 'invalid_scope', resource)
      assert.equal(told(await exchange(away, resource))['scope'], 'photos:read', resource)
    }
    const nothing = told(await exchange(away, there('/api/writes/mcp')))
    assert.deepEqual([nothing['aud'], nothing['scope']], [there('/api/writes/mcp'), undefined])
  } finally {
    await own.stop()
  }
})

test('another resource cannot take the address of one of the API', () => {
  const settings = {
    sites: sitesAt(1),
    productName: 'x',
    scopes: { 'photos:read': 'see photos' },
    clients: [],
    frontends: [],
    development: true,
    endpoints: ENDPOINTS,
  }
  const audience = `${settings.sites.app}/api/photos/mcp`
  const definition = { resources: [{ audience, scopes: { 'x:read': 'x' } }] }
  assert.throws(() => createResourceRegistry({ ...settings, definition }), /another resource has this audience/)
  const registry = createResourceRegistry(settings)
  assert.equal(registry.placeOf(['photos:read']), registry.api, 'a scope belongs to the API, never to an address of it')
  assert.deepEqual(registry.find(audience)?.partOf, registry.api.audience)
})
