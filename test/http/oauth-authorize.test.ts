// The authorization endpoint, by the numbers of the requirements: who is sent where, who is asked, and what a request may carry.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { ClientDefinition } from '../../src/auth/clients/contract.ts'
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
  send,
} from '../support/oauth.ts'

const CALLBACK = 'https://app.example/callback'
const signing = await generateKeyPair('ES256', { extractable: true })
const stranger = await generateKeyPair('ES256', { extractable: true })

const third = (clientId: string, change: Partial<ClientDefinition> = {}): ClientDefinition => ({
  clientId,
  name: 'Third',
  redirectUris: [CALLBACK],
  origins: [],
  scopes: ['photos:read'],
  ...change,
})

let world: OauthWorld
let duringSignIn: (() => Promise<unknown>) | undefined

before(async () => {
  const requestObjectKeys = [{ kty: 'EC', ...(await exportJWK(signing.publicKey)) }]
  world = await openOauth({
    clients: [
      third('native', { redirectUris: ['http://127.0.0.1/callback', 'http://[::1]/callback', 'com.example.native:/callback'] }),
      third('web'),
      third('pushing', { requirePushedAuthorizationRequests: true }),
      third('signing', { requestObjectKeys, requireSignedRequestObject: true }),
      third('may-sign', { requestObjectKeys }),
      third('asking', { consent: 'always' }),
      third('own', { consent: 'never' }),
    ],
    definition: { registration: { dynamic: 'anyone' } },
    hooks: { afterSignIn: async () => void (await duringSignIn?.()) },
  })
})

after(() => world.stop())

interface Request {
  readonly clientId?: string
  readonly redirectUri?: string
  readonly scope?: string
  readonly extra?: Record<string, string>
}

function pathFor({ clientId = 'web', redirectUri = CALLBACK, scope = 'openid photos:read', extra = {} }: Request): string {
  return authorizePath(pkce().challenge, { scope, extra: { client_id: clientId, redirect_uri: redirectUri, ...extra } })
}

async function newcomer(): Promise<string> {
  const body = { redirect_uris: [CALLBACK], token_endpoint_auth_method: 'none' }
  const made = await send(world, {
    method: 'POST',
    path: '/register',
    headers: { 'content-type': 'application/json' },
    text: JSON.stringify(body),
  })
  return JSON.parse(made.body).client_id
}

const isSentBack = ({ headers }: Reply): boolean => typeof headers['location'] === 'string' && headers['location'].startsWith(CALLBACK)

test('requirement 4: only a native client listens on a port of its choice, on loopback addresses alone', async () => {
  const taken = [
    'http://127.0.0.1:49152/callback',
    'http://127.0.0.1/callback',
    'http://[::1]:8123/callback',
    'com.example.native:/callback',
  ]
  for (const redirectUri of taken) {
    const { location } = await new Browser(world).authorize(pathFor({ clientId: 'native', redirectUri }), { account: 'person-native' })
    assert.ok(location.searchParams.get('code'), redirectUri)
    assert.equal(location.href.startsWith(redirectUri), true)
  }
  const refused: readonly (readonly [string, string])[] = [
    ['native', 'http://127.0.0.1:49152/other'],
    ['native', 'http://localhost:49152/callback'],
    ['native', 'http://127.0.0.2:49152/callback'],
    ['native', 'https://127.0.0.1:49152/callback'],
    ['native', 'http://user@127.0.0.1:49152/callback'],
    ['native', 'com.example.native:/other'],
    ['web', 'https://app.example:8443/callback'],
    ['web', 'http://127.0.0.1:49152/callback'],
  ]
  for (const [clientId, redirectUri] of refused) {
    const reply = await send(world, { path: pathFor({ clientId, redirectUri }) })
    assert.equal(reply.status, 400, redirectUri)
    assert.equal(reply.headers['location'], undefined)
    assert.match(reply.body, /invalid_redirect_uri/)
  }
})

