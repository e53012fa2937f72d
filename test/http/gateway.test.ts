// The gateway from outside: headers on everything, hosts, tokens, sharing across origins, limits, operators, reports, start and stop.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { SignJWT, UnsecuredJWT } from 'jose'
import { rawRoute, route } from '#kernel/http/route.ts'
import { createLimiter } from '../../src/gateway/limits/gcra.ts'
import { createTrustedProxies } from '../../src/gateway/client-address.ts'
import { isPolicySource } from '../../src/gateway/headers.ts'
import {
  type Answered,
  ask,
  AUDIENCE,
  browse,
  DIARY,
  GALLERY,
  Jar,
  openWorld,
  PORT,
  publicJwk,
  raw,
  signIn,
  site,
  sites,
  token,
  type World,
} from './gateway-support.ts'

const SHOP = 'http://printshop.localhost:5000'
const UNLIMITED = { api: 'off', page: 'off', probe: 'off', token: 'off', 'sign-in': 'off', files: 'off' } as const
const seconds = (): number => Math.floor(Date.now() / 1000)

describe('every answer', () => {
  let world: World
  before(async () => {
    world = await openWorld({ settings: { rateLimits: { ...UNLIMITED, files: { quota: 1, windowSeconds: 60 } } } })
  })
  after(() => world.stop())
  const NAMES = [
    'content-security-policy',
    'cross-origin-opener-policy',
    'cross-origin-resource-policy',
    'origin-agent-cluster',
    'permissions-policy',
    'referrer-policy',
    'reporting-endpoints',
    'x-content-type-options',
    'x-frame-options',
    'x-request-id',
    'cache-control',
  ]
  test('has the same security headers, whatever its status', async () => {
    const seen = new Map<number, Answered>()
    const note = (answer: Answered): void => void seen.set(answer.status, answer)
    note(await ask(world, { path: '/hello' }))
    note(await ask(world, { path: '/api/none' }))
    note(await ask(world, { path: '/api/me' }))
    note(await ask(world, { path: '/api/broken' }))
    note(await ask(world, { path: '/hello?x' }))
    note(await ask(world, { method: 'PUT', path: '/hello' }))
    note(await ask(world, { method: 'OPTIONS', path: '/hello' }))
    note(await ask(world, { method: 'FOO'.replace('FOO', 'PURGE'), path: '/hello' }))
    note(await ask(world, { origin: 'http://evil.example', path: '/hello' }))
    note(await ask(world, { path: '/private', headers: { 'sec-fetch-mode': 'navigate' } }))
    await ask(world, { origin: sites.files, path: '/a/b' })
    note(await ask(world, { origin: sites.files, path: '/a/b' }))
    assert.deepEqual([...seen.keys()].sort(), [200, 204, 303, 400, 401, 404, 405, 421, 429, 500, 501])
    for (const [status, { headers }] of seen) {
      for (const name of NAMES) assert.ok(headers[name] !== undefined, `${status} lacks ${name}`)
      assert.equal(headers['server'], undefined)
      assert.match(String(headers['content-security-policy']), /default-src 'none'.*frame-ancestors 'none'/)
    }
  })
  test('tells nothing of an error of ours but its id, which the record has too', async () => {
    const answer = await ask(world, { path: '/api/broken' })
    assert.equal(answer.status, 500)
    assert.doesNotMatch(answer.text, /secret| is 42|broken|[.]ts/)
    assert.equal(answer.headers['content-type'], 'application/problem+json')
    const record = world.records.find(({ requestId }) => requestId === answer.json['requestId'])
    assert.equal(record?.errorCode, 'http.internal')
    assert.equal(record?.route, '/api/broken')
    const page = await ask(world, { path: '/api/broken', headers: { 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'none' } })
    assert.match(String(page.headers['content-type']), /^text\/html/)
    assert.doesNotMatch(page.text, /secret is/)
  })
  test('that is a page with a nonce has it once, fresh, and is never stored', async () => {
    const nonces = new Set<string>()
    for (let index = 0; index < 50; index += 1) {
      const answer = await ask(world, { path: '/form', headers: { 'sec-fetch-site': 'same-origin' } })
      const nonce = answer.text.split(' ')[0] ?? ''
      nonces.add(nonce)
      const policy = String(answer.headers['content-security-policy'])
      assert.ok(policy.includes(`script-src 'nonce-${nonce}' 'strict-dynamic'; style-src 'nonce-${nonce}'`), policy)
      assert.equal(answer.headers['cache-control'], 'no-store')
    }
    assert.equal(nonces.size, 50)
  })
  test('of a page names the sources of its frontend and no others', async () => {
    const { headers } = await ask(world, { path: '/form', headers: { 'sec-fetch-site': 'same-origin' } })
    const policy = String(headers['content-security-policy'])
    for (const part of [
      `img-src 'self' ${sites.files} blob: data:`,
      `connect-src 'self' ${sites.files};`,
      "form-action 'self';",
      "base-uri 'none'",
      "object-src 'none'",
      "require-trusted-types-for 'script'",
      'report-uri /csp-reports; report-to csp',
    ]) {
      assert.ok(policy.includes(part), `${part}\n${policy}`)
    }
    assert.ok(!policy.includes('unsafe') && !policy.includes('*'))
  })
  test('of the files host is a sandbox that others may embed', async () => {
    const fresh = await openWorld()
    const { headers } = await ask(fresh, { origin: sites.files, path: '/photos/1' })
    await fresh.stop()
    assert.match(String(headers['content-security-policy']), /^default-src 'none'; sandbox;/)
    assert.equal(headers['cross-origin-resource-policy'], 'cross-origin')
  })
  test('over https asks for https from then on', async () => {
    const secure = {
      accounts: 'https://accounts.example',
      app: 'https://diary.example',
      files: 'https://files.example',
      console: 'https://console.example',
      frontends: {},
    }
    const world2 = await openWorld({
      settings: {
        sites: secure,
        frontends: [
          { ...DIARY, origin: secure.app },
          { ...GALLERY, origin: 'https://gallery.example' },
        ],
      },
    })
    const { headers } = await ask(world2, { origin: secure.app, path: '/api/none' })
    const withPort = await raw(world2, 'GET /hello HTTP/1.1\r\nHost: DIARY.example:443\r\n\r\n')
    await world2.stop()
    assert.match(String(headers['strict-transport-security']), /^max-age=31536000/)
    assert.match(withPort, /^HTTP\/1\.1 200 /)
  })
  test('is recorded once, by the pattern of its route', async () => {
    const before = world.records.length
    await ask(world, { method: 'DELETE', path: '/api/photos/secret-id' })
    await ask(world, { origin: 'http://evil.example', path: '/secret' })
    await raw(world, 'nonsense\r\n\r\n')
    const [first, second, third] = world.records.slice(before)
    assert.equal(world.records.length - before, 3)
    assert.deepEqual([first?.route, first?.status, first?.method, first?.site], ['/api/photos/:id', 401, 'DELETE', 'app'])
    assert.deepEqual([second?.route, second?.status, second?.site], ['unmatched', 421, 'unknown'])
    assert.deepEqual([third?.status, third?.errorCode], [400, 'http.bad_request'])
  })
})

