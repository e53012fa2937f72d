// Browser sessions in both modes: sign-in, refresh under races, sign-out, and what must never happen.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import type { JWTPayload } from 'jose'
import { createRotation, type Rotated } from '../../src/gateway/session/rotation.ts'
import { safeReturnTo } from '../../src/gateway/session/return-to.ts'
import { ask, browse, csrfOf, openWorld, signIn, site, sites, type World } from './gateway-support.ts'
import { Jar } from './jar.ts'

const GALLERY_ORIGIN = site('gallery')
let world: World
before(async () => {
  world = await openWorld({ settings: { rateLimits: { token: 'off' } } })
})
after(() => world.stop())
beforeEach(() => {
  world.auth.tokenStatus = undefined
  world.auth.tokenAnswer = undefined
  world.auth.tokenType = 'Bearer'
  world.auth.delayMs = 0
  world.auth.accessTokenSeconds = 300
  world.auth.tamper = (claims) => claims
})

const AS_JSON = { 'content-type': 'application/json' }
/** What may come from a token endpoint that is not itself, and is no word on any session. */
const NO_ANSWERS = [
  { status: 200, headers: { 'content-type': 'text/html' }, body: '<p>Hello</p>' },
  { status: 200, headers: AS_JSON, body: '{"access_token":' },
  { status: 200, headers: AS_JSON, body: '{"token_type":"Bearer"}' },
  { status: 302, headers: { location: 'https://evil.example' }, body: '' },
  { status: 400, headers: { 'content-type': 'text/html' }, body: '{"error":"invalid_grant"}' },
  { status: 503, headers: AS_JSON, body: '{"error":"invalid_grant"}' },
]

async function refresh(jar: Jar, origin = sites.app) {
  const csrf = await csrfOf(world, jar, origin)
  return browse(world, jar, { method: 'POST', origin, path: '/session/refresh', headers: { 'x-csrf-token': csrf } })
}

