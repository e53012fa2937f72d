// Clients that nobody has registered: they register themselves (RFC 7591, RFC 7592), or their id is the address of a document.
import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import * as oauth from 'oauth4webapi'
import type { ClientView } from '../../src/auth/clients/contract.ts'
import { isDocumentAddress } from '../../src/auth/client-documents/address.ts'
import { freshMsOf } from '../../src/auth/client-documents/freshness.ts'
import { type SignedIn, signInTo } from '../support/client-sign-in.ts'
import { call, claimsOf, errorOf, type OauthWorld, openOauth, type Reply, send } from '../support/oauth.ts'
import { until } from '../support/until.ts'

const CALLBACK = 'https://notes.example/callback'
const GOOD = { redirect_uris: [CALLBACK], client_name: 'Notes', token_endpoint_auth_method: 'none', scope: 'openid photos:read' }

function sendJson(world: OauthWorld, request: { method?: string; path?: string; token?: string; body?: unknown }): Promise<Reply> {
  const { method = 'POST', path = '/register', token, body } = request
  const headers = {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  }
  return send(world, { method, path, headers, ...(body === undefined ? {} : { text: JSON.stringify(body) }) })
}

async function strangers(world: OauthWorld): Promise<readonly ClientView[]> {
  return (await world.clients.list(call)).items.filter(({ source }) => source !== 'app')
}

const signIn = (world: OauthWorld, clientId: string, redirectUri = CALLBACK): Promise<SignedIn> =>
  signInTo(world, clientId, { account: 'person-newcomer', redirectUri })

const FORGETTING_EVERY_MS = 5 * 60_000

/** By the next run, or by the one after it: a run that has begun before the clock was moved takes the place of the next. */
async function forgotten(world: OauthWorld, clientId: string): Promise<void> {
  const ticks = setInterval(() => world.advance(FORGETTING_EVERY_MS), 2000)
  await until(`${clientId} is forgotten`, async () => (await world.clients.find(call, clientId)) === undefined).finally(() =>
    clearInterval(ticks),
  )
}