describe('a bearer token', () => {
  let world: World
  before(async () => {
    world = await openWorld({ settings: { rateLimits: UNLIMITED } })
  })
  after(() => world.stop())
  const withToken = (value: string, path = '/api/photos') => ask(world, { path, headers: { authorization: `Bearer ${value}` } })

  test('of a client opens what its scopes open, and no more', async () => {
    const value = await token()
    assert.equal((await withToken(value)).status, 200)
    const denied = await ask(world, {
      method: 'POST',
      path: '/api/photos',
      headers: { authorization: `Bearer ${value}`, 'content-type': 'application/json', 'content-length': '2' },
      body: '{}',
    })
    assert.equal(denied.status, 403)
    assert.equal(denied.json['code'], 'http.insufficient_scope')
    assert.equal(denied.headers['www-authenticate'], 'Bearer error="insufficient_scope", scope="photos:write"')
    const own = await ask(world, { method: 'DELETE', path: '/api/photos/1', headers: { authorization: `Bearer ${value}` } })
    assert.equal(own.json['code'], 'http.forbidden')
    assert.equal(world.writes.count, 0)
  })
  test('is refused unless everything about it is right', async () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
    const claims = {
      sub: 'ada',
      iss: sites.accounts,
      aud: AUDIENCE,
      client_id: 'printshop',
      sid: 's',
      jti: 'j',
      scope: 'photos:read',
      iat: seconds(),
      exp: seconds() + 60,
    }
    const secretOf = (text: string) => new TextEncoder().encode(text)
    const header = { alg: 'ES256', typ: 'at+jwt', kid: 'key-1' }
    const good = await token()
    const [head = '', payload = '', signature = ''] = good.split('.')
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const bad: Record<string, string> = {
      'alg none': new UnsecuredJWT(claims).encode(),
      'alg None': `${encode({ ...header, alg: 'None' })}.${payload}.`,
      'alg nOnE with a signature': `${encode({ ...header, alg: 'nOnE' })}.${payload}.${signature}`,
      'HS256 with the public key': await new SignJWT(claims)
        .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: 'key-1' })
        .sign(secretOf(JSON.stringify(publicJwk))),
      'another key': await new SignJWT(claims).setProtectedHeader(header).sign(other),
      'an unknown kid': await token({}, { kid: 'other' }),
      'a path as kid': await token({}, { kid: '../../dev/null' }),
      'no kid': await new SignJWT(claims).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt' }).sign(other),
      'a prototype as kid': await token({}, { kid: '__proto__' }),
      'a long kid': await token({}, { kid: 'k'.repeat(4000) }),
      'a jwk header': await token({}, { jwk: publicJwk }),
      'a jku header': await token({}, { jku: 'http://127.0.0.1:1/keys' }),
      'an x5u header': await token({}, { x5u: 'http://127.0.0.1:1/cert' }),
      'a crit header': `${encode({ ...header, crit: ['exp'] })}.${payload}.${signature}`,
      'b64 false': `${encode({ ...header, b64: false, crit: ['b64'] })}.${payload}.${signature}`,
      'an ID token': await token({}, { typ: 'JWT' }),
      'no typ': await token({}, { typ: undefined as unknown as string }),
      'another audience': await token({ aud: 'https://other.example/api' }),
      'a list of audiences': await token({ aud: [AUDIENCE, 'x'] }),
      'no audience': await token({ aud: undefined as unknown as string }),
      'another issuer': await token({ iss: 'https://evil.example' }),
      'an issuer with a slash': await token({ iss: `${sites.accounts}/` }),
      expired: await token({ exp: seconds() - 10 }),
      'not yet valid': await token({ nbf: seconds() + 60 }),
      'no exp': await token({ exp: undefined as unknown as number }),
      'no sid': await token({ sid: undefined }),
      'no client': await token({ client_id: undefined }),
      'a changed payload': `${head}.${encode({ ...claims, sub: 'eve' })}.${signature}`,
      'a cut signature': good.slice(0, -4),
      'no payload': `${head}..${signature}`,
      'an encrypted token': `${encode({ alg: 'dir', enc: 'A256GCM' })}..a.b.c`,
      'too long': `${good}${'a'.repeat(9000)}`,
      empty: '',
      spaces: ' ',
    }
    for (const [name, value] of Object.entries(bad)) {
      const answer = await withToken(value)
      assert.equal(answer.status, 401, name)
      if (name !== 'empty' && name !== 'spaces') {
        assert.equal(answer.json['code'], 'http.invalid_token', name)
        assert.equal(answer.headers['www-authenticate'], 'Bearer error="invalid_token"', name)
      }
    }
    for (const authorization of ['Basic YTpi', 'DPoP x', good])
      assert.equal((await ask(world, { path: '/api/photos', headers: { authorization } })).status, 401)
    const twice = await ask(world, { path: `/api/photos?access_token=${good}` })
    assert.equal(twice.status, 400)
  })
  test('with unknown keys does not make the gateway ask for keys again and again', async () => {
    const before = world.auth.keysRead
    for (let index = 0; index < 30; index += 1) await withToken(await token({}, { kid: `flood-${index}` }))
    assert.ok(world.auth.keysRead - before <= 1)
  })
  test('is refused within a second of its revocation, hint or no hint', async () => {
    const value = await token({ sid: 'sid-revoked' })
    assert.equal((await withToken(value)).status, 200)
    world.auth.revoke({ kind: 'session', subject: 'sid-revoked', before: seconds() })
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.equal((await withToken(value)).json['code'], 'http.invalid_token')
    const second = await token({ sub: 'bob', sid: 'sid-bob' })
    assert.equal((await withToken(second)).status, 200)
    world.auth.revoked.push({ kind: 'account', subject: 'bob', before: seconds() })
    await new Promise((resolve) => setTimeout(resolve, 600))
    assert.equal((await withToken(second)).status, 401)
    assert.equal((await withToken(await token({ sub: 'bob', sid: 'sid-new', iat: seconds() + 1 }))).status, 200)
  })
})