describe('a session in cookie mode', () => {
  test('requirement 55: begins with PKCE, state, nonce and the resource, as a client with a secret, and ends at the page that was asked for', async () => {
    const jar = new Jar()
    const started = await browse(world, jar, { path: '/session/sign-in?return_to=%2Falbum%3Fpage%3D2' })
    assert.equal(started.status, 303)
    const location = new URL(String(started.headers.location))
    assert.equal(location.origin + location.pathname, `${sites.accounts}/authorize`)
    assert.equal(location.searchParams.get('code_challenge_method'), 'S256')
    assert.equal(location.searchParams.get('resource'), `${sites.app}/api`)
    assert.ok((location.searchParams.get('state') ?? '').length >= 43)
    assert.match(started.cookies[0] ?? '', /^__Host-Http-sign-in-\d=.+; Path=\/; Max-Age=600; Secure; HttpOnly; SameSite=Lax$/)
    const landed = await browse(world, jar, { path: world.auth.approve(location.href) })
    assert.equal(landed.status, 200)
    assert.match(landed.text, /content="0;url=\/album\?page=2"/)
    assert.ok(landed.cookies.some((cookie) => cookie.startsWith('__Host-Http-sign-in') && cookie.includes('Max-Age=0')))
    assert.equal(landed.headers['cache-control'], 'no-store')
    assert.equal(location.searchParams.get('response_type'), 'code')
    const redeemed = world.auth.exchanges.findLast(({ path }) => path === '/token')
    const shown = Buffer.from(redeemed?.headers['authorization']?.replace('Basic ', '') ?? '', 'base64').toString()
    assert.equal(decodeURIComponent(shown), 'diary:secret-of-diary')
    assert.match(redeemed?.body ?? '', /code_verifier=/)
    const me = await browse(world, jar, { path: '/api/me' })
    assert.equal(me.status, 200)
    const { principal } = me.json as { principal: { kind: string; accountId: string; firstParty: boolean } }
    assert.deepEqual([principal.kind, principal.accountId, principal.firstParty], ['user', 'ada', true])
  })
  test('requirement 56: its cookies are for this host alone, out of reach of scripts, and stay at home', async () => {
    const jar = new Jar()
    const { cookies } = await signIn(world, jar)
    const made = cookies.filter((cookie) => !cookie.includes('Max-Age=0'))
    const kinds: readonly (readonly [string, RegExp])[] = [
      ['__Host-Http-access=', /; Path=\/; Max-Age=\d+; Secure; HttpOnly; SameSite=Strict$/],
      // Decision 25: no other path ever receives it.
      ['__Secure-refresh=', /; Path=\/session; Max-Age=\d+; Secure; HttpOnly; SameSite=Strict$/],
      ['__Host-Http-browser=', /; Path=\/; Max-Age=\d+; Secure; HttpOnly; SameSite=Strict$/],
      // The half of the double submit that scripts repeat: it opens nothing.
      ['__Host-csrf=', /; Path=\/; Secure; SameSite=Strict$/],
    ]
    for (const [name, attributes] of kinds) {
      const found = made.filter((cookie) => cookie.startsWith(name))
      assert.equal(found.length, 1, name)
      assert.match(found[0] ?? '', attributes)
    }
    assert.equal(made.length, kinds.length, made.join('\n'))
    for (const cookie of cookies) assert.doesNotMatch(cookie, /domain=/i)
  })
  test('requirement 57: the cookies that carry tokens are encrypted, and show neither token nor account', async () => {
    const jar = new Jar()
    await signIn(world, jar)
    for (const name of ['__Host-Http-access', '__Secure-refresh']) {
      const parts = (jar.get(name) ?? '').split('.')
      assert.equal(parts.length, 5, name)
      assert.deepEqual(JSON.parse(Buffer.from(parts[0] ?? '', 'base64url').toString()), { alg: 'dir', enc: 'A256GCM' })
      const seen = parts.map((part) => Buffer.from(part, 'base64url').toString('latin1')).join()
      assert.doesNotMatch(seen, /ada|at\+jwt|sid|token/)
    }
    assert.equal(jar.header('/').cookie?.includes([...world.auth.refreshTokens.keys()].at(-1) ?? 'none'), false)
  })
  test('requirement 62: no cookie of it outlives the refresh token, however often it is renewed', async () => {
    const jar = new Jar()
    // A refresh token lives thirty days, and fourteen when nobody uses it.
    const longest = 14 * 86_400
    const ages = (cookies: readonly string[]): number[] =>
      cookies.flatMap((cookie) => /Max-Age=([1-9]\d*)/.exec(cookie)?.[1] ?? []).map(Number)
    const begun = ages((await signIn(world, jar)).cookies)
    assert.ok(begun.length >= 3 && Math.max(...begun) <= longest, begun.join())
    await new Promise((resolve) => setTimeout(resolve, 1100))
    const renewed = ages((await refresh(jar)).cookies)
    assert.ok(renewed.length >= 2 && Math.max(...renewed) < Math.max(...begun), renewed.join())
  })
  test('tells scripts who is signed in and never the token', async () => {
    const jar = new Jar()
    await signIn(world, jar)
    const status = await browse(world, jar, { path: '/session' })
    assert.equal(status.json['signedIn'], true)
    assert.deepEqual(status.json['account'], { id: 'ada', name: 'Name of ada' })
    assert.ok(Number(status.json['expiresAt']) > Date.now())
    const answer = await refresh(jar)
    assert.equal(answer.status, 200)
    assert.deepEqual(Object.keys(answer.json), ['expiresAt'])
  })
  test('renews tokens, and 20 tabs at once all get the one result', async () => {
    const jar = new Jar()
    await signIn(world, jar)
    const csrf = await csrfOf(world, jar)
    world.auth.delayMs = 30
    const before = world.auth.exchanges.length
    const first = jar.header('/session/refresh')
    const post = () =>
      ask(world, { method: 'POST', path: '/session/refresh', headers: { ...first, 'sec-fetch-site': 'same-origin', 'x-csrf-token': csrf } })
    const answers = await Promise.all(Array.from({ length: 20 }, post))
    assert.deepEqual([...new Set(answers.map((answer) => answer.status))], [200])
    assert.equal(world.auth.exchanges.length - before, 1)
    // Late, with the old cookie still: the same again, and no cookie cleared.
    const late = await post()
    assert.equal(late.status, 200)
    assert.equal(world.auth.exchanges.length - before, 1)
    assert.ok(!late.cookies.some((cookie) => cookie.includes('Max-Age=0')))
    jar.take(late)
    assert.equal((await refresh(jar)).status, 200)
    assert.equal(world.auth.exchanges.length - before, 2)
    // Later still, with the very first cookie: what is newest, not what was overtaken.
    const last = await post()
    assert.equal(last.status, 200)
    assert.equal(world.auth.exchanges.length - before, 2)
    jar.take(last)
    assert.equal((await refresh(jar)).status, 200)
  })
  test('requirement 62: keeps its cookies when auth fails, and loses them only when auth says that it is over', async () => {
    const jar = new Jar()
    await signIn(world, jar)
    world.auth.tokenStatus = 500
    const failed = await refresh(jar)
    assert.equal(failed.status, 503)
    assert.deepEqual(failed.cookies, [])
    world.auth.tokenStatus = undefined
    for (const answer of NO_ANSWERS) {
      world.auth.tokenAnswer = answer
      const unclear = await refresh(jar)
      assert.deepEqual([unclear.status, unclear.cookies], [503, []], answer.body)
    }
    world.auth.tokenAnswer = undefined
    assert.equal((await refresh(jar)).status, 200)
    world.auth.refreshTokens.clear()
    const over = await refresh(jar)
    assert.equal(over.status, 401)
    assert.equal(over.json['code'], 'http.unauthenticated')
    assert.equal(over.cookies.filter((cookie) => cookie.includes('Max-Age=0')).length, 2)
    assert.equal((await browse(world, jar, { path: '/session' })).json['signedIn'], false)
  })
  test('leads a page navigation through the refresh when the access token has expired, and to sign-in without a session', async () => {
    const jar = new Jar()
    world.auth.accessTokenSeconds = 1
    await signIn(world, jar)
    world.auth.accessTokenSeconds = 300
    const navigate = (path: string, from = 'same-origin') =>
      browse(world, jar, { path, headers: { 'sec-fetch-site': from, 'sec-fetch-mode': 'navigate' } })
    await new Promise((resolve) => setTimeout(resolve, 1100))
    assert.equal((await browse(world, jar, { path: '/api/me' })).status, 401)
    const there = await navigate('/private')
    assert.equal(there.status, 303)
    assert.equal(there.headers.location, '/session/refresh?return_to=%2Fprivate')
    assert.equal((await navigate(there.headers.location ?? '', 'cross-site')).status, 403)
    const back = await navigate(there.headers.location ?? '')
    assert.equal(back.status, 303)
    assert.equal(back.headers.location, '/private')
    assert.equal((await navigate('/private')).text, 'private')
    const stranger = await ask(world, { path: '/private?x=1', headers: { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' } })
    assert.equal(stranger.headers.location, '/session/sign-in?return_to=%2Fprivate%3Fx%3D1')
    const led = await ask(world, { path: '/private', headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' } })
    assert.equal(led.status, 200)
    assert.match(led.text, /http-equiv="refresh" content="0;url=\/private"/)
  })
  test('ends everywhere on sign-out, at once, and cleans up', async () => {
    const jar = new Jar()
    await signIn(world, jar)
    const thief = jar.copy()
    const csrf = await csrfOf(world, jar)
    const out = await browse(world, jar, { method: 'POST', path: '/session/sign-out', headers: { 'x-csrf-token': csrf } })
    assert.equal(out.status, 200)
    assert.equal(out.headers['clear-site-data'], '"cache", "storage"')
    assert.equal(world.auth.endedSessions.length, 1)
    assert.equal(jar.get('__Host-Http-access'), undefined)
    const replay = await browse(world, thief, { path: '/api/me' })
    assert.equal(replay.status, 401)
    assert.equal(replay.json['code'], 'http.invalid_token')
    assert.equal((await browse(world, thief, { path: '/session' })).json['signedIn'], false)
  })
  test('requirement 57: is of no use on another frontend, and a refresh cookie is no access cookie', async () => {
    const jar = new Jar()
    await signIn(world, jar)
    const access = jar.get('__Host-Http-access') ?? ''
    const secret = jar.get('__Secure-refresh') ?? ''
    const swapped = await ask(world, { path: '/api/me', headers: { cookie: `__Host-Http-access=${secret}` } })
    assert.equal(swapped.status, 401)
    const elsewhere = await ask(world, {
      origin: GALLERY_ORIGIN,
      path: '/session',
      headers: { cookie: `__Host-Http-access=${access}; __Secure-refresh=${secret}` },
    })
    assert.equal(elsewhere.json['signedIn'], false)
    const flipped = `${access.slice(0, -6)}${access.at(-6) === 'A' ? 'B' : 'A'}${access.slice(-5)}`
    assert.equal((await ask(world, { path: '/api/me', headers: { cookie: `__Host-Http-access=${flipped}` } })).status, 401)
  })
})

describe('a session in memory mode', () => {
  test('requirement 61: hands the access token to the page, keeps the refresh token, and has no access cookie', async () => {
    const jar = new Jar()
    const landed = await signIn(world, jar, { origin: GALLERY_ORIGIN })
    assert.ok(!landed.cookies.some((cookie) => cookie.startsWith('__Host-Http-access=')))
    const answer = await refresh(jar, GALLERY_ORIGIN)
    assert.equal(answer.status, 200)
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.equal(answer.headers['access-control-allow-origin'], undefined)
    const accessToken = String(answer.json['accessToken'])
    const headers = { authorization: `Bearer ${accessToken}`, origin: GALLERY_ORIGIN, 'sec-fetch-site': 'cross-site' }
    const called = await ask(world, { path: '/api/photos', headers })
    assert.equal(called.status, 200)
    assert.equal(called.headers['access-control-allow-origin'], GALLERY_ORIGIN)
    assert.equal(called.headers['access-control-allow-credentials'], undefined)
    assert.deepEqual(Object.keys(answer.json).toSorted(), ['accessToken', 'expiresAt'])
    const { scope, aud } = JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString())
    assert.deepEqual(
      [scope, aud],
      ['openid photos:read photos:write', `${sites.app}/api`],
      'as auth has issued it, for the one resource that was asked for',
    )
    // Another origin of a registered client may not use this client's token.
    const stolen = await ask(world, { path: '/api/photos', headers: { ...headers, origin: 'http://printshop.localhost:5000' } })
    assert.equal(stolen.status, 403)
    assert.equal(stolen.headers['access-control-allow-origin'], undefined)
  })
  test('requirement 61: gives the token to no page but its own, and never a wider one', async () => {
    const jar = new Jar()
    await signIn(world, jar, { origin: GALLERY_ORIGIN })
    const csrf = await csrfOf(world, jar, GALLERY_ORIGIN)
    const ask61 = (headers: Record<string, string>) =>
      ask(world, {
        method: 'POST',
        origin: GALLERY_ORIGIN,
        path: '/session/refresh',
        headers: { ...jar.header('/session/refresh'), ...headers },
      })
    const exchanges = world.auth.exchanges.length
    const foreign: readonly Record<string, string>[] = [
      { 'x-csrf-token': csrf, 'sec-fetch-site': 'cross-site', origin: 'http://printshop.localhost:5000' },
      { 'x-csrf-token': csrf, 'sec-fetch-site': 'same-site', origin: sites.app },
      { 'x-csrf-token': csrf, origin: 'null' },
      { 'sec-fetch-site': 'same-origin', origin: GALLERY_ORIGIN },
      { 'x-csrf-token': csrf },
    ]
    for (const headers of foreign) {
      const answer = await ask61(headers)
      assert.equal(answer.status, 403, JSON.stringify(headers))
      assert.deepEqual(
        [answer.json['accessToken'], answer.headers['access-control-allow-origin'], answer.cookies],
        [undefined, undefined, []],
      )
    }
    assert.equal(
      (await browse(world, jar, { method: 'GET', origin: GALLERY_ORIGIN, path: '/session' })).text.search(/eyJ[\w-]*\.[\w-]+\./),
      -1,
    )
    const wider = `scope=${encodeURIComponent('photos:read admin')}`
    const type = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': String(wider.length) }
    const asked = await ask(world, {
      method: 'POST',
      origin: GALLERY_ORIGIN,
      path: '/session/refresh',
      headers: {
        ...jar.header('/session/refresh'),
        ...type,
        'x-csrf-token': csrf,
        'sec-fetch-site': 'same-origin',
        origin: GALLERY_ORIGIN,
      },
      body: wider,
    })
    assert.equal(asked.status, 400)
    assert.equal(world.auth.exchanges.length, exchanges, 'nothing was asked of auth')
    assert.equal((await refresh(jar, GALLERY_ORIGIN)).status, 200)
    const last = new URLSearchParams(world.auth.exchanges.at(-1)?.body)
    assert.deepEqual(
      [last.get('resource'), last.get('scope')],
      [`${sites.app}/api`, null],
      'the resource of this session, and what was granted',
    )
  })
})

describe('sign-in refuses', () => {
  async function callbackOf(jar: Jar): Promise<string> {
    const started = await browse(world, jar, { path: '/session/sign-in' })
    return world.auth.approve(String(started.headers.location))
  }
  test('a callback in a browser that did not begin it (login CSRF)', async () => {
    const mine = new Jar()
    const path = await callbackOf(mine)
    const answer = await browse(world, new Jar(), { path })
    assert.equal(answer.status, 400)
    assert.match(answer.text, /This sign-in has ended/)
    assert.ok(!answer.cookies.some((cookie) => cookie.includes('access') || cookie.includes('refresh')))
  })
  test('requirement 55: a changed state, a reused code, and another issuer', async () => {
    const jar = new Jar()
    const path = await callbackOf(jar)
    const other = new URL(path, sites.app)
    other.searchParams.set('iss', 'https://evil.example')
    const asked = world.auth.exchanges.length
    assert.equal((await browse(world, jar.copy(), { path: other.pathname + other.search })).status, 400)
    assert.equal(world.auth.exchanges.length, asked, 'the code of somebody else is told to nobody')
    other.searchParams.set('state', 'x')
    assert.equal((await browse(world, jar.copy(), { path: other.pathname + other.search })).status, 400)
    const again = jar.copy()
    assert.equal((await browse(world, jar, { path })).status, 200)
    const reused = await browse(world, again, { path })
    assert.equal(reused.status, 400)
  })
  test('requirement 55: an ID token of another sign-in, for another client, of another issuer or time', async () => {
    const later = Math.floor(Date.now() / 1000) + 600
    const changes: readonly JWTPayload[] = [
      { nonce: 'other' },
      { nonce: undefined },
      { aud: 'other' },
      { aud: ['diary', 'other'] },
      { azp: 'other' },
      { iss: 'https://evil.example' },
      { exp: 1 },
      { iat: later },
      { sub: '' },
    ]
    for (const change of changes) {
      const jar = new Jar()
      const path = await callbackOf(jar)
      world.auth.tamper = (claims) => ({ ...claims, ...change })
      const answer = await browse(world, jar, { path })
      assert.equal(answer.status, 503, JSON.stringify(change))
      assert.equal(jar.get('__Host-Http-access'), undefined)
    }
  })
  test('requirement 55: an answer with a part missing, empty or twice', async () => {
    const jar = new Jar()
    const path = await callbackOf(jar)
    const asked = world.auth.exchanges.length
    const changes: ((query: URLSearchParams) => void)[] = [
      (query) => query.delete('code'),
      (query) => query.set('code', ''),
      (query) => query.append('code', 'another'),
      (query) => query.delete('iss'),
      (query) => query.append('iss', sites.accounts),
      (query) => query.append('state', query.get('state') ?? ''),
      (query) => query.set('error', 'server_error'),
    ]
    for (const change of changes) {
      const other = new URL(path, sites.app)
      change(other.searchParams)
      const answer = await browse(world, jar.copy(), { path: other.pathname + other.search })
      assert.equal(answer.status, 400, other.search)
    }
    assert.equal(world.auth.exchanges.length, asked, 'nothing was asked of auth')
    assert.equal((await browse(world, jar, { path })).status, 200, 'the true answer is as good as before')
  })
  test('requirement 55: an ID token of somebody else than the access token', async () => {
    const jar = new Jar()
    const path = await callbackOf(jar)
    world.auth.tamper = (claims) => ({ ...claims, sub: 'bob' })
    assert.equal((await browse(world, jar, { path })).status, 503)
    assert.equal(jar.get('__Host-Http-access'), undefined)
  })
  test('requirement 55: tokens of a type that this is no client for', async () => {
    const jar = new Jar()
    const path = await callbackOf(jar)
    world.auth.tokenType = 'mac'
    assert.equal((await browse(world, jar, { path })).status, 503)
    assert.equal(jar.get('__Host-Http-access'), undefined)
  })
  test('an answer of auth that is none', async () => {
    for (const answer of NO_ANSWERS) {
      const jar = new Jar()
      const path = await callbackOf(jar)
      world.auth.tokenAnswer = answer
      assert.equal((await browse(world, jar, { path })).status, 503, answer.body)
      assert.equal(jar.get('__Host-Http-access'), undefined)
    }
  })
})

test('a session gets a new CSRF token at sign-in and again at sign-out', async () => {
  const jar = new Jar()
  const first = await csrfOf(world, jar)
  await signIn(world, jar)
  const second = await csrfOf(world, jar)
  assert.notEqual(first, second)
  assert.equal(await csrfOf(world, jar), second)
  await browse(world, jar, { method: 'POST', path: '/session/sign-out', headers: { 'x-csrf-token': second } })
  assert.notEqual(await csrfOf(world, jar), second)
})

test('returns to paths of the own origin only', () => {
  const good = ['/', '/a', '/a/b?c=d&e=%2F', '/%C3%A9', '/a:b@c', '/.well-known/x']
  const bad = [
    '//evil.example',
    '/\\evil.example',
    '\\/evil.example',
    'https:evil.example',
    'https://evil.example',
    'javascript:alert(1)',
    '/%09/evil.example',
    '/\t/evil.example',
    '/%2f%2fevil.example',
    '/%5cevil.example',
    '@evil.example',
    '/..//evil.example',
    '/./x',
    '/a/../b',
    '/%2e%2e/x',
    '/\r\nset-cookie:x=1',
    '/%0d%0aset-cookie:x',
    'evil.example',
    '',
    ' /',
    '/a b',
    '/\u3002/evil',
    `/${'a'.repeat(3000)}`,
    '/session/sign-out',
    '/session',
    '/a#b',
    '///evil.example',
    '/a//b',
    '/%00',
  ]
  for (const path of good) assert.equal(safeReturnTo(path, 'https://diary.example'), path)
  for (const path of bad) assert.equal(safeReturnTo(path, 'https://diary.example'), '/', JSON.stringify(path))
})

test('the rotation forgets a failure, so that the next one tries again', async () => {
  let calls = 0
  const result = { refreshToken: 'r2' } as Rotated
  const rotate = createRotation(async () => {
    calls += 1
    if (calls === 1) throw new Error('auth is away')
    return result
  }, Date.now)
  const session = { token: 'r1', sid: 's' } as Parameters<typeof rotate>[2]
  const call = {} as Parameters<typeof rotate>[0]
  const frontend = { name: 'diary' } as Parameters<typeof rotate>[1]
  await assert.rejects(rotate(call, frontend, session))
  assert.equal(await rotate(call, frontend, session), result)
  assert.equal(await rotate(call, frontend, session), result)
  assert.equal(calls, 2)
})

test('a form without script signs out too, and sign-in says so when auth is away', async () => {
  const jar = new Jar()
  await signIn(world, jar)
  const body = `csrf_token=${await csrfOf(world, jar)}`
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': String(body.length),
    'sec-fetch-mode': 'navigate',
  }
  const out = await browse(world, jar, { method: 'POST', path: '/session/sign-out', headers, body })
  assert.deepEqual([out.status, out.headers.location], [303, '/'])
  assert.equal(jar.get('__Secure-refresh'), undefined)
  const fresh = await openWorld()
  try {
    fresh.auth.exchange = () => Promise.reject(new Error('auth is away'))
    const answer = await ask(fresh, { path: '/session/sign-in?return_to=%2Fa' })
    assert.equal(answer.status, 503)
    assert.match(answer.text, /href="\/session\/sign-in\?return_to=%2Fa"/)
  } finally {
    await fresh.stop()
  }
})
