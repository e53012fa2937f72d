// The authorization server as clients meet it: a strict client library, a third party, a frontend of the app, and the account pages.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { importJWK, SignJWT } from 'jose'
import * as oauth from 'oauth4webapi'
import {
  authorizePath,
  Browser,
  call,
  claimsOf,
  frontendTokens,
  type OauthWorld,
  openOauth,
  PRINT_SHOP,
  pkce,
  type Reply,
  send,
  type Tokens,
  tokensFor,
} from '../support/oauth.ts'
import { consentsCollection } from '../../src/auth/provider/collections.ts'
import { localFetch } from '../support/strict-client.ts'

let world: OauthWorld

before(async () => {
  world = await openOauth()
})

after(() => world.stop())

const insecure = {
  [oauth.customFetch]: (url: string, options: Parameters<typeof localFetch>[2]) => localFetch(world, url, options),
  [oauth.allowInsecureRequests]: true,
} as const
const client: oauth.Client = { client_id: PRINT_SHOP.clientId }

async function discover(): Promise<oauth.AuthorizationServer> {
  const issuer = new URL(world.sites.accounts)
  return await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure))
}

test('a strict client signs a person in, refreshes, and asks who it is', async () => {
  const server = await discover()
  const browser = new Browser(world)
  const verifier = oauth.generateRandomCodeVerifier()
  const nonce = oauth.generateRandomNonce()
  const state = 'a state with / & = signs'
  const extra = { nonce, state }
  const path = authorizePath(await oauth.calculatePKCECodeChallenge(verifier), {
    scope: 'openid profile offline_access photos:read',
    extra,
  })
  const { location, asked } = await browser.authorize(path, { account: 'person-strict' })
  assert.deepEqual(asked, ['login', 'consent'])
  assert.equal(location.searchParams.get('iss'), world.sites.accounts)
  const params = oauth.validateAuthResponse(server, client, location, state)
  const granted = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    oauth.None(),
    params,
    PRINT_SHOP.redirectUris[0],
    verifier,
    insecure,
  )
  assert.equal(granted.headers.get('cache-control'), 'no-store')
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, granted, { expectedNonce: nonce, requireIdToken: true })
  const idToken = oauth.getValidatedIdTokenClaims(tokens)
  assert.equal(idToken?.sub, 'person-strict')
  assert.deepEqual([idToken?.['name'], idToken?.['locale']], ['Name of person-strict', 'de-AT'])
  assert.equal(tokens.expires_in, 300)

  const audience = `${world.sites.app}/api`
  const request = new Request(`${audience}/photos`, { headers: { authorization: `Bearer ${tokens.access_token}` } })
  const claims = await oauth.validateJwtAccessToken(server, request, audience, insecure)
  assert.equal(claims['scope'], 'photos:read')
  assert.equal(claims['sid'], idToken?.['sid'])
  assert.deepEqual(Object.keys(claims).toSorted(), [
    'acr',
    'amr',
    'aud',
    'auth_time',
    'client_id',
    'exp',
    'iat',
    'iss',
    'jti',
    'openid_scope',
    'scope',
    'sid',
    'sub',
  ])

  const refreshed = await oauth.processRefreshTokenResponse(
    server,
    client,
    await oauth.refreshTokenGrantRequest(server, client, oauth.None(), tokens.refresh_token ?? '', insecure),
  )
  assert.notEqual(refreshed.refresh_token, tokens.refresh_token)
  const userinfo = await oauth.processUserInfoResponse(
    server,
    client,
    'person-strict',
    await oauth.userInfoRequest(server, client, refreshed.access_token, insecure),
  )
  assert.deepEqual([userinfo.name, userinfo.locale], ['Name of person-strict', 'de-AT'])
  assert.equal(userinfo.email, undefined, 'the scope email was not asked for')
})

test('requirement 73: tokens say of a person what was asked for, and access tokens not even that', async () => {
  const people = 'Name of|@example|"name"|"email'
  const plain = await tokensFor(world, new Browser(world), { account: 'person-bare', scope: 'openid photos:read' })
  const all = await tokensFor(world, new Browser(world), {
    account: 'person-bare',
    scope: 'openid profile email offline_access photos:read',
  })
  for (const token of [plain.access_token, plain.id_token, all.access_token])
    assert.doesNotMatch(JSON.stringify(claimsOf(token)), new RegExp(people))
  const { name, email } = claimsOf(all.id_token)
  assert.deepEqual([name, email], ['Name of person-bare', 'person-bare@example.org'])
  const seen = await send(world, { path: '/userinfo', headers: { authorization: `Bearer ${plain.access_token}` } })
  assert.deepEqual(Object.keys(JSON.parse(seen.body)).toSorted(), ['sub'])
})