test('nobody is waved through when revocations cannot be read', async () => {
  const world = await openWorld()
  try {
    const value = await token()
    world.auth.revocationsFail = true
    const wait = Date.now() + 8000
    let answer = await ask(world, { path: '/api/photos', headers: { authorization: `Bearer ${value}` } })
    assert.equal(answer.status, 200)
    while (answer.status === 200 && Date.now() < wait) {
      await new Promise((resolve) => setTimeout(resolve, 250))
      answer = await ask(world, { path: '/api/photos', headers: { authorization: `Bearer ${value}` } })
    }
    assert.equal(answer.status, 503)
    assert.ok(answer.headers['retry-after'])
    assert.equal((await ask(world, { path: '/hello' })).status, 200)
    world.auth.revocationsFail = false
    await new Promise((resolve) => setTimeout(resolve, 600))
    assert.equal((await ask(world, { path: '/api/photos', headers: { authorization: `Bearer ${value}` } })).status, 200)
  } finally {
    await world.stop()
  }
})

describe('sharing across origins', () => {
  let world: World
  before(async () => {
    world = await openWorld({ settings: { rateLimits: { ...UNLIMITED, api: { quota: 40, windowSeconds: 60 } } } })
  })
  after(() => world.stop())
  const preflight = (origin: string, place: Partial<Parameters<typeof ask>[1]> = {}) =>
    ask(world, {
      method: 'OPTIONS',
      path: '/api/photos',
      ...place,
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
    })

  test('is open to registered origins, on the API and the files, without credentials', async () => {
    for (const place of [{}, { origin: sites.files, path: '/photos/1' }]) {
      const answer = await preflight(SHOP, place)
      assert.equal(answer.status, 204)
      assert.equal(answer.headers['access-control-allow-origin'], SHOP)
      assert.match(String(answer.headers['access-control-allow-headers']), /authorization/)
      assert.equal(answer.headers['access-control-allow-credentials'], undefined)
      assert.match(String(answer.headers['vary']), /origin/)
    }
    assert.equal((await preflight(site('gallery'))).status, 204)
  })
  test('is closed to everybody else', async () => {
    for (const origin of [
      'null',
      'https://evil.example',
      'http://printshop.localhost:5001',
      'https://printshop.localhost:5000',
      `${SHOP}.evil.example`,
      `${SHOP}/`,
      '*',
      'http://PRINTSHOP.localhost:5000',
    ]) {
      const answer = await preflight(origin)
      assert.equal(answer.status, 403, origin)
      assert.equal(answer.headers['access-control-allow-origin'], undefined)
      const get = await ask(world, { path: '/api/photos', headers: { origin } })
      assert.equal(get.headers['access-control-allow-origin'], undefined)
      assert.match(String(get.headers['vary']), /origin/)
    }
  })
  test('never reaches pages, sessions, accounts or the console', async () => {
    for (const [origin, path] of [
      [sites.app, '/session'],
      [sites.app, '/form'],
      [sites.accounts, '/sign-in'],
      [sites.console, '/session'],
      [sites.app, '/apix'],
    ] as const) {
      const answer = await ask(world, { origin, path, headers: { origin: SHOP } })
      assert.equal(answer.headers['access-control-allow-origin'], undefined, path)
      const asked = await preflight(SHOP, { origin, path })
      assert.equal(asked.headers['access-control-allow-origin'], undefined, path)
    }
  })
  test('lets a script of the client read errors, but one of another client not even try', async () => {
    const error = await ask(world, { path: '/api/photos', headers: { origin: SHOP, authorization: 'Bearer x' } })
    assert.deepEqual([error.status, error.headers['access-control-allow-origin']], [401, SHOP])
    const stolen = await ask(world, {
      path: '/api/photos',
      headers: { origin: 'http://other.localhost:5000', authorization: `Bearer ${await token()}` },
    })
    assert.deepEqual([stolen.status, stolen.headers['access-control-allow-origin']], [403, undefined])
    const program = await ask(world, { path: '/api/photos', headers: { authorization: `Bearer ${await token()}` } })
    assert.equal(program.status, 200)
    for (let index = 0; index < 45; index += 1) await ask(world, { path: '/api/photos', headers: { origin: SHOP } })
    const limited = await ask(world, { path: '/api/photos', headers: { origin: SHOP } })
    assert.deepEqual([limited.status, limited.headers['access-control-allow-origin']], [429, SHOP])
  })
})