test('requirement 3: an address that was taken from its client gets nothing more, however far somebody is on the way there', async () => {
  const clientId = 'robbed'
  const safe = 'https://app.example/safe'
  await world.clients.add(call, third(clientId, { redirectUris: [CALLBACK, safe] }))
  const begin = async (): Promise<{ browser: Browser; path: string }> => {
    await world.clients.change(call, clientId, { redirectUris: [CALLBACK, safe] })
    const browser = new Browser(world)
    const { headers } = await browser.visit({ path: pathFor({ clientId }) })
    return { browser, path: new URL(String(headers['location']), world.sites.accounts).pathname }
  }
  const rob = async (): Promise<void> => void (await world.clients.change(call, clientId, { redirectUris: [safe] }))
  const post = (browser: Browser, path: string): Promise<Reply> => browser.visit({ method: 'POST', path })
  const ended = ({ status, headers, body }: Reply): void => {
    assert.deepEqual([status, headers['location']], [400, undefined])
    assert.match(body, /interaction_ended/)
  }

  const early = await begin()
  await rob()
  assert.equal((await early.browser.visit({ path: early.path })).body, 'null', 'nor is there a page')
  ended(await post(early.browser, `${early.path}/sign-in?account=person-robbed`))

  const later = await begin()
  const { headers } = await post(later.browser, `${later.path}/sign-in?account=person-robbed`)
  const consent = new URL(String(headers['location']), world.sites.accounts).pathname
  assert.match((await later.browser.visit({ path: consent })).body, /"consent"/)
  await rob()
  for (const approved of ['yes', 'no']) ended(await post(later.browser, `${consent}/consent?approved=${approved}`))
  await world.clients.change(call, clientId, { redirectUris: [CALLBACK, safe] })
  const agreed = await post(later.browser, `${consent}/consent?approved=yes`)
  assert.ok(isSentBack(agreed), 'nothing was used up meanwhile')

  // It is taken away while a hook has its time.
  const last = await begin()
  await world.clients.change(call, clientId, { consent: 'never' })
  duringSignIn = rob
  const reply = await post(last.browser, `${last.path}/sign-in?account=person-robbed`)
  duringSignIn = undefined
  ended(reply)
})

test('requirement 6: an error does not send anybody to a client that nobody here knows, unless the person has had a say', async () => {
  const clientId = await newcomer()
  const requests: readonly (readonly [string, Record<string, string>])[] = [
    ['unsupported_response_type', { response_type: 'token' }],
    ['login_required', { prompt: 'none' }],
    ['invalid_request', { code_challenge_method: 'plain' }],
    ['unsupported_response_mode', { response_mode: 'form_post' }],
    ['invalid_target', { resource: 'https://nobody.example/' }],
    ['invalid_request', { scope: 'openid', prompt: 'none login' }],
  ]
  const passerBy = new Browser(world)
  for (const [error, extra] of requests) {
    const reply = await passerBy.visit({ path: pathFor({ clientId, extra }) })
    assert.equal(reply.status, 400, error)
    assert.equal(reply.headers['location'], undefined)
    assert.match(reply.body, new RegExp(error))
  }
  assert.deepEqual(passerBy.cookieNames, [], 'nothing has begun')
  const known = await send(world, { path: pathFor({ extra: { prompt: 'none' } }) })
  assert.equal(isSentBack(known), true, 'a client that an operator knows is told at once')
  const browser = new Browser(world)
  const denied = await browser.authorize(pathFor({ clientId }), { account: 'person-say', approve: false })
  assert.equal(denied.location.searchParams.get('error'), 'access_denied', 'whoever says no is sent back')
})