const userinfo = (token: string): Promise<Reply> => send(world, { path: '/userinfo', headers: { authorization: `Bearer ${token}` } })

test('requirement 73: userinfo tells what its token was asked for, whatever else the person has allowed the client', async () => {
  const account = 'person-asked'
  const browser = new Browser(world)
  const told = async (token: string): Promise<string[]> => {
    const reply = await userinfo(token)
    return reply.status === 200 ? Object.keys(JSON.parse(reply.body)).toSorted() : [String(reply.status), reply.body]
  }
  const refreshed = async (token: string | undefined, scope: Readonly<Record<string, string>> = {}): Promise<Tokens> => {
    const form = { grant_type: 'refresh_token', client_id: PRINT_SHOP.clientId, refresh_token: token ?? '', ...scope }
    const reply = await send(world, { path: '/token', form })
    assert.equal(reply.status, 200, reply.body)
    return JSON.parse(reply.body)
  }
  const everything = ['email', 'email_verified', 'locale', 'name', 'sub']
  const nothing = ['403', '{"error":"insufficient_scope"}']
  const first = await tokensFor(world, browser, { account, scope: 'openid offline_access profile email photos:read' })
  assert.deepEqual([first.scope, await told(first.access_token)], ['openid profile email photos:read', everything])

  const narrowed = await refreshed(first.refresh_token, { scope: 'photos:read' })
  assert.deepEqual([narrowed.scope, await told(narrowed.access_token)], ['photos:read', nothing])
  assert.match(
    String((await userinfo(narrowed.access_token)).headers['www-authenticate']),
    /^Bearer error="insufficient_scope", scope="openid", DPoP algs=/,
  )
  const without = await refreshed(narrowed.refresh_token, { scope: 'email profile' })
  assert.deepEqual(await told(without.access_token), nothing)
  const some = await refreshed(without.refresh_token, { scope: 'openid email' })
  assert.equal(some.scope, 'openid email')
  assert.deepEqual(await told(some.access_token), ['email', 'email_verified', 'sub'])
  assert.deepEqual(await told((await refreshed(some.refresh_token)).access_token), everything, 'what the family was granted is still there')

  const less = await tokensFor(world, browser, { account, scope: 'openid offline_access' })
  for (const { access_token: token } of [less, await refreshed(less.refresh_token)]) assert.deepEqual(await told(token), ['sub'])
  const plain = await tokensFor(world, browser, { account, scope: 'photos:read' })
  assert.equal(claimsOf(plain.access_token)['sid'], claimsOf(first.access_token)['sid'], 'of the one grant that has it all')
  assert.deepEqual(await told(plain.access_token), nothing)
  assert.deepEqual(await told(first.access_token), everything)
})

test('an access token of a release that did not keep what it was asked for opens what was granted, until it expires', async () => {
  const { access_token: token } = await tokensFor(world, new Browser(world), {
    account: 'person-former',
    scope: 'openid email photos:read',
  })
  const { openid_scope: kept, ...before } = claimsOf(token)
  assert.equal(kept, 'openid email')
  const { signing, accessTokenKid: kid } = await world.server.signingKeys.load(call)
  const key = await importJWK(signing.find((jwk) => jwk.kid === kid) ?? assert.fail('no key'))
  const signed = (claims: object): Promise<string> =>
    new SignJWT({ ...claims }).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid }).sign(key)
  const reply = await userinfo(await signed(before))
  assert.deepEqual([reply.status, JSON.parse(reply.body).email], [200, 'person-former@example.org'])
  const exchanged = await userinfo(await signed({ ...before, act: { sub: `client:${PRINT_SHOP.clientId}` } }))
  assert.equal(exchanged.status, 403, 'nobody was asked for a token that was exchanged for another')
})