describe('requirement 52: dynamic registration', () => {
  let world: OauthWorld
  before(async () => {
    world = await openOauth({
      definition: { registration: { dynamic: 'anyone', scopes: ['profile', 'photos:read'], unusedDays: 10 } },
      withJobs: true,
    })
  })
  after(() => world.stop())

  test('a strict client registers, signs somebody in, and is bound to what it may have', async () => {
    const local = async (url: string, options: { headers?: Record<string, string>; body?: unknown }): Promise<Response> => {
      const reply = await send(world, {
        method: 'POST',
        path: new URL(url).pathname,
        headers: options.headers ?? {},
        text: String(options.body),
      })
      return new Response(reply.body, { status: reply.status, headers: { 'content-type': String(reply.headers['content-type']) } })
    }
    const metadata = JSON.parse((await send(world, { path: '/.well-known/oauth-authorization-server' })).body)
    assert.equal(metadata.registration_endpoint, `${world.sites.accounts}/register`)
    const asked = await oauth.dynamicClientRegistrationRequest(
      metadata,
      { ...GOOD, scope: 'openid photos:read photos:write everything' },
      {
        [oauth.customFetch]: local,
        [oauth.allowInsecureRequests]: true,
      },
    )
    const client = await oauth.processDynamicClientRegistrationResponse(asked)
    assert.match(client.client_id, /^dyn-[\w-]{22}$/, 'requirement 23: the server chooses the id, and not one that a person could have')
    assert.equal(client['scope'], 'openid offline_access photos:read')
    assert.equal(client.client_secret, undefined)
    const signedIn = await signIn(world, client.client_id)
    assert.deepEqual(signedIn.asked, ['login', 'consent'])
    const tokens = await send(world, { path: '/token', form: signedIn.form })
    assert.equal(tokens.status, 200, tokens.body)
    assert.equal(claimsOf(JSON.parse(tokens.body).access_token)['scope'], 'photos:read')
  })

  test('it may choose neither its id nor its secret, and members that nobody knows are ignored', async () => {
    const body = {
      ...GOOD,
      client_id: 'print-shop',
      client_secret: 'mine',
      token_endpoint_auth_method: undefined,
      software_version: '1',
      firstParty: true,
    }
    const reply = await sendJson(world, { body })
    assert.equal(reply.status, 201, reply.body)
    assert.equal(reply.headers['cache-control'], 'no-store')
    const made = JSON.parse(reply.body)
    assert.equal(made.token_endpoint_auth_method, 'client_secret_basic', 'what the RFC says when nothing is said')
    assert.match(made.client_secret, /^[\w-]{43}$/)
    const stored = await world.clients.find(call, made.client_id)
    assert.deepEqual([made.firstParty, stored?.definition.verified, made.client_id === 'print-shop'], [undefined, false, false])
    const form = await send(world, { path: '/register', form: { client_name: 'Notes' } })
    assert.deepEqual([form.status, JSON.parse(form.body).error_description], [415, 'Send application/json.'])
    assert.equal((await sendJson(world, { body: { ...GOOD, padding: 'x'.repeat(8192) } })).status, 413)
    assert.equal(JSON.stringify(stored).includes(made.client_secret), false)
  })

  const withKey = (key: Record<string, string>) => ({ token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [key] } })
  const REFUSED: readonly (readonly [string, Record<string, unknown>, string])[] = [
    ['no redirect URI', { redirect_uris: [] }, 'invalid_redirect_uri'],
    ['plain http', { redirect_uris: ['http://notes.example/callback'] }, 'invalid_redirect_uri'],
    ['a wildcard', { redirect_uris: ['https://*.example/callback'] }, 'invalid_redirect_uri'],
    ['a fragment', { redirect_uris: ['https://notes.example/#x'] }, 'invalid_redirect_uri'],
    ['a script', { redirect_uris: ['javascript:alert(1)'] }, 'invalid_redirect_uri'],
    ['a redirect URI that is a number', { redirect_uris: [7] }, 'invalid_redirect_uri'],
    ['https on the machine of the person', { redirect_uris: ['https://localhost/callback'] }, 'invalid_redirect_uri'],
    ['the same by number', { redirect_uris: ['https://127.0.0.2/callback'] }, 'invalid_redirect_uri'],
    ['a host that would end a policy', { redirect_uris: ['https://a;sandbox/'] }, 'invalid_redirect_uri'],
    ['the same after a sign-out', { post_logout_redirect_uris: ['https://a;require-trusted-types-for/'] }, 'invalid_client_metadata'],
    [
      'the scheme of an app after the sign-out of a page',
      { post_logout_redirect_uris: ['com.example.app:/bye'] },
      'invalid_client_metadata',
    ],
    ['a secret as a public key', withKey({ kty: 'oct', k: 'c2VjcmV0' }), 'invalid_client_metadata'],
    ['a key of no kind that there is', withKey({ kty: 'XYZ', x: 'AAAA' }), 'invalid_client_metadata'],
    ['a point that is on no curve', withKey({ kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) }), 'invalid_client_metadata'],
    ['the implicit grant', { grant_types: ['implicit'] }, 'invalid_client_metadata'],
    ['a token from the authorization endpoint', { response_types: ['token'] }, 'invalid_client_metadata'],
    ['an unknown way to authenticate', { token_endpoint_auth_method: 'password' }, 'invalid_client_metadata'],
    ['a name that turns the text around', { client_name: 'Photos \u202emoc.live' }, 'invalid_client_metadata'],
    ['the name of the app itself', { client_name: 'Pixel-Diary ' }, 'invalid_client_metadata'],
    ['the name of the app with a letter that nobody sees', { client_name: 'Pixel Diary\u3164' }, 'invalid_client_metadata'],
    ['the name of another client', { client_name: 'print shop' }, 'invalid_client_metadata'],
    ['a front page that is a script', { client_uri: 'javascript:alert(1)' }, 'invalid_client_metadata'],
    ['an address for sign-outs inside our network', { backchannel_logout_uri: 'http://10.0.0.1/' }, 'invalid_client_metadata'],
    ['a name that is a list', { client_name: ['Notes'] }, 'invalid_client_metadata'],
  ]
  for (const [what, change, error] of REFUSED) {
    test(`refuses ${what} and stores nothing`, async () => {
      const present = (await strangers(world)).length
      const reply = await sendJson(world, { body: { ...GOOD, ...change } })
      assert.equal(reply.status, 400)
      assert.equal(errorOf(reply), error)
      assert.equal((await strangers(world)).length, present)
    })
  }

  test('a client reads, changes and removes its registration; the token for it rotates', async () => {
    const made = JSON.parse((await sendJson(world, { body: GOOD })).body)
    const { client_id: clientId, registration_access_token: first, registration_client_uri: place } = made
    const { pathname: path } = new URL(place)
    assert.equal(new URL(place).origin, 'http://accounts.localhost')
    const read = await sendJson(world, { method: 'GET', path, token: first })
    assert.equal(JSON.parse(read.body).client_name, 'Notes')
    const refused: readonly (readonly [string, number, { method?: string; path?: string; token?: string; body?: unknown }])[] = [
      ['without a token', 401, { method: 'GET', path }],
      ['with another token', 401, { method: 'GET', path, token: 'x'.repeat(43) }],
      ['of another client', 401, { method: 'GET', path: '/register/print-shop', token: first }],
      ['of nobody', 401, { method: 'DELETE', path: '/register/dyn-nobody', token: first }],
      ['under another id', 400, { method: 'PUT', path, token: first, body: { ...GOOD, client_id: 'print-shop' } }],
      [
        'to a bad address',
        400,
        { method: 'PUT', path, token: first, body: { ...GOOD, client_id: clientId, redirect_uris: ['http://a.example/'] } },
      ],
    ]
    for (const [what, status, request] of refused) {
      const reply = await sendJson(world, request)
      assert.equal(reply.status, status, what)
      if (status === 401) assert.match(String(reply.headers['www-authenticate']), /^Bearer error="invalid_token"/)
    }
    const changed = await sendJson(world, {
      method: 'PUT',
      path,
      token: first,
      body: { ...GOOD, client_id: clientId, client_name: 'Notes 2' },
    })
    assert.equal(changed.status, 200, changed.body)
    const { registration_access_token: second } = JSON.parse(changed.body)
    assert.notEqual(second, first)
    assert.equal((await sendJson(world, { method: 'GET', path, token: first })).status, 401, 'the old token is good no more')
    assert.equal((await world.clients.find(call, clientId))?.definition.name, 'Notes 2')
    assert.equal((await sendJson(world, { method: 'DELETE', path, token: second })).status, 204)
    assert.equal((await sendJson(world, { method: 'GET', path, token: second })).status, 401)
    assert.equal((await signIn(world, clientId)).last.status, 400)
  })

  test('its address after a sign-out is no place that we send a passer-by to', async () => {
    const back = 'https://notes.example/bye'
    const made = JSON.parse((await sendJson(world, { body: { ...GOOD, post_logout_redirect_uris: [back] } })).body)
    const query = new URLSearchParams({ client_id: made.client_id, post_logout_redirect_uri: back, state: 's' })
    const reply = await send(world, { path: `/end-session?${query.toString()}` })
    assert.deepEqual([reply.status, new URL(String(reply.headers['location'])).pathname], [303, '/end-session/success'], reply.body)
    assert.equal(new URL(String(reply.headers['location'])).search, '')
  })

  test('what an operator has changed of a client it cannot take back', async () => {
    const made = JSON.parse((await sendJson(world, { body: { ...GOOD, scope: 'openid profile photos:read' } })).body)
    const { client_id: clientId, registration_access_token: token } = made
    const keys = [
      { kty: 'EC', crv: 'P-256', x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU', y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0' },
    ]
    const change = { scopes: ['profile'], consent: 'always', authentication: { method: 'private_key_jwt', keys } } as const
    await world.clients.change(call, clientId, change)
    await world.clients.change(call, clientId, { name: 'Named by us' })
    const body = {
      ...GOOD,
      client_id: clientId,
      scope: 'openid profile photos:read',
      client_uri: 'https://notes.example/',
      token_endpoint_auth_method: 'client_secret_basic',
    }
    const reply = await sendJson(world, { method: 'PUT', path: `/register/${clientId}`, token, body })
    assert.equal(reply.status, 200, reply.body)
    const answer = JSON.parse(reply.body)
    assert.deepEqual(
      [answer.scope, answer.client_name, answer.client_uri, answer.token_endpoint_auth_method, answer.client_secret],
      ['openid offline_access profile', 'Named by us', 'https://notes.example/', 'private_key_jwt', undefined],
    )
    const stored = await world.clients.find(call, clientId)
    assert.deepEqual([stored?.definition.scopes, stored?.definition.consent, stored?.hasSecret], [['profile'], 'always', false])
    const less = { ...body, scope: 'openid' }
    const again = await sendJson(world, {
      method: 'PUT',
      path: `/register/${clientId}`,
      token: answer.registration_access_token,
      body: less,
    })
    assert.equal(JSON.parse(again.body).scope, 'openid offline_access')
  })

  test('of ten changes at once with one token one wins', async () => {
    const made = JSON.parse((await sendJson(world, { body: GOOD })).body)
    const path = `/register/${made.client_id}`
    const body = { ...GOOD, client_id: made.client_id }
    const replies = await Promise.all(
      Array.from({ length: 10 }, () => sendJson(world, { method: 'PUT', path, token: made.registration_access_token, body })),
    )
    assert.equal(replies.filter(({ status }) => status === 200).length, 1)
  })

  test('a client that gets no token is forgotten, one that does stays', async () => {
    const [unused, used] = await Promise.all([sendJson(world, { body: GOOD }), sendJson(world, { body: GOOD })])
    const idle = JSON.parse(unused.body).client_id
    const busy = JSON.parse(used.body).client_id
    const { form } = await signIn(world, busy)
    assert.equal((await send(world, { path: '/token', form })).status, 200)
    world.advance(86_400_001)
    await forgotten(world, idle)
    assert.equal((await signIn(world, idle)).last.status, 400, 'a day, until the first token')
    world.advance(8 * 86_400_000)
    assert.ok((await signIn(world, busy)).location.searchParams.get('code'))
    world.advance(86_400_000)
    await forgotten(world, busy)
    assert.equal((await signIn(world, busy)).last.status, 400)
    world.advance(-10 * 86_400_000 - 1)
  })

  test('a page of any origin may register, and one address not without end', async () => {
    const preflight = await sendJson(world, { method: 'OPTIONS' })
    assert.equal(preflight.status, 204)
    assert.equal(preflight.headers['access-control-allow-origin'], '*')
    let last: Reply | undefined
    for (let round = 0; round < 25 && last?.status !== 429; round += 1) last = await sendJson(world, { body: GOOD })
    assert.equal(last?.status, 429)
    assert.equal(errorOf(last ?? { body: '{}' }), 'temporarily_unavailable')
  })
})