describe('rate limits', () => {
  test('are on unless switched off, tell what is left, and count each class and client for itself', async () => {
    const world = await openWorld({ settings: { rateLimits: { api: { quota: 3, windowSeconds: 60 } }, trustedProxies: ['127.0.0.1'] } })
    try {
      const from = (client: string, path = '/api/me') => ask(world, { path, headers: { 'x-forwarded-for': `198.51.100.1, ${client}` } })
      const first = await from('203.0.113.1')
      assert.equal(first.headers['ratelimit-policy'], '"api";q=3;w=60')
      assert.equal(first.headers['ratelimit'], '"api";r=2;t=20')
      await from('203.0.113.1')
      await from('203.0.113.1')
      const over = await from('203.0.113.1')
      assert.equal(over.status, 429)
      assert.equal(over.json['code'], 'http.too_many_requests')
      assert.equal(over.headers['retry-after'], '20')
      assert.equal(over.headers['ratelimit'], '"api";r=0;t=60')
      assert.equal((await from('203.0.113.2')).status, 401)
      assert.equal((await from('203.0.113.1', '/hello')).headers['ratelimit-policy'], '"probe";q=600;w=60')
      assert.equal(world.records.at(-1)?.client, 'p-203.0.113.1')
    } finally {
      await world.stop()
    }
  })
  test('cannot be moved by a header of a peer that nobody named', async () => {
    const world = await openWorld({ settings: { rateLimits: { api: { quota: 2, windowSeconds: 60 } } } })
    const statuses = []
    for (let index = 0; index < 4; index += 1)
      statuses.push((await ask(world, { path: '/api/me', headers: { 'x-forwarded-for': `203.0.113.${index}` } })).status)
    await world.stop()
    assert.deepEqual(statuses, [401, 401, 429, 429])
  })
  test('spread over time: a burst of the quota, then one per interval, and memory is bounded', () => {
    const limiter = createLimiter(10, 10_000, 100)
    const allowed = Array.from({ length: 20 }, () => limiter.take('a', 0).allowed).filter(Boolean).length
    assert.equal(allowed, 10)
    assert.deepEqual(limiter.take('a', 999), { allowed: false, remaining: 0, resetMs: 9001, retryMs: 1 })
    assert.equal(limiter.take('a', 1000).allowed, true)
    assert.equal(limiter.take('a', 1000).allowed, false)
    assert.deepEqual(limiter.take('a', 60_000), { allowed: true, remaining: 9, resetMs: 1000, retryMs: 0 })
    for (let index = 0; index < 10_000; index += 1) limiter.take(`k${index}`, 0)
    assert.equal(limiter.take('k9999', 0).remaining, 8)
  })
})

