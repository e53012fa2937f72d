// What the authorization server refuses, and that refusing changes nothing.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createKeyRing } from '#kernel/keyring.ts'
import { Secret } from '#kernel/secret.ts'
import { codesCollection } from '../../src/auth/provider/collections.ts'
import { recordId } from '../../src/auth/provider/ids.ts'
import { createVault } from '../../src/auth/provider/vault.ts'
import {
  authorizePath,
  Browser,
  call,
  claimsOf,
  codeFor,
  errorOf,
  frontendToken,
  frontendTokens,
  type OauthWorld,
  openOauth,
  PRINT_SHOP,
  pkce,
  refresh,
  send,
  tokensFor,
} from '../support/oauth.ts'

let world: OauthWorld

before(async () => {
  world = await openOauth()
})

after(() => world.stop())

function withParam(name: string, value: string | undefined): string {
  const query = new URLSearchParams(authorizePath(pkce().challenge).split('?')[1])
  if (value === undefined) query.delete(name)
  else query.set(name, value)
  return `/authorize?${query.toString()}`
}

const [GOOD] = PRINT_SHOP.redirectUris

const WRONG_REDIRECTS = [
  `${GOOD}/`,
  `${GOOD}?extra=1`,
  GOOD.toUpperCase(),
  GOOD.replace('/callback', '/Callback'),
  GOOD.replace('/callback', '/call%62ack'),
  GOOD.replace('/callback', '/x/../callback'),
  GOOD.replace('/callback', '/./callback'),
  GOOD.replace('://', '://user@'),
  GOOD.replace('printshop', 'evil.printshop'),
  GOOD.replace(':9001', ':9002'),
  GOOD.replace('http:', 'https:'),
  `${GOOD}#fragment`,
  'https://evil.example/callback',
  'javascript:alert(1)',
]

for (const uri of WRONG_REDIRECTS) {
  test(`requirement 3, requirement 5: shows an error and never redirects to ${uri}`, async () => {
    const browser = new Browser(world)
    const reply = await browser.visit({ path: withParam('redirect_uri', uri) })
    assert.deepEqual(browser.cookieNames, [], 'no interaction has begun')
    assert.equal(reply.status, 400)
    assert.equal(reply.headers['location'], undefined)
    assert.match(reply.body, /invalid_redirect_uri/)
    assert.match(String(reply.headers['content-type']), /text\/html/)
    assert.equal(reply.headers['x-content-type-options'], 'nosniff', 'the headers of the gateway survive')
    assert.match(String(reply.headers['content-security-policy']), /default-src 'none'/)
  })
}

test('requirement 3: an address that is not registered is not pushed either, nor does one that differs redeem a code', async () => {
  const form = Object.fromEntries(new URLSearchParams(authorizePath(pkce().challenge).split('?')[1]))
  for (const uri of WRONG_REDIRECTS) {
    const pushed = await send(world, { path: '/par', form: { ...form, redirect_uri: uri } })
    assert.deepEqual([pushed.status, JSON.parse(pushed.body).request_uri], [400, undefined], uri)
  }
  const redeeming = await codeFor(new Browser(world))
  const other = await send(world, { path: '/token', form: { ...redeeming, redirect_uri: `${GOOD}/` } })
  assert.equal(errorOf(other), 'invalid_grant')
  assert.equal((await send(world, { path: '/token', form: redeeming })).status, 200)
})

test('requirement 5: shows an unknown client an error and never redirects', async () => {
  const browser = new Browser(world)
  const reply = await browser.visit({ path: withParam('client_id', 'nobody') })
  assert.deepEqual(browser.cookieNames, [])
  assert.equal(reply.status, 400)
  assert.equal(reply.headers['location'], undefined)
  assert.match(reply.body, /invalid_client/)
})

test('an error page shows nothing of a request as HTML', async () => {
  const reply = await send(world, { path: withParam('client_id', '<script>alert(1)</script>') })
  assert.equal(reply.body.includes('<script>'), false)
})