test('requirement 52: registration is off unless the app asks for it', async () => {
  const world = await openOauth()
  assert.equal((await sendJson(world, { body: GOOD })).status, 404)
  for (const name of ['openid-configuration', 'oauth-authorization-server']) {
    const metadata = JSON.parse((await send(world, { path: `/.well-known/${name}` })).body)
    assert.equal(metadata.registration_endpoint, undefined)
    assert.equal(metadata.client_id_metadata_document_supported, undefined)
  }
  assert.equal((await signIn(world, 'https://notes.example/client.json')).last.status, 400)
  await world.stop()
})

test('requirement 52: an initial access token is good for one registration, and for a day', async () => {
  let isAway = false
  const world = await openOauth({
    definition: { registration: { dynamic: 'invited' } },
    onWrite: (request) => assert.ok(!isAway || !JSON.stringify(request).includes('auth_clients')),
  })
  for (const token of [undefined, 'x'.repeat(43)]) {
    const reply = await sendJson(world, { body: GOOD, ...(token === undefined ? {} : { token }) })
    assert.equal(reply.status, 401)
  }
  const token = await world.clients.invite(call)
  assert.equal((await sendJson(world, { token, body: { ...GOOD, redirect_uris: [] } })).status, 400, 'a slip does not use it up')
  assert.equal((await sendJson(world, { token, body: { ...GOOD, redirect_uris: ['https://b\u00fccher.example/'] } })).status, 400)
  isAway = true
  assert.equal((await sendJson(world, { token, body: GOOD })).status, 500)
  isAway = false
  const replies = await Promise.all(Array.from({ length: 5 }, () => sendJson(world, { token, body: GOOD })))
  assert.deepEqual(replies.map(({ status }) => status).toSorted(), [201, 401, 401, 401, 401])
  const late = await world.clients.invite(call)
  world.advance(86_400_001)
  assert.equal((await sendJson(world, { token: late, body: GOOD })).status, 401)
  assert.equal((await strangers(world)).length, 1)
  await world.stop()
})