describe('an operator', () => {
  let world: World
  before(async () => {
    world = await openWorld({
      settings: { rateLimits: UNLIMITED },
      routes: [
        route({
          method: 'GET',
          path: '/api/status',
          site: 'console',
          allow: { who: 'operator' },
          rate: 'api',
          summary: 'x',
          answers: { 200: 'text' },
          handle: async () => ({ status: 200, body: { text: 'fine' } }),
        }),
      ],
    })
  })
  after(() => world.stop())
  const origin = sites.console
  const form = (body: string) => ({ 'content-type': 'application/x-www-form-urlencoded', 'content-length': String(body.length) })

  test('enters by the one-time link, by a button and not by looking, and leaves again', async () => {
    const jar = new Jar()
    const code = await world.auth.createOperatorLink()
    assert.equal((await browse(world, jar, { origin, path: '/api/status' })).status, 401)
    const page = await browse(world, jar, {
      origin,
      path: `/enter?code=${code}`,
      headers: { 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'none' },
    })
    assert.equal(page.status, 200)
    assert.ok(world.auth.operatorLinks.has(code))
    const csrf = /name="csrf_token" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
    const body = `code=${code}&csrf_token=${csrf}`
    const forged = await ask(world, {
      method: 'POST',
      origin,
      path: '/enter',
      headers: { ...form(`code=${code}`), 'sec-fetch-site': 'cross-site' },
      body: `code=${code}`,
    })
    assert.equal(forged.status, 403)
    const entered = await browse(world, jar, { method: 'POST', origin, path: '/enter', headers: form(body), body })
    assert.deepEqual([entered.status, entered.headers.location], [303, '/'])
    assert.match(
      entered.cookies.find((cookie) => cookie.startsWith('__Host-Http-operator=')) ?? '',
      /; Path=\/; Max-Age=\d+; Secure; HttpOnly; SameSite=Strict$/,
    )
    assert.equal((await browse(world, jar, { origin, path: '/api/status' })).text, 'fine')
    const session = await browse(world, jar, { origin, path: '/session' })
    assert.equal(session.json['signedIn'], true)
    const again = await browse(world, new Jar(), { origin, path: `/enter?code=${code}` })
    assert.equal(again.status, 200)
    const thief = jar.copy()
    const used = `code=${code}&csrf_token=${session.json['csrfToken']}`
    assert.equal((await browse(world, jar, { method: 'POST', origin, path: '/enter', headers: form(used), body: used })).status, 403)
    assert.equal((await browse(world, jar, { method: 'POST', origin, path: '/session/sign-out', headers: {} })).status, 403)
    assert.equal(
      (
        await browse(world, jar, {
          method: 'POST',
          origin,
          path: '/session/sign-out',
          headers: { 'x-csrf-token': String(session.json['csrfToken']) },
        })
      ).status,
      200,
    )
    assert.equal((await browse(world, thief, { origin, path: '/api/status' })).status, 401)
  })
  test('is nobody on any other host, and a person is nobody on the console', async () => {
    const jar = new Jar()
    await signIn(world, jar)
    assert.equal((await ask(world, { origin, path: '/api/status', headers: jar.header('/') })).status, 401)
    assert.equal((await ask(world, { origin, path: '/api/status', headers: { authorization: `Bearer ${await token()}` } })).status, 401)
  })
})