test('requirement 13: success and error both say who answers', async () => {
  for (const name of ['openid-configuration', 'oauth-authorization-server']) {
    const metadata = JSON.parse((await send(world, { path: `/.well-known/${name}` })).body)
    assert.equal(metadata.authorization_response_iss_parameter_supported, true)
  }
  const browser = new Browser(world)
  const none = await browser.authorize(pathFor({ extra: { prompt: 'none' } }), { account: 'person-iss' })
  const good = await browser.authorize(pathFor({}), { account: 'person-iss' })
  const denied = await browser.authorize(pathFor({ extra: { prompt: 'consent' } }), { account: 'person-iss', approve: false })
  const wrong = await browser.authorize(pathFor({ extra: { code_challenge_method: 'plain' } }), { account: 'person-iss' })
  assert.ok(good.location.searchParams.get('code'))
  assert.deepEqual(
    [none, denied, wrong].map(({ location }) => location.searchParams.get('error')),
    ['login_required', 'access_denied', 'invalid_request'],
  )
  for (const { location } of [none, good, denied, wrong]) assert.equal(location.searchParams.get('iss'), world.sites.accounts)
})

test('requirement 14: state comes back byte for byte, nonce in the ID token', async () => {
  const state = 'a/b c+d%2F&=\u00e4\u{1f511}"<>'
  const { verifier, challenge } = pkce()
  const path = authorizePath(challenge, {
    scope: 'openid',
    extra: { client_id: 'web', redirect_uri: CALLBACK, state, nonce: 'n-0S6_WzA2Mj' },
  })
  const { location } = await new Browser(world).authorize(path, { account: 'person-state' })
  assert.equal(location.searchParams.get('state'), state)
  const form = {
    grant_type: 'authorization_code',
    client_id: 'web',
    code: location.searchParams.get('code') ?? '',
    code_verifier: verifier,
  }
  const tokens = JSON.parse((await send(world, { path: '/token', form })).body)
  assert.equal(claimsOf(tokens.id_token)['nonce'], 'n-0S6_WzA2Mj')
})

test('requirement 15: prompt and max_age are honoured, and select_account lets another person in', async (context) => {
  const browser = new Browser(world)
  await browser.authorize(pathFor({}), { account: 'person-first' })
  const again = async (extra: Record<string, string>): Promise<{ asked: string[]; location: URL }> =>
    await browser.authorize(pathFor({ extra }), { account: 'person-first' })
  assert.deepEqual((await again({})).asked, [])
  assert.deepEqual((await again({ prompt: 'none' })).location.searchParams.get('error'), null)
  assert.deepEqual((await again({ prompt: 'login' })).asked, ['login'])
  assert.deepEqual((await again({ prompt: 'consent' })).asked, ['consent'])
  assert.deepEqual((await again({ prompt: 'login consent' })).asked, ['login', 'consent'])
  assert.deepEqual((await again({ max_age: '0' })).asked, ['login'])
  assert.deepEqual((await again({ max_age: '3600' })).asked, [])
  context.mock.timers.enable({ apis: ['Date'], now: Date.now() + 100_000 })
  assert.deepEqual((await again({ max_age: '3600' })).asked, [])
  assert.deepEqual((await again({ max_age: '60' })).asked, ['login'], 'the sign-in is older than that')
  context.mock.timers.reset()
  assert.equal((await again({ prompt: 'none login' })).location.searchParams.get('error'), 'invalid_request')
  const other = await browser.authorize(pathFor({ extra: { prompt: 'select_account' } }), { account: 'person-second' })
  assert.deepEqual(other.asked, ['login', 'consent'])
  assert.equal((await world.server.engine.sessions(call, 'person-first')).length, 0)
})

test('requirement 16: a form posted to the authorization endpoint goes the same way', async () => {
  const path = pathFor({})
  const browser = new Browser(world)
  const posted = await browser.visit({ path: '/authorize', form: Object.fromEntries(new URLSearchParams(path.split('?')[1])) })
  assert.equal(posted.status, 303)
  const { location, asked } = await browser.authorize(String(posted.headers['location']), { account: 'person-post' })
  assert.deepEqual(asked, ['login', 'consent'])
  assert.ok(location.searchParams.get('code'))
})