describe('requirement 53: client id metadata documents', () => {
  let world: OauthWorld
  let origin: string
  let asked: string[]
  let answer: (request: IncomingMessage, response: ServerResponse) => void
  const host = createServer((request, response) => {
    asked.push(request.url ?? '')
    answer(request, response)
  })
  const document = (clientId: string, change: Record<string, unknown> = {}): Record<string, unknown> => ({
    ...GOOD,
    client_id: clientId,
    ...change,
  })
  const serving =
    (body: (clientId: string) => unknown, headers: Record<string, string> = {}, status = 200) =>
    (request: IncomingMessage, response: ServerResponse): void => {
      const text = body(`${origin}${request.url ?? ''}`)
      response
        .writeHead(status, { 'content-type': 'application/json', ...headers })
        .end(typeof text === 'string' ? text : JSON.stringify(text))
    }

  before(async () => {
    world = await openOauth({ definition: { registration: { documents: true } }, withJobs: true })
    await new Promise<void>((done) => host.listen(0, '127.0.0.1', done))
    origin = `http://127.0.0.1:${(host.address() as AddressInfo).port}`
    asked = []
    answer = serving((clientId) => document(clientId))
  })
  after(async () => {
    host.closeAllConnections()
    host.close()
    await world.stop()
  })

  test('signs somebody in, is fetched once while it is fresh, and a change is found afterwards', async () => {
    for (const name of ['openid-configuration', 'oauth-authorization-server']) {
      assert.equal(JSON.parse((await send(world, { path: `/.well-known/${name}` })).body).client_id_metadata_document_supported, true)
    }
    const clientId = `${origin}/good.json`
    answer = serving((id) => document(id), { 'cache-control': 'max-age=600' })
    const signedIn = await signIn(world, clientId)
    assert.deepEqual(signedIn.asked, ['login', 'consent'])
    const tokens = await send(world, { path: '/token', form: signedIn.form })
    assert.equal(tokens.status, 200, tokens.body)
    assert.equal(claimsOf(JSON.parse(tokens.body).access_token)['client_id'], clientId)
    await signIn(world, clientId)
    assert.deepEqual(asked, ['/good.json'])
    answer = serving((id) => document(id, { redirect_uris: ['https://moved.example/callback'] }))
    world.advance(601_000)
    assert.equal((await signIn(world, clientId)).last.status, 400, 'the old redirect URI is registered no more')
    assert.ok((await signIn(world, clientId, 'https://moved.example/callback')).location.searchParams.get('code'))
    assert.equal(asked.length, 2)
  })

  test('a document whose client gets no token is forgotten the next day', async () => {
    const clientId = `${origin}/passing.json`
    answer = serving((id) => document(id))
    await signIn(world, clientId)
    assert.ok(await world.clients.find(call, clientId))
    world.advance(86_400_001)
    await forgotten(world, clientId)
    const { form } = await signIn(world, clientId)
    assert.equal((await send(world, { path: '/token', form })).status, 200)
    world.advance(86_400_001)
    assert.ok(await world.clients.find(call, clientId))
    world.advance(-2 * 86_400_001)
  })

  test('a host that is away does not take its clients along at once; a document that is gone does', async () => {
    const clientId = `${origin}/away.json`
    answer = serving((id) => document(id))
    assert.ok((await signIn(world, clientId)).location.searchParams.get('code'))
    answer = (_request, response) => response.destroy()
    world.advance(3_601_000)
    for (let time = 0; time < 2; time += 1) assert.ok((await signIn(world, clientId)).location.searchParams.get('code'))
    assert.equal(asked.filter((path) => path === '/away.json').length, 2, 'it is not asked again at once')
    for (const status of [429, 408, 503]) {
      answer = serving(() => 'not now', {}, status)
      world.advance(61_000)
      assert.ok((await signIn(world, clientId)).location.searchParams.get('code'), String(status))
    }
    answer = serving(() => 'gone', {}, 404)
    world.advance(61_000)
    assert.equal((await signIn(world, clientId)).last.status, 400)
  })

  const REFUSED: readonly (readonly [string, () => typeof answer])[] = [
    ['another client_id', () => serving(() => document(`${origin}/other.json`))],
    ['a client_id that differs by a slash', () => serving((id) => document(`${id}/`))],
    ['a secret', () => serving((id) => document(id, { client_secret: 'x' }))],
    ['an authentication by secret', () => serving((id) => document(id, { token_endpoint_auth_method: 'client_secret_basic' }))],
    ['a list', () => serving((id) => [document(id)])],
    ['no JSON', () => serving(() => 'client')],
    ['another type', () => serving((id) => document(id), { 'content-type': 'text/html' })],
    ['a redirect', () => serving((id) => document(id), { location: '/good.json' }, 302)],
    ['more than 5 KB', () => serving((id) => document(id, { padding: 'x'.repeat(6000) }))],
    ['no redirect URI', () => serving((id) => document(id, { redirect_uris: undefined }))],
  ]
  for (const [index, [what, make]] of REFUSED.entries()) {
    test(`refuses a document with ${what}, here and not by a redirect, and does not ask again at once`, async () => {
      const path = `/refused-${index}.json`
      answer = make()
      const before = (await strangers(world)).length
      const { last } = await signIn(world, origin + path)
      assert.equal(last.status, 400)
      assert.equal(last.headers['location'], undefined)
      assert.match(last.body, /invalid_client/)
      await signIn(world, origin + path)
      assert.deepEqual(
        asked.filter((one) => one === path),
        [path],
      )
      assert.equal((await strangers(world)).length, before)
    })
  }

  test('gives up on a host that does not answer in time', async () => {
    const began = Date.now()
    answer = (_request, response) => {
      // A line now and then keeps no connection alive for longer.
      response.writeHead(200, { 'content-type': 'application/json' }).write('{')
    }
    const present = (await strangers(world)).length
    const { last } = await signIn(world, `${origin}/endless.json`)
    assert.equal(last.status, 400)
    assert.ok(Date.now() - began < 9000, `${Date.now() - began} ms`)
    assert.equal((await strangers(world)).length, present)
  })

  test('ten who come at once cause one request', async () => {
    const path = '/crowd.json'
    world.advance(2 * 86_400_001)
    answer = serving((id) => document(id))
    await Promise.all(Array.from({ length: 10 }, () => signIn(world, origin + path)))
    assert.deepEqual(
      asked.filter((one) => one === path),
      [path],
    )
  })

  const ADDRESSES: readonly (readonly [string, boolean])[] = [
    ['https://notes.example/client.json', true],
    ['https://notes.example:8443/a/b?v=1', true],
    ['https://notes.example', false],
    ['https://notes.example/', false],
    ['http://notes.example/client.json', false],
    ['http://127.0.0.1/client.json', false],
    ['https://notes.example/client.json#part', false],
    ['https://me@notes.example/client.json', false],
    ['https://me:pw@notes.example/client.json', false],
    ['https://notes.example/a/../client.json', false],
    ['https://notes.example/a/%2e%2E/client.json', false],
    ['https://notes.example/./client.json', false],
    ['https://notes.example\\client.json', false],
    ['https://notes.example/client json', false],
    [`https://notes.example/${'x'.repeat(400)}`, false],
    ['print-shop', false],
  ]
  for (const [address, isOne] of ADDRESSES) {
    test(`${isOne ? 'takes' : 'refuses'} the id ${address.slice(0, 60)}`, () => {
      assert.equal(isDocumentAddress(address, false), isOne)
    })
  }

  test('a document on a machine that is not public is not asked for', async () => {
    for (const address of [
      'https://10.0.0.1/c.json',
      'https://169.254.169.254/latest',
      'https://[::ffff:10.0.0.1]/c.json',
      'https://192.168.1.1/c',
    ]) {
      const { last } = await signIn(world, address)
      assert.equal(last.status, 400, address)
      assert.match(last.body, /cannot be fetched/)
    }
  })

  test('an id that is not known is asked for where authorizations begin, and not for everybody without end', {
    timeout: 30_000,
  }, async () => {
    const steady = `${origin}/steady.json`
    answer = serving((id) => document(id))
    world.advance(3_601_000)
    assert.ok((await signIn(world, steady)).location.searchParams.get('code'))
    world.advance(3_601_000)
    const before = asked.length
    for (const path of ['/introspect', '/revoke', '/token', '/device-authorization/x']) {
      const form = { client_id: `${origin}/nobody.json`, token: 'x', grant_type: 'refresh_token', refresh_token: 'x' }
      assert.ok((await send(world, { path, form })).status >= 400)
    }
    assert.equal((await send(world, { path: `/end-session?client_id=${encodeURIComponent(`${origin}/nobody.json`)}` })).status, 400)
    assert.equal(asked.length, before)
    const waiting: ServerResponse[] = []
    answer = (_request, response) => void waiting.push(response)
    const come = (name: string): Promise<Reply> =>
      send(world, { path: `/authorize?client_id=${encodeURIComponent(`${origin}/${name}.json`)}` })
    const slow = Array.from({ length: 16 }, (_, index) => come(`slow-${index}`))
    await until('sixteen slow hosts', () => waiting.length === 16)
    assert.ok((await signIn(world, steady)).location.searchParams.get('code'), 'one that is known is served as it was')
    const switching = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n'
    for (const [index, response] of waiting.entries()) {
      if (index % 2 === 0) response.destroy()
      else response.socket?.write(switching)
    }
    for (const { status, body } of await Promise.all(slow)) {
      assert.equal(status, 400)
      assert.match(body, /cannot be fetched/)
    }
    answer = serving((id) => document(id))
    const stored = (await strangers(world)).length
    for (let index = 0; index < 10; index += 1) assert.equal((await come(`more-${index}`)).status, 400)
    assert.equal(asked.filter((path) => path.startsWith('/more-')).length, 4, 'twenty in an hour for one address')
    assert.equal((await strangers(world)).length, stored + 4)
    assert.ok((await signIn(world, steady)).location.searchParams.get('code'), 'nobody who is known is shut out by that')
  })

  test('what the host says of freshness holds within bounds', () => {
    assert.equal(freshMsOf({ 'cache-control': 'max-age=1' }), 300_000)
    assert.equal(freshMsOf({ 'cache-control': 'public, max-age=600' }), 600_000)
    assert.equal(freshMsOf({ 'cache-control': 'max-age=99999999' }), 86_400_000)
    assert.equal(freshMsOf({ 'cache-control': 'no-store' }), 300_000)
    assert.equal(freshMsOf({}), 3_600_000)
  })
})