test('policy reports of both kinds are collected, without queries, and nothing else is', async () => {
  const world = await openWorld({ settings: { rateLimits: UNLIMITED } })
  try {
    const report = (body: unknown, type: string, origin = sites.app) => {
      const text = typeof body === 'string' ? body : JSON.stringify(body)
      return ask(world, {
        method: 'POST',
        origin,
        path: '/csp-reports',
        headers: { 'content-type': type, 'content-length': String(text.length), cookie: '__Host-csrf=x', 'sec-fetch-site': 'same-origin' },
        body: text,
      })
    }
    const old = {
      'csp-report': {
        'document-uri': 'http://diary.localhost/a?token=x',
        'effective-directive': 'script-src-elem',
        'blocked-uri': 'inline',
      },
    }
    const fresh = [
      {
        type: 'csp-violation',
        body: { documentURL: 'http://files.localhost/b#x', effectiveDirective: 'img-src', blockedURL: 'https://evil.example/i?q' },
      },
      { type: 'deprecation', body: {} },
    ]
    assert.equal((await report(old, 'application/csp-report')).status, 204)
    assert.equal((await report(fresh, 'application/reports+json', sites.files)).status, 204)
    assert.deepEqual(world.reports, [
      { documentUri: 'http://diary.localhost/a', directive: 'script-src-elem', blockedUri: 'inline' },
      { documentUri: 'http://files.localhost/b', directive: 'img-src', blockedUri: 'https://evil.example/i' },
    ])
    assert.equal((await report('{"a":1}', 'application/csp-report')).status, 422)
    assert.equal((await report(old, 'text/plain')).status, 415)
    assert.equal((await report(`"${'a'.repeat(17_000)}"`, 'application/csp-report')).status, 413)
    assert.equal(world.reports.length, 2)
  } finally {
    await world.stop()
  }
})