test('requirement 17: scripts of other origins read nothing at the authorization endpoint', async () => {
  const origin = PRINT_SHOP.origins[0]
  const path = authorizePath(pkce().challenge)
  // What asks the person, what goes back to the client at once, and what is an error of ours.
  for (const asked of [path, `${path}&prompt=none`, `${path}&client_id=twice`])
    for (const method of ['GET', 'OPTIONS']) {
      const reply = await send(world, { method, path: asked, headers: { origin, 'access-control-request-method': 'GET' } })
      for (const name of Object.keys(reply.headers)) assert.doesNotMatch(name, /^access-control-/)
    }
})

test('requirement 18: every step after a form is a 303', async () => {
  const browser = new Browser(world)
  let reply = await browser.visit({ path: pathFor({}) })
  const statuses = [reply.status]
  for (let hop = 0; hop < 8 && !isSentBack(reply); hop += 1) {
    const { pathname, search } = new URL(String(reply.headers['location']), world.sites.accounts)
    const step = pathname.startsWith('/interaction/') ? JSON.parse((await browser.visit({ path: pathname })).body).prompt : undefined
    reply =
      step === undefined
        ? await browser.visit({ path: pathname + search })
        : await browser.visit({
            method: 'POST',
            path: step === 'login' ? `${pathname}/sign-in?account=person-303` : `${pathname}/consent?approved=yes`,
          })
    statuses.push(reply.status)
  }
  assert.equal(isSentBack(reply), true)
  assert.equal(statuses.length, 3, 'to where it asks, and after each of two forms')
  assert.deepEqual(new Set(statuses), new Set([303]))
})

test('requirement 20: the consent page knows where a client comes from, and which nobody has checked', async () => {
  const interactionOf = async (clientId: string): Promise<Record<string, unknown>> => {
    const browser = new Browser(world)
    const begun = await browser.visit({ path: pathFor({ clientId }) })
    return JSON.parse((await browser.visit({ path: new URL(String(begun.headers['location']), world.sites.accounts).pathname })).body)
      .client
  }
  const known = await interactionOf('web')
  assert.equal(known['isUnknown'], undefined)
  assert.equal(known['host'], 'app.example')
  const unknown = await interactionOf(await newcomer())
  assert.equal(unknown['isUnknown'], true)
  assert.equal(typeof unknown['createdAt'], 'number')
})

test('requirement 21: nobody is sent on silently to a native client, or to one that asks each time', async () => {
  const redirectUri = 'http://127.0.0.1:5000/callback'
  const scheme = 'com.example.native:/callback'
  const requests: readonly Request[] = [
    { clientId: 'native', redirectUri },
    { clientId: 'native', redirectUri: scheme },
    { clientId: 'asking' },
  ]
  for (const request of requests) {
    const browser = new Browser(world)
    const account = 'person-silent'
    assert.deepEqual((await browser.authorize(pathFor(request), { account })).asked, ['login', 'consent'])
    assert.deepEqual((await browser.authorize(pathFor(request), { account })).asked, ['consent'], 'asked again')
    const none = await browser.authorize(pathFor({ ...request, extra: { prompt: 'none' } }), { account })
    assert.match(none.location.searchParams.get('error') ?? '', /^(?:interaction|consent)_required$/)
    assert.equal(none.location.searchParams.get('code'), null)
  }
  const browser = new Browser(world)
  const account = 'person-prior'
  const first = await browser.authorize(pathFor({ extra: { prompt: 'none' } }), { account })
  assert.equal(first.location.searchParams.get('error'), 'login_required')
  await browser.authorize(pathFor({}), { account })
  const silent = await browser.authorize(pathFor({ extra: { prompt: 'none' } }), { account })
  assert.ok(silent.location.searchParams.get('code'), 'an exact https address, and the person has agreed before')
  await world.server.engine.revokeApp(call, account, 'web')
  const ended = await browser.authorize(pathFor({ extra: { prompt: 'none' } }), { account })
  assert.equal(ended.location.searchParams.get('error'), 'consent_required')
  const elsewhere = await browser.visit({ path: pathFor({ redirectUri: `${CALLBACK}/`, extra: { prompt: 'none' } }) })
  assert.deepEqual([elsewhere.status, elsewhere.headers['location']], [400, undefined])
})