test('a bound token needs its key, and a proof counts once', async () => {
  const server = await discover()
  const browser = new Browser(world)
  const keyPair = await oauth.generateKeyPair('ES256')
  const { verifier, challenge } = pkce()
  const { location } = await browser.authorize(authorizePath(challenge), { account: 'person-dpop' })
  const params = oauth.validateAuthResponse(server, client, location, 'some-state')
  const DPoP = oauth.DPoP(client, keyPair)
  const [redirectUri] = PRINT_SHOP.redirectUris
  const seen: string[] = []
  const spy = (url: string, options: { headers?: Record<string, string> }): Promise<Response> => {
    seen.push(options.headers?.['dpop'] ?? '')
    return localFetch(world, url, options)
  }
  const granted = await oauth.authorizationCodeGrantRequest(server, client, oauth.None(), params, redirectUri, verifier, {
    ...insecure,
    DPoP,
    [oauth.customFetch]: spy,
  })
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, granted)
  assert.equal(tokens.token_type, 'dpop')
  assert.ok(Object(claimsOf(tokens.access_token)['cnf']).jkt)
  const form = { grant_type: 'refresh_token', client_id: client.client_id, refresh_token: tokens.refresh_token ?? '' }
  const bare = await send(world, { path: '/token', form })
  assert.equal(bare.status, 400, 'a refresh without the key is refused')
  const replayed = await send(world, { path: '/token', form, headers: { dpop: seen[0] ?? '' } })
  assert.equal(replayed.status, 400, 'a used proof is refused')
  const proper = await oauth.refreshTokenGrantRequest(server, client, oauth.None(), tokens.refresh_token ?? '', { ...insecure, DPoP })
  assert.equal(proper.status, 200)
})

test('consent is asked once for each scope, in any browser', async () => {
  const account = 'person-consent'
  const first = new Browser(world)
  const one = await first.authorize(authorizePath(pkce().challenge, { scope: 'openid photos:read' }), { account })
  assert.deepEqual(one.asked, ['login', 'consent'])
  const again = await first.authorize(authorizePath(pkce().challenge, { scope: 'openid photos:read' }), { account })
  assert.deepEqual(again.asked, [], 'signed in and agreed already')
  const second = new Browser(world)
  const elsewhere = await second.authorize(authorizePath(pkce().challenge, { scope: 'openid photos:read' }), { account })
  assert.deepEqual(elsewhere.asked, ['login'])
  const more = await second.visit({ path: authorizePath(pkce().challenge, { scope: 'openid photos:read email' }) })
  const page = JSON.parse((await second.visit({ path: new URL(String(more.headers['location']), world.sites.accounts).pathname })).body)
  assert.deepEqual(page.scopes, [{ name: 'email', words: 'see your email address' }])
  assert.deepEqual(page.client, {
    clientId: 'print-shop',
    name: 'Print Shop',
    host: 'printshop.localhost:9001',
    redirectOrigin: 'http://printshop.localhost:9001',
    firstParty: false,
  })
})

test('a yes of before it was kept what the page had named counts, where there is no resource but the API', async () => {
  const account = 'person-named-before'
  const browser = new Browser(world)
  const ask = async (scope: string): Promise<string[]> =>
    (await browser.authorize(authorizePath(pkce().challenge, { scope }), { account })).asked
  await ask('openid photos:read')
  const consents = world.database.collection(consentsCollection)
  const { items } = await consents.list(call, { index: 'account', where: { accountId: account }, limit: 2 })
  for (const { value } of items) await consents.update(call, value.id, { set: { named: undefined } })
  assert.deepEqual([items.length, await ask('openid photos:read')], [1, []])
  assert.deepEqual([await ask('openid photos:read email'), await ask('openid photos:read email')], [['consent'], []])
})

test('saying no goes back to the app with access_denied, and nothing is allowed', async () => {
  const account = 'person-no'
  const browser = new Browser(world)
  const denied = await browser.authorize(authorizePath(pkce().challenge), { account, approve: false })
  assert.equal(denied.location.searchParams.get('error'), 'access_denied')
  assert.equal(denied.location.searchParams.get('state'), 'some-state')
  assert.equal(denied.location.searchParams.get('code'), null)
  const asked = await browser.authorize(authorizePath(pkce().challenge), { account, approve: false })
  assert.deepEqual(asked.asked, ['consent'])
})

test('offline access is what was agreed to: with it a refresh token, without it none', async () => {
  const tokens = await tokensFor(world, new Browser(world), { account: 'person-offline', scope: 'openid photos:read' })
  assert.equal(tokens.refresh_token, undefined)
  const more = await tokensFor(world, new Browser(world), { account: 'person-offline' })
  assert.ok(more.refresh_token)
})