describe('starting', () => {
  const broken = {
    method: 'GET',
    path: '/x',
    site: 'app',
    rate: 'api',
    summary: 'x',
    answers: {},
    handle: async () => ({ status: 204 }),
  } as const
  test('is refused for a route without a rule, declared twice, or of an unknown site', async () => {
    const ruleless = route({ ...broken, allow: undefined as never })
    await assert.rejects(openWorld({ routes: [ruleless] }), /GET \/x \(app\) has no rule/)
    const fine = route({ ...broken, allow: { who: 'anyone' } })
    await assert.rejects(openWorld({ routes: [fine, { ...fine, site: 'frontend:diary' }] }), /declared twice/)
    await assert.rejects(
      openWorld({
        routes: [
          { ...fine, path: '/x/:a' },
          { ...fine, path: '/x/:b' },
        ],
      }),
      /declared twice/,
    )
    await assert.rejects(openWorld({ routes: [{ ...fine, site: 'frontend:none' }] }), /unknown site/)
    await assert.rejects(openWorld({ routes: [route({ ...broken, allow: { who: 'handler', reason: '' } })] }), /has no rule/)
  })
  test('is refused for shared or broken origins and for proxies that are everybody', async () => {
    await assert.rejects(openWorld({ settings: { sites: { ...sites, files: sites.accounts } } }), /share the origin/)
    await assert.rejects(openWorld({ settings: { sites: { ...sites, files: 'http://files.localhost/' } } }), /is not an origin/)
    for (const entry of ['0.0.0.0/0', '::/0', 'proxy', '10.0.0.0/7', '10.0.0.0/x'])
      assert.throws(() => createTrustedProxies([entry]), entry)
  })
  test('lists every route, its own too', async () => {
    const world = await openWorld()
    const answer = await ask(world, { path: '/session' })
    await world.stop()
    assert.equal(answer.json['signedIn'], false)
  })
})