test('a client of our own that never asks gets what it may have, and no more', async () => {
  const { location, asked } = await new Browser(world).authorize(pathFor({ clientId: 'own', scope: 'openid photos:read photos:write' }), {
    account: 'person-own',
  })
  assert.deepEqual(asked, ['login'])
  assert.ok(location.searchParams.get('code'))
})

test('requirement 22: a parameter that comes twice is refused, an unknown one ignored, an empty one as good as absent', async () => {
  const twice = await send(world, { path: `${pathFor({})}&scope=openid` })
  assert.equal(new URL(String(twice.headers['location'])).searchParams.get('error'), 'invalid_request')
  const client = await send(world, { path: `${pathFor({})}&client_id=print-shop` })
  assert.equal(client.status, 400)
  assert.equal(client.headers['location'], undefined)
  const { location } = await new Browser(world).authorize(pathFor({ extra: { unknown: 'x', prompt: '', max_age: '' } }), {
    account: 'person-empty',
  })
  assert.ok(location.searchParams.get('code'))
})

test('requirement 47: pushed requests are bound to their client, live for a minute, and are needed where that was said', async () => {
  const form = Object.fromEntries(new URLSearchParams(pathFor({ clientId: 'pushing' }).split('?')[1]))
  const direct = await send(world, { path: pathFor({ clientId: 'pushing' }) })
  assert.equal(new URL(String(direct.headers['location'])).searchParams.get('error'), 'invalid_request')
  const push = async (more: Record<string, string> = {}): Promise<Reply> => await send(world, { path: '/par', form: { ...form, ...more } })
  assert.match(
    errorOf(await push({ request_uri: 'urn:ietf:params:oauth:request_uri:x' })),
    /^(?:invalid_request|request_uri_not_supported)$/,
  )
  const pushed = JSON.parse((await push()).body)
  assert.ok(pushed.expires_in <= 60)
  const pathOf = (clientId: string, requestUri: string): string =>
    `/authorize?${new URLSearchParams({ client_id: clientId, request_uri: requestUri }).toString()}`
  const stolen = await send(world, { path: pathOf('web', pushed.request_uri) })
  assert.equal(stolen.status, 400)
  assert.equal(stolen.headers['location'], undefined)
  const { location } = await new Browser(world).authorize(pathOf('pushing', pushed.request_uri), { account: 'person-par' })
  assert.ok(location.searchParams.get('code'))
  assert.equal((await send(world, { path: pathOf('pushing', pushed.request_uri) })).status, 400, 'used up')
  const late = JSON.parse((await push()).body)
  world.advance(66_000)
  assert.equal((await send(world, { path: pathOf('pushing', late.request_uri) })).status, 400)
  world.advance(-66_000)
})

test('a signed request counts as signed, and nothing else does (RFC 9101)', async () => {
  const signed = async (clientId: string, { key = signing.privateKey, claims = {} } = {}): Promise<string> => {
    const asked = Object.fromEntries(new URLSearchParams(pathFor({ clientId, scope: 'openid offline_access photos:read' }).split('?')[1]))
    const request = await new SignJWT({ ...asked, iss: clientId, aud: world.sites.accounts, ...claims })
      .setProtectedHeader({ alg: 'ES256', typ: 'oauth-authz-req+jwt' })
      .setIssuedAt()
      .setExpirationTime('1m')
      .sign(key)
    return `/authorize?${new URLSearchParams({ client_id: clientId, request }).toString()}`
  }
  for (const clientId of ['signing', 'may-sign']) {
    const { location, last } = await new Browser(world).authorize(await signed(clientId), { account: 'person-jar' })
    assert.ok(location.searchParams.get('code'), last.body)
  }
  const unsigned = await send(world, { path: pathFor({ clientId: 'signing' }) })
  assert.equal(new URL(String(unsigned.headers['location'])).searchParams.get('error'), 'invalid_request')
  const header = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url')
  const none = `${header}.${Buffer.from(JSON.stringify({ client_id: 'may-sign' })).toString('base64url')}.`
  const refused = [
    await signed('may-sign', { key: stranger.privateKey }),
    await signed('may-sign', { claims: { client_id: 'web' } }),
    await signed('web'),
    `/authorize?${new URLSearchParams({ client_id: 'may-sign', request: none }).toString()}`,
  ]
  for (const path of refused) {
    const browser = new Browser(world)
    const reply = await browser.visit({ path })
    const location = reply.headers['location']
    const error = typeof location === 'string' ? new URL(location).searchParams.get('error') : /<h1>(\w+)/.exec(reply.body)?.[1]
    assert.match(
      error ?? `${reply.status} ${String(location)} ${reply.body}`,
      /^(?:invalid_request_object|invalid_request|request_not_supported|invalid_client)$/,
    )
    assert.deepEqual(browser.cookieNames, [], 'no interaction has begun')
  }
})