test('a frontend of the app is not asked for consent and always refreshes', async () => {
  const tokens = await frontendTokens(world, new Browser(world), 'person-first')
  assert.ok(tokens.refresh_token)
  const claims = claimsOf(tokens.access_token)
  assert.equal(claims['client_id'], 'diary')
  assert.equal(claims['scope'], 'photos:read photos:write')
  assert.equal(claims['aud'], `${world.sites.app}/api`)
})

test('prompt and max_age are honoured', async () => {
  const account = 'person-prompt'
  const browser = new Browser(world)
  const scope = 'openid photos:read'
  const unknown = await browser.authorize(authorizePath(pkce().challenge, { scope, extra: { prompt: 'none' } }), { account })
  assert.equal(unknown.location.searchParams.get('error'), 'login_required')
  assert.equal(unknown.location.searchParams.get('iss'), world.sites.accounts)
  await tokensFor(world, browser, { account, scope })
  const silent = await browser.authorize(authorizePath(pkce().challenge, { scope, extra: { prompt: 'none' } }), { account })
  assert.ok(silent.location.searchParams.get('code'))
  const login = await browser.authorize(authorizePath(pkce().challenge, { scope, extra: { prompt: 'login' } }), { account })
  assert.deepEqual(login.asked, ['login'])
  const consent = await browser.authorize(authorizePath(pkce().challenge, { scope, extra: { prompt: 'consent' } }), { account })
  assert.deepEqual(consent.asked, ['consent'])
  await new Promise((resolve) => setTimeout(resolve, 2100))
  const stale = await browser.authorize(authorizePath(pkce().challenge, { scope, extra: { max_age: '1' } }), { account })
  assert.deepEqual(stale.asked, ['login'])
})

test('another person may sign in where somebody is signed in; the first one is signed out', async () => {
  const browser = new Browser(world)
  const first = await frontendTokens(world, browser, 'person-before')
  const { location, asked } = await browser.authorize(authorizePath(pkce().challenge, { extra: { prompt: 'login' } }), {
    account: 'person-after',
  })
  assert.deepEqual(asked, ['login', 'consent'])
  assert.ok(location.searchParams.get('code'))
  assert.deepEqual(await world.server.engine.sessions(call, 'person-before'), [])
  const { items } = await world.revocations.list(call)
  assert.ok(items.some(({ subject }) => subject === claimsOf(first.access_token)['sid']))
})

test('a form posted to the authorization endpoint becomes a GET', async () => {
  const path = authorizePath(pkce().challenge)
  const posted = await send(world, { path: '/authorize', form: Object.fromEntries(new URLSearchParams(path.split('?')[1])) })
  assert.equal(posted.status, 303)
  assert.equal(posted.headers['location'], path)
  assert.equal(posted.headers['access-control-allow-origin'], undefined)
  const long = await send(world, { path: '/authorize', form: { state: 'x'.repeat(9000) } })
  assert.equal(long.status, 413)
})

test('a pushed request is good once', async () => {
  const { verifier, challenge } = pkce()
  const form = Object.fromEntries(new URLSearchParams(authorizePath(challenge).split('?')[1]))
  const pushed = await send(world, { path: '/par', form })
  assert.equal(pushed.status, 201)
  const { request_uri: requestUri } = JSON.parse(pushed.body)
  const path = `/authorize?${new URLSearchParams({ client_id: PRINT_SHOP.clientId, request_uri: requestUri }).toString()}`
  const browser = new Browser(world)
  const { location } = await browser.authorize(path, { account: 'person-par' })
  const code = location.searchParams.get('code') ?? ''
  const tokens = await send(world, {
    path: '/token',
    form: { grant_type: 'authorization_code', client_id: PRINT_SHOP.clientId, code, code_verifier: verifier },
  })
  assert.equal(tokens.status, 200)
  assert.ok(JSON.parse(tokens.body).refresh_token, 'offline_access inside the pushed request counts')
  const second = await browser.visit({ path })
  assert.equal(second.status, 400)
  assert.match(second.body, /invalid_request_uri/)
})