async function assertSentBack(name: string, value: string | undefined, code: string): Promise<void> {
  const browser = new Browser(world)
  const reply = await browser.visit({ path: withParam(name, value) })
  const { location } = reply.headers
  const error =
    typeof location === 'string'
      ? (new URL(location).searchParams.get('error') ?? new URLSearchParams(new URL(location).hash.slice(1)).get('error'))
      : /\((\w+)/.exec(reply.body)?.[1]
  assert.equal(error, code)
  if (typeof location === 'string') {
    assert.equal(new URL(location).origin, new URL(GOOD).origin)
    assert.doesNotMatch(location, /[?&#](?:code|access_token|id_token)=/)
  }
  assert.deepEqual(browser.cookieNames, [], 'no interaction has begun')
}

for (const type of ['token', 'id_token', 'id_token token', 'code token', 'code id_token', 'none']) {
  test(`requirement 1: refuses the response type ${type}`, () => assertSentBack('response_type', type, 'unsupported_response_type'))
}

// `form_post` answers with a script, and `web_message` with a message to whoever is listening: neither is offered, so neither can have a wrong address.
for (const mode of ['form_post', 'web_message', 'query.jwt', 'form_post.jwt']) {
  test(`requirement 24: refuses the response mode ${mode}`, () => assertSentBack('response_mode', mode, 'unsupported_response_mode'))
}

test('a request without a response type is told so, by whichever way it comes and whatever mode it asks for', async () => {
  for (const more of [{}, { response_mode: 'query' }]) {
    const query = new URLSearchParams({ ...Object.fromEntries(new URL(withParam('response_type', undefined), GOOD).searchParams), ...more })
    const reply = await new Browser(world).visit({ path: `/authorize?${query.toString()}` })
    const told = new URL(String(reply.headers['location'])).searchParams
    assert.deepEqual([told.get('error'), told.get('error_description')], ['invalid_request', "missing required parameter 'response_type'"])
    const pushed = await send(world, { path: '/par', form: Object.fromEntries(query) })
    const { error, error_description: description } = JSON.parse(pushed.body) as Record<string, unknown>
    assert.deepEqual([pushed.status, error, description], [400, 'invalid_request', "missing required parameter 'response_type'"])
  }
})

const WEAK_PKCE: readonly (readonly [string, string, string | undefined])[] = [
  ['no challenge', 'code_challenge', undefined],
  ['an empty challenge', 'code_challenge', ''],
  ['a plain challenge', 'code_challenge_method', 'plain'],
  ['an unknown method', 'code_challenge_method', 'S512'],
  ['a challenge without a method', 'code_challenge_method', undefined],
]
for (const [what, name, value] of WEAK_PKCE) {
  test(`requirement 7: refuses ${what}`, () => assertSentBack(name, value, 'invalid_request'))
}

test('requirement 7: asks clients that have a secret for PKCE, too, and those that push their request', async () => {
  const query = new URLSearchParams({
    client_id: 'diary',
    redirect_uri: `${world.sites.app}/session/callback`,
    response_type: 'code',
    scope: 'openid',
  })
  const browser = new Browser(world)
  const reply = await browser.visit({ path: `/authorize?${query.toString()}` })
  assert.equal(new URL(String(reply.headers['location'])).searchParams.get('error'), 'invalid_request')
  assert.deepEqual(browser.cookieNames, [])
  const bare = Object.fromEntries(new URLSearchParams(withParam('code_challenge', undefined).split('?')[1]))
  const pushed = await send(world, { path: '/par', form: bare })
  assert.deepEqual([pushed.status, errorOf(pushed)], [400, 'invalid_request'])
})

test('refuses another resource', () => assertSentBack('resource', 'https://other.example/api', 'invalid_target'))

test('requirement 8: a code that was given without a challenge is no good with a verifier, nor without one', async () => {
  // No request gets such a code, so the challenge is taken out of one that is stored.
  const form = await codeFor(new Browser(world), { account: 'person-downgrade' })
  const codes = world.database.collection(codesCollection)
  const id = recordId(form['code'] ?? '')
  const vault = createVault(createKeyRing(new Secret(world.masterKey)))
  const place = { collection: codesCollection.name, id }
  const stored = (await codes.get(call, id)) ?? assert.fail('the code is stored')
  const { codeChallenge: _challenge, codeChallengeMethod: _method, ...without } = vault.open(place, stored.value.payload) ?? {}
  await codes.update(call, id, { set: { payload: vault.seal(place, without) } })
  const reply = await send(world, { path: '/token', form })
  assert.deepEqual([reply.status, errorOf(reply)], [400, 'invalid_grant'])
  const { code_verifier: _verifier, ...bare } = form
  const naked = await send(world, { path: '/token', form: bare })
  assert.equal(errorOf(naked), 'invalid_grant')
  assert.deepEqual([naked.status, JSON.parse(naked.body).access_token], [400, undefined])
})

test('requirement 2: refuses the password grant, and any grant that is not offered', async () => {
  for (const grant of ['password', 'implicit', 'urn:ietf:params:oauth:grant-type:saml2-bearer']) {
    const reply = await send(world, {
      path: '/token',
      form: { grant_type: grant, client_id: PRINT_SHOP.clientId, username: 'a', password: 'b' },
    })
    assert.equal(reply.status, 400)
    assert.equal(errorOf(reply), 'unsupported_grant_type')
    assert.equal(JSON.parse(reply.body).access_token, undefined)
  }
  const { grant_types_supported: offered } = JSON.parse((await send(world, { path: '/.well-known/openid-configuration' })).body)
  assert.deepEqual(
    (offered as string[]).filter((grant) => /password|implicit/.test(grant)),
    [],
  )
})

test('refuses a client every grant that it is not registered for', async () => {
  for (const grant of ['client_credentials']) {
    const reply = await send(world, { path: '/token', form: { grant_type: grant, client_id: PRINT_SHOP.clientId } })
    assert.equal(reply.status, 400)
    assert.equal(JSON.parse(reply.body).access_token, undefined)
  }
})

test('requirement 11: a code is bound to its verifier, its client and its redirect URI, and is good after a wrong try', async () => {
  const form = await codeFor(new Browser(world))
  const wrong: readonly Record<string, string>[] = [
    { ...form, code_verifier: pkce().verifier },
    { ...form, redirect_uri: PRINT_SHOP.redirectUris[1] },
    { ...form, client_id: 'accounts' },
    Object.fromEntries(Object.entries(form).filter(([name]) => name !== 'code_verifier')),
  ]
  for (const attempt of wrong) assert.equal(errorOf(await send(world, { path: '/token', form: attempt })), 'invalid_grant')
  assert.equal((await send(world, { path: '/token', form })).status, 200)
})

test('requirement 11: a code is good for a minute and no longer', async () => {
  const form = await codeFor(new Browser(world), { account: 'person-slow' })
  world.advance(60_001)
  const late = await send(world, { path: '/token', form })
  world.advance(-60_001)
  assert.deepEqual([late.status, errorOf(late), late.body.includes('access_token')], [400, 'invalid_grant', false])
  const quick = await codeFor(new Browser(world), { account: 'person-slow' })
  world.advance(55_000)
  const reply = await send(world, { path: '/token', form: quick })
  world.advance(-55_000)
  assert.equal(reply.status, 200, reply.body)
})

const right = 'v'.repeat(43)
for (const [what, verifier] of [
  ['another one', 'w'.repeat(43)],
  ['one that is too short', right.slice(1)],
  ['one that is too long', 'v'.repeat(129)],
  ['one with other letters', `${right.slice(1)}!`],
  ['none at all', ''],
] as const) {
  test(`requirement 9: of a code that was asked for with one verifier, ${what} is a wrong grant`, async () => {
    const form = await codeFor(new Browser(world), { account: 'person-verifier' })
    const reply = await send(world, { path: '/token', form: { ...form, code_verifier: verifier } })
    assert.deepEqual([reply.status, errorOf(reply), reply.body.includes('token"')], [400, 'invalid_grant', false])
    assert.equal((await send(world, { path: '/token', form })).status, 200, 'once is forgiven')
  })
}

test('requirement 9: after five wrong tries, also at once, a code is good for nobody', async () => {
  const account = 'person-guessed'
  for (const atOnce of [false, true]) {
    const form = await codeFor(new Browser(world), { account })
    const guess = () => send(world, { path: '/token', form: { ...form, code_verifier: pkce().verifier } })
    const tries = atOnce
      ? await Promise.all([1, 2, 3, 4, 5].map(guess))
      : [await guess(), await guess(), await guess(), await guess(), await guess()]
    for (const reply of tries) assert.equal(errorOf(reply), 'invalid_grant')
    const reply = await send(world, { path: '/token', form })
    assert.deepEqual([reply.status, errorOf(reply)], [400, 'invalid_grant'])
  }
  const tokens = await tokensFor(world, new Browser(world), { account })
  assert.equal((await refresh(world, tokens.refresh_token)).status, 200, 'the person may begin again')
})

test('requirement 12: a code may be redeemed without redirect_uri, though the client has two', async () => {
  const { redirect_uri: _uri, ...form } = await codeFor(new Browser(world))
  assert.equal((await send(world, { path: '/token', form })).status, 200)
})

test('requirement 10: a code that comes twice ends everything that came of it', async () => {
  const form = await codeFor(new Browser(world), { account: 'person-code-twice' })
  const first = JSON.parse((await send(world, { path: '/token', form })).body)
  const second = await send(world, { path: '/token', form })
  assert.equal(second.status, 400)
  assert.equal(errorOf(second), 'invalid_grant')
  assert.equal(errorOf(await refresh(world, first.refresh_token)), 'invalid_grant')
  const { items } = await world.revocations.list(call)
  assert.ok(items.some(({ kind, subject }) => kind === 'session' && subject === claimsOf(first.access_token)['sid']))
  const userinfo = await send(world, { path: '/userinfo', headers: { authorization: `Bearer ${first.access_token}` } })
  assert.equal(userinfo.status, 401)
  assert.match(String(userinfo.headers['www-authenticate']), /invalid_token/)
})

test('requirement 31: a refresh token is bound to its client, its scopes and its resource', async () => {
  const tokens = await tokensFor(world, new Browser(world))
  const token = tokens.refresh_token ?? ''
  const stolen = await frontendToken(world, { grant_type: 'refresh_token', refresh_token: token })
  assert.equal(errorOf(stolen), 'invalid_grant')
  const form = { grant_type: 'refresh_token', client_id: PRINT_SHOP.clientId, refresh_token: token }
  assert.equal(errorOf(await send(world, { path: '/token', form: { ...form, scope: 'photos:read photos:write' } })), 'invalid_scope')
  assert.equal(errorOf(await send(world, { path: '/token', form: { ...form, resource: 'https://other.example/' } })), 'invalid_target')
  const narrowed = await send(world, {
    path: '/token',
    form: { ...form, refresh_token: JSON.parse((await refresh(world, token)).body).refresh_token, scope: 'openid' },
  })
  assert.equal(narrowed.status, 200)
  const { access_token: less, refresh_token: next } = JSON.parse(narrowed.body)
  assert.equal(claimsOf(less)['scope'], undefined)
  const photos = await send(world, { path: '/token', form: { ...form, refresh_token: next, scope: 'photos:read' } })
  const authorization = `Bearer ${JSON.parse(photos.body).access_token}`
  const userinfo = await send(world, { path: '/userinfo', headers: { authorization } })
  assert.deepEqual([userinfo.status, errorOf(userinfo)], [403, 'insufficient_scope'], 'it was not asked for with openid')
})

test('requirement 55: a frontend is a client with a secret, and gets nothing without it', async () => {
  const { refresh_token: token = '' } = await frontendTokens(world, new Browser(world), 'person-secret')
  const wrong = await frontendToken(world, { grant_type: 'refresh_token', refresh_token: token }, 'not-the-secret-but-as-long-as-it-is-x')
  assert.equal(wrong.status, 401)
  assert.equal(errorOf(wrong), 'invalid_client')
  const none = await send(world, { path: '/token', form: { grant_type: 'refresh_token', client_id: 'diary', refresh_token: token } })
  assert.equal(none.status, 401)
  assert.equal((await frontendToken(world, { grant_type: 'refresh_token', refresh_token: token })).status, 200)
})

test('a suspended person gets nothing more', async () => {
  const account = 'person-suspended'
  const browser = new Browser(world)
  const tokens = await tokensFor(world, browser, { account })
  world.suspended.add(account)
  assert.equal(errorOf(await refresh(world, tokens.refresh_token)), 'invalid_grant')
  const { location } = await browser.authorize(authorizePath(pkce().challenge), { account })
  assert.equal(location.searchParams.get('error'), 'access_denied')
  assert.equal((await send(world, { path: '/userinfo', headers: { authorization: `Bearer ${tokens.access_token}` } })).status, 401)
})

test('a client gets no scope that it is not registered for', async () => {
  const tokens = await tokensFor(world, new Browser(world), { account: 'person-scopes', scope: 'openid photos:read photos:write admin' })
  assert.equal(claimsOf(tokens.access_token)['scope'], 'photos:read')
})

test('userinfo takes an access token and nothing else', async () => {
  const tokens = await tokensFor(world, new Browser(world))
  assert.equal((await send(world, { path: '/userinfo' })).status, 401)
  for (const token of [tokens.id_token, tokens.refresh_token ?? '', `${tokens.access_token.slice(0, -4)}AAAA`]) {
    assert.equal((await send(world, { path: '/userinfo', headers: { authorization: `Bearer ${token}` } })).status, 401)
  }
  assert.equal((await send(world, { path: `/userinfo?access_token=${tokens.access_token}` })).status, 401)
})

test('scripts of another origin cannot use a client', async () => {
  const tokens = await tokensFor(world, new Browser(world))
  const form = { grant_type: 'refresh_token', client_id: PRINT_SHOP.clientId, refresh_token: tokens.refresh_token ?? '' }
  const foreign = await send(world, { path: '/token', form, headers: { origin: 'https://evil.example' } })
  assert.equal(foreign.status, 400)
  assert.equal(foreign.headers['access-control-allow-origin'], undefined)
  const own = await send(world, { path: '/token', form, headers: { origin: PRINT_SHOP.origins[0] } })
  assert.equal(own.status, 200)
  assert.equal(own.headers['access-control-allow-origin'], PRINT_SHOP.origins[0])
})

test('a body that is too large is refused', async () => {
  const reply = await send(world, { path: '/token', form: { grant_type: 'x'.repeat(70_000), client_id: PRINT_SHOP.clientId } })
  assert.equal(reply.status, 400)
})

test('no header moves what the server says of itself', async () => {
  const plain = await send(world, { path: '/.well-known/openid-configuration' })
  const bent = await send(world, {
    path: '/.well-known/openid-configuration',
    headers: {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      forwarded: 'host=evil.example;proto=https',
    },
  })
  assert.equal(bent.body, plain.body)
  const oauth = await send(world, { path: '/.well-known/oauth-authorization-server' })
  assert.deepEqual(JSON.parse(oauth.body), JSON.parse(plain.body))
  const document = JSON.parse(plain.body)
  assert.equal(document.issuer, world.sites.accounts)
  assert.deepEqual(document.code_challenge_methods_supported, ['S256'])
  assert.deepEqual(document.response_types_supported, ['code'])
  assert.equal(document.authorization_response_iss_parameter_supported, true)
  const redirected = await send(world, { path: authorizePath(pkce().challenge), headers: { host: 'evil.example' } })
  assert.equal(String(redirected.headers['location']).startsWith('/interaction/'), true)
})

test('keys are published without their private halves', async () => {
  const { keys } = JSON.parse((await send(world, { path: '/jwks' })).body)
  assert.deepEqual(keys.map(({ alg }: { alg: string }) => alg).toSorted(), ['ES256', 'RS256'])
  for (const key of [...keys, ...(await world.server.keySet()).keys]) {
    for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi']) assert.equal(member in key, false)
  }
})

test('the try-out pages of the engine are not there', async () => {
  assert.equal((await send(world, { path: '/interaction/anything/abort' })).status, 404)
  assert.equal(
    world.routes.some(({ path }) => path.startsWith('/interaction')),
    false,
  )
})

test('cookies are locked to this origin', async () => {
  const browser = new Browser(world)
  const begun = await browser.visit({ path: authorizePath(pkce().challenge) })
  for (const line of [begun.headers['set-cookie'] ?? []].flat()) {
    assert.match(line, /; secure/i)
    assert.match(line, /; httponly/i)
    assert.match(line, /; samesite=lax/i)
    assert.doesNotMatch(line, /; domain=/i)
  }
  await tokensFor(world, browser)
  assert.ok(browser.cookieNames.includes('__Host-session'))
})

test('the interaction of one browser is nothing in another', async () => {
  const begun = await new Browser(world).visit({ path: authorizePath(pkce().challenge) })
  const path = String(begun.headers['location'])
  const other = new Browser(world)
  assert.equal((await other.visit({ path })).body, 'null')
  const signIn = await other.visit({ method: 'POST', path: `${path}/sign-in?account=person1` })
  assert.equal(signIn.status, 400)
  assert.deepEqual(other.cookieNames, [])
})