test('a request object of anybody is refused in order, whatever stands in it', async () => {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const texts = { toString: 1 }
  for (const payload of [{ state: texts }, { redirect_uri: [texts] }, { resource: { a: 1 } }, { resource: [{ a: 1 }] }, null, 5, ['x']]) {
    const request = `${part({ alg: 'ES256' })}.${part(payload)}.${part('x')}`
    const query = new URLSearchParams({ client_id: 'web', request })
    const shown = await send(world, { path: `/authorize?${query.toString()}` })
    assert.ok(shown.status < 500, `${JSON.stringify(payload)} ${shown.status} ${shown.body}`)
    const pushed = await send(world, { path: '/par', form: Object.fromEntries(query) })
    assert.deepEqual([pushed.status, errorOf(pushed)], [400, 'invalid_request_object'], JSON.stringify(payload))
  }
  const unknown = `${part({ alg: 'ES256' })}.${part({ constructor: { a: 1 } })}.${part('x')}`
  const { body } = await send(world, { path: '/par', form: { client_id: 'web', request: unknown } })
  assert.doesNotMatch(body, /must be text/, 'what is no parameter may be anything')
})

const read = async (name: string, headers: Record<string, string> = {}): Promise<Record<string, unknown>> =>
  JSON.parse((await send(world, { path: `/.well-known/${name}`, headers })).body)

test('requirement 48: both documents are there, agree, and name the address that they are read at', async () => {
  const openid = await read('openid-configuration')
  assert.deepEqual(await read('oauth-authorization-server'), openid)
  assert.equal(openid['issuer'], world.sites.accounts)
  // The part of an issuer's path would come after these names (RFC 8414 section 3.1). Ours has none, so that both ways to build the address are one.
  assert.equal(new URL(world.sites.accounts).pathname, '/')
  for (const [name, address] of Object.entries(openid))
    if (name.endsWith('_endpoint') || name === 'jwks_uri') assert.equal(new URL(String(address)).origin, world.sites.accounts, name)
})

test('requirement 50: both documents offer S256 and no other challenge', async () => {
  for (const name of ['openid-configuration', 'oauth-authorization-server']) {
    const document = await read(name)
    assert.deepEqual(document['code_challenge_methods_supported'], ['S256'], name)
    assert.deepEqual(document['response_types_supported'], ['code'])
  }
})

test('requirement 49: neither document, key set nor redirect follows a header', async () => {
  const openid = await read('openid-configuration')
  const forged: readonly Record<string, string>[] = [
    {},
    { host: 'evil.example' },
    { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' },
    { forwarded: 'host=evil.example;proto=https' },
    { 'x-original-url': '/evil', 'x-forwarded-prefix': '/evil' },
  ]
  for (const headers of forged) {
    assert.deepEqual(await read('openid-configuration', headers), openid)
    assert.deepEqual(await read('oauth-authorization-server', headers), openid)
    const begun = await send(world, { path: pathFor({}), headers })
    assert.match(String(begun.headers['location']), /^\/interaction\//)
    assert.equal(JSON.stringify(begun.headers).includes('evil'), false)
  }
})