test('beside a pushed request nothing counts, whatever it is', async () => {
  const { verifier, challenge } = pkce()
  const form = Object.fromEntries(new URLSearchParams(authorizePath(challenge, { scope: 'openid photos:read' }).split('?')[1]))
  const odd = `?${new URLSearchParams({ request: 'a.b.c', scope: 'openid offline_access' }).toString()}`
  const pushed = await send(world, { path: `/par${odd}`, form })
  assert.equal(pushed.status, 201, pushed.body)
  const { request_uri: requestUri } = JSON.parse(pushed.body)
  const query = { client_id: PRINT_SHOP.clientId, request_uri: requestUri, scope: 'openid offline_access photos:read' }
  const { location } = await new Browser(world).authorize(`/authorize?${new URLSearchParams(query).toString()}`, {
    account: 'person-beside',
  })
  const code = location.searchParams.get('code') ?? ''
  const redeemed = { grant_type: 'authorization_code', client_id: PRINT_SHOP.clientId, code, code_verifier: verifier }
  const tokens = await send(world, { path: '/token', form: redeemed })
  assert.equal(tokens.status, 200, tokens.body)
  assert.equal(JSON.parse(tokens.body).refresh_token, undefined, 'offline_access was not pushed')
})

test('the account pages sign in with the same flow and come back', async () => {
  const browser = new Browser(world)
  const path = world.server.engine.signInPath('/account?tab=apps')
  const { last } = await browser.authorize(path, { account: 'person-account' })
  assert.equal(last.status, 404, 'the account page itself is not part of this world')
  const forged = await send(world, { path: '/signed-in?state=nonsense' })
  assert.equal(forged.headers['location'], '/account')
  const found = await world.server.engine.sessions(call, 'person-account')
  assert.equal(found.length, 1)
  assert.equal(found[0]?.device, 'Firefox on Linux')
})

test('signing out asks first, ends the session and goes to the registered address only', async () => {
  const account = 'person-out'
  const browser = new Browser(world)
  const tokens = await frontendTokens(world, browser, account)
  const shop = await tokensFor(world, browser, { account })
  const query = new URLSearchParams({
    id_token_hint: shop.id_token,
    post_logout_redirect_uri: PRINT_SHOP.postLogoutRedirectUris[0],
    state: 'bye',
  })
  const page = await browser.visit({ path: `/end-session?${query.toString()}` })
  assert.equal(page.status, 200)
  assert.match(String(page.headers['content-security-policy']), /form-action 'self' http:\/\/printshop\.localhost:9001/)
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(page.body)?.[1] ?? ''
  const forged = await browser.visit({ path: '/end-session/confirm', form: { xsrf: 'f'.repeat(48), logout: 'yes' } })
  assert.equal(forged.status, 400)
  assert.equal((await world.server.engine.sessions(call, account)).length, 1, 'a forged form ends nothing')
  const done = await browser.visit({ path: '/end-session/confirm', form: { xsrf, logout: 'yes' } })
  assert.equal(done.headers['location'], 'http://printshop.localhost:9001/bye?state=bye')
  assert.deepEqual(await world.server.engine.sessions(call, account), [])
  const { items } = await world.revocations.list(call)
  assert.ok(items.some(({ subject }) => subject === claimsOf(tokens.access_token)['sid']))
  const kept = await send(world, {
    path: '/token',
    form: { grant_type: 'refresh_token', client_id: PRINT_SHOP.clientId, refresh_token: shop.refresh_token ?? '' },
  })
  assert.equal(kept.status, 200, 'offline access was given until it is revoked')
  const elsewhere = await browser.visit({
    path: `/end-session?${new URLSearchParams({ client_id: 'print-shop', post_logout_redirect_uri: 'https://evil.example/' }).toString()}`,
  })
  assert.equal(elsewhere.status, 400)
  assert.equal(elsewhere.headers['location'], undefined)
})

test('a session that is gone does not sign its browser out with an error', async () => {
  const account = 'person-gone'
  const browser = new Browser(world)
  await frontendTokens(world, browser, account)
  const [session] = await world.server.engine.sessions(call, account)
  await world.server.engine.endBrowserSession(call, account, session?.id ?? '')
  const { asked, location } = await browser.authorize(authorizePath(pkce().challenge), { account })
  assert.deepEqual(asked, ['login', 'consent'])
  assert.ok(location.searchParams.get('code'))
})