describe('answers', () => {
  const stream = (content: Iterable<Buffer>, length?: number) => ({
    status: 200,
    body: { stream: Readable.from(content), type: 'application/octet-stream', ...(length === undefined ? {} : { length }) },
  })
  const get = (path: string, handle: Parameters<typeof route>[0]['handle'], answers: Record<number, 'bytes' | 'text'> = { 200: 'bytes' }) =>
    route({ method: 'GET', path, site: 'app', allow: { who: 'anyone' }, rate: 'api', summary: 'x', answers, handle })
  let world: World
  let aborted = 0
  before(async () => {
    const endless = function* () {
      for (;;) yield Buffer.alloc(65_536)
    }
    world = await openWorld({
      settings: { rateLimits: UNLIMITED },
      routes: [
        get('/api/stream', async () => stream([Buffer.from('abc'), Buffer.from('def')], 6)),
        get('/api/short', async () => stream([Buffer.from('abc')], 6)),
        get('/api/failing', async () =>
          stream(
            (function* () {
              yield Buffer.from('abc')
              throw new Error('disk')
            })(),
          ),
        ),
        get('/api/endless', async (call) => {
          call.signal.addEventListener('abort', () => (aborted += 1))
          return stream(endless())
        }),
        get('/api/undeclared', async () => ({ status: 418, body: { text: 'tea' } })),
        get('/api/bad-header', async () => ({ status: 200, headers: { location: 'a\r\nb: c' }, body: { text: 'x' } })),
        rawRoute({
          method: 'GET',
          path: '/raw',
          site: 'accounts',
          allow: { who: 'handler', reason: 'test' },
          rate: 'page',
          summary: 'x',
          handle: async (_call, { response }) => void response.end('raw'),
        }),
        rawRoute({
          method: 'GET',
          path: '/raw-broken',
          site: 'accounts',
          allow: { who: 'handler', reason: 'test' },
          rate: 'page',
          summary: 'x',
          handle: async () => {
            throw new Error('x')
          },
        }),
      ],
    })
  })
  after(() => world.stop())
  test('stream whole, and never pass half for whole', async () => {
    const whole = await ask(world, { path: '/api/stream' })
    assert.deepEqual([whole.text, whole.headers['content-length']], ['abcdef', '6'])
    assert.equal((await ask(world, { method: 'HEAD', path: '/api/stream' })).headers['content-length'], '6')
    await assert.rejects(ask(world, { path: '/api/short' }))
    await assert.rejects(ask(world, { path: '/api/failing' }))
  })
  test('stop when the client goes away', async () => {
    await new Promise<void>((resolve) => {
      const socket = connect(world.port, '127.0.0.1', () =>
        socket.write(`GET /api/endless HTTP/1.1\r\nHost: diary.localhost:${PORT}\r\n\r\n`),
      )
      socket.once('data', () => socket.destroy()).once('close', () => resolve())
    })
    for (let index = 0; index < 50 && aborted === 0; index += 1) await new Promise((resolve) => setTimeout(resolve, 20))
    assert.equal(aborted, 1)
  })
  test('with an undeclared status or a broken header are errors', async () => {
    assert.equal((await ask(world, { path: '/api/undeclared' })).status, 500)
    const bad = await ask(world, { path: '/api/bad-header' })
    assert.equal(bad.status, 500)
    assert.equal(bad.headers['b'], undefined)
  })
  test('of raw handlers have the headers too', async () => {
    const raw1 = await ask(world, { origin: sites.accounts, path: '/raw' })
    assert.deepEqual([raw1.text, raw1.headers['x-frame-options']], ['raw', 'DENY'])
    const broken = await ask(world, { origin: sites.accounts, path: '/raw-broken' })
    assert.equal(broken.status, 500)
    assert.equal(broken.json['code'], 'http.internal')
    assert.equal(broken.headers['x-frame-options'], 'DENY')
  })
})

test('stopping finishes what is under way and closes what is idle', async () => {
  const started = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  const slow = route({
    method: 'GET',
    path: '/api/slow',
    site: 'app',
    allow: { who: 'anyone' },
    rate: 'api',
    summary: 'x',
    answers: { 200: 'text' },
    handle: async () => {
      started.resolve()
      await go.promise
      return { status: 200, body: { text: 'done' } }
    },
  })
  const world = await openWorld({ routes: [slow] })
  const idle = connect(world.port, '127.0.0.1')
  await new Promise((resolve) => idle.once('connect', resolve))
  const closed = new Promise((resolve) => idle.once('close', resolve))
  const answer = ask(world, { path: '/api/slow' })
  await started.promise
  const stopping = world.stop()
  await closed
  go.resolve()
  const { text, headers } = await answer
  assert.deepEqual([text, headers.connection], ['done', 'close'])
  await stopping
  await assert.rejects(ask(world, { path: '/hello' }))
})

test('a source of a policy cannot open everything or begin another directive', () => {
  for (const source of ['https://fonts.example', 'https://*.cdn.example', 'blob:', 'wss://live.example:8443'])
    assert.ok(isPolicySource(source), source)
  for (const source of [
    '*',
    'https://*',
    'https:',
    "'unsafe-inline'",
    'https://a.example; script-src *',
    'javascript:',
    'https://a b',
    'http://*:80',
    '',
  ])
    assert.ok(!isPolicySource(source), source)
})