test('signing out where nobody is signed in asks nothing', async () => {
  const query = new URLSearchParams({
    client_id: 'print-shop',
    post_logout_redirect_uri: PRINT_SHOP.postLogoutRedirectUris[0],
    state: 'bye',
  })
  const known = await send(world, { path: `/end-session?${query.toString()}` })
  assert.equal(known.status, 303)
  assert.equal(known.headers['location'], 'http://printshop.localhost:9001/bye?state=bye')
  const bare = await send(world, { path: '/end-session' })
  assert.equal(bare.headers['location'], `${world.sites.accounts}/end-session/success`)
  const success = await send(world, { path: '/end-session/success' })
  assert.deepEqual([success.status, success.headers['location']], [303, '/signed-out'], 'which looks who is signed in')
})

test('userinfo may be read by scripts of the clients own origin only', async () => {
  const tokens = await tokensFor(world, new Browser(world), { account: 'person-cors' })
  const [origin] = PRINT_SHOP.origins
  const ask = (headers: Record<string, string>, method = 'GET'): ReturnType<typeof send> =>
    send(world, { method, path: '/userinfo', headers })
  const authorization = `Bearer ${tokens.access_token}`
  const preflight = await ask(
    { origin, 'access-control-request-method': 'GET', 'access-control-request-headers': 'authorization' },
    'OPTIONS',
  )
  assert.equal(preflight.status, 204)
  assert.equal(preflight.headers['access-control-allow-origin'], origin)
  assert.equal((await ask({ origin, authorization })).headers['access-control-allow-origin'], origin)
  for (const foreign of ['https://evil.example', 'null', world.sites.app]) {
    const reply = await ask({ origin: foreign, authorization })
    assert.equal(reply.status, 401)
    assert.equal(reply.headers['access-control-allow-origin'], undefined)
  }
  assert.equal((await ask({ origin: 'https://evil.example' }, 'OPTIONS')).status, 403)
})

test('userinfo lets scripts of known origins read that a token has ended, and answers in the scheme that was used', async () => {
  const { access_token: token } = await tokensFor(world, new Browser(world), { account: 'person-cors-ended' })
  const [origin] = PRINT_SHOP.origins
  const ended = await send(world, { path: '/revoke', form: { client_id: PRINT_SHOP.clientId, token } })
  assert.equal(ended.status, 200)
  const algorithms = 'DPoP algs="ES256 Ed25519 EdDSA"'
  const refused = async (from: string, authorization: string | undefined, challenge: string): Promise<unknown> => {
    const headers = { origin: from, ...(authorization === undefined ? {} : { authorization }) }
    const reply = await send(world, { path: '/userinfo', headers })
    assert.equal(reply.status, 401)
    assert.equal(reply.headers['www-authenticate'], challenge)
    assert.equal(reply.headers['access-control-expose-headers'] !== undefined, reply.headers['access-control-allow-origin'] !== undefined)
    return reply.headers['access-control-allow-origin']
  }
  for (const value of [token, 'aaaa.bbbb.cccc']) {
    const asBearer = `Bearer error="invalid_token", ${algorithms}`
    const asProven = `${algorithms}, error="invalid_token"`
    assert.equal(await refused(origin, `Bearer ${value}`, asBearer), origin)
    assert.equal(await refused(origin, `DPoP ${value}`, asProven), origin)
    for (const foreign of ['https://evil.example', 'null']) {
      assert.equal(await refused(foreign, `Bearer ${value}`, asBearer), undefined)
      assert.equal(await refused(foreign, `DPoP ${value}`, asProven), undefined)
    }
  }
  assert.equal(await refused(origin, undefined, `Bearer, ${algorithms}`), origin)
  assert.equal(await refused('https://evil.example', undefined, `Bearer, ${algorithms}`), undefined)
})

test('one browser, two tabs, two people: the second one is signed in', async () => {
  const browser = new Browser(world)
  const first = await browser.visit({ path: authorizePath(pkce().challenge) })
  const second = await browser.visit({ path: authorizePath(pkce().challenge) })
  const finish = async (begun: typeof first, account: string): Promise<string> => {
    const path = new URL(String(begun.headers['location']), world.sites.accounts).pathname
    return String((await browser.visit({ method: 'POST', path: `${path}/sign-in?account=${account}` })).headers['location'])
  }
  assert.match(await finish(first, 'person-tab-one'), /^\/interaction\//)
  assert.match(await finish(second, 'person-tab-two'), /^\/interaction\//)
  assert.deepEqual(await world.server.engine.sessions(call, 'person-tab-one'), [])
  assert.equal((await world.server.engine.sessions(call, 'person-tab-two')).length, 1)
})
