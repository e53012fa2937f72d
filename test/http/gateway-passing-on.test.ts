// What the gateway hands on of a signed-in request, and to whom (RFC 10017 section 6.1.3.6): declared hosts, paths and methods, and never a cookie that
// makes a session.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { ok, route, type Exchange } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { ask, browse, csrfOf, openWorld, raw, signIn, site, sites, token, type World } from './gateway-support.ts'
import { Jar } from './jar.ts'

const UNLIMITED = { api: 'off', page: 'off', probe: 'off', token: 'off', 'sign-in': 'off', files: 'off' } as const

let world: World
let jar: Jar
/** Everything that a handler, or a machine that it passes the request on to, could read. */
const handed: string[] = []

const spy = async (_call: unknown, _input: unknown, exchange: Exchange) => {
  const { request, cookies } = exchange
  handed.push(JSON.stringify([request.headers, request.rawHeaders, [...cookies]]))
  return ok({ method: exchange.method })
}
const shared = { allow: { who: 'anyone' }, rate: 'api', summary: 'x', answers: { 200: z.unknown() }, handle: spy } as const

before(async () => {
  world = await openWorld({
    settings: { rateLimits: UNLIMITED },
    routes: [
      route({ ...shared, method: 'GET', path: '/api/spy', site: 'app' }),
      route({ ...shared, method: 'POST', path: '/api/spy', site: 'app', body: 'json', input: { body: z.unknown() } }),
      route({ ...shared, method: 'GET', path: '/spy', site: 'frontend:diary' }),
      route({ ...shared, method: 'GET', path: '/spy', site: 'console' }),
      route({ ...shared, method: 'GET', path: '/spy/:id', site: 'files' }),
    ],
  })
  jar = new Jar()
  await signIn(world, jar)
})
after(() => world.stop())
beforeEach(() => {
  handed.length = 0
})

const secrets = (of: Jar): string[] =>
  ['__Host-Http-access', '__Secure-refresh', '__Host-Http-operator'].flatMap((name) => of.get(name) ?? [])

function assertNothingOf(values: readonly string[], text: string): void {
  assert.ok(values.length > 0)
  for (const value of values) assert.equal(text.includes(value), false)
}

describe('of a signed-in request', () => {
  test('requirement 60: a handler learns who asks, and gets no cookie that makes a session', async () => {
    const csrf = await csrfOf(world, jar)
    assert.equal((await browse(world, jar, { path: '/api/spy' })).status, 200)
    assert.equal((await browse(world, jar, { path: '/spy' })).status, 200)
    const headers = { 'x-csrf-token': csrf, 'content-type': 'application/json', 'content-length': '2' }
    assert.equal((await browse(world, jar, { method: 'POST', path: '/api/spy', headers, body: '{}' })).status, 200)
    // With the refresh cookie beside, which no page ever sends here.
    const all = `__Host-Http-access=${jar.get('__Host-Http-access')}; __Secure-refresh=${jar.get('__Secure-refresh')}`
    assert.equal((await ask(world, { path: '/api/spy', headers: { cookie: all } })).status, 200)
    assert.equal(handed.length, 4)
    assertNothingOf(secrets(jar), handed.join())
    for (const text of handed) assert.doesNotMatch(text, /"cookie"/i, 'neither parsed nor raw')
    const me = await browse(world, jar, { path: '/api/me' })
    assert.equal((me.json as { principal: { accountId: string } }).principal.accountId, 'ada')
  })

  test("requirement 60: an operator's cookie stays with the gateway as well, and cookies beside a token go nowhere", async () => {
    const cookie = '__Host-Http-operator=eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..made-up'
    assert.equal((await ask(world, { origin: sites.console, path: '/spy', headers: { cookie } })).status, 200)
    const bearer = { authorization: `Bearer ${await token()}`, ...jar.header('/api/spy') }
    assert.equal((await ask(world, { path: '/api/spy', headers: bearer })).status, 200)
    assert.equal((await ask(world, { origin: sites.files, path: '/spy/1', headers: jar.header('/spy/1') })).status, 200)
    assert.equal(handed.length, 3)
    assertNothingOf([...secrets(jar), 'made-up'], handed.join())
  })

  test('requirement 60: the record of it has neither a cookie nor a token', async () => {
    await browse(world, jar, { path: '/api/spy' })
    await browse(world, jar, { path: '/api/broken' })
    // What stands in an address may be a secret, too: a hint that is an ID token.
    for (const path of ['/api/spy', '/api/broken', '/nowhere', '/end-session'])
      await browse(world, jar, { path: `${path}?id_token_hint=eyJhbGciOiJub25lIn0.e30.` })
    const recorded = JSON.stringify(world.records)
    assert.match(recorded, /"accountId":"ada"/)
    assertNothingOf(secrets(jar), recorded)
    assert.doesNotMatch(recorded, /eyJ|id_token_hint/)
  })

  test('requirement 60: only hosts, paths and methods that are declared are reached, however they are asked for', async () => {
    const { cookie = '' } = jar.header('/api/spy')
    const lines = (line: string, host: string, more = ''): string => `${line}\r\nHost: ${host}\r\nCookie: ${cookie}\r\n${more}\r\n`
    const own = new URL(sites.app).host
    const refused: readonly (readonly [string, RegExp])[] = [
      [lines('GET /api/spy HTTP/1.1', 'evil.example'), /^HTTP\/1\.1 421 /],
      [lines('GET /api/spy HTTP/1.1', new URL(site('other')).host), /^HTTP\/1\.1 421 /],
      [lines('GET http://evil.example/api/spy HTTP/1.1', own), /^HTTP\/1\.1 4(?:00|21) /],
      [lines('GET //evil.example/api/spy HTTP/1.1', own), /^HTTP\/1\.1 (?:400|404) /],
      [lines('CONNECT evil.example:443 HTTP/1.1', own), /^HTTP\/1\.1 (?:400|405) |^$/],
      [lines('TRACE /api/spy HTTP/1.1', own), /^HTTP\/1\.1 405 /],
      [lines('GET /api/undeclared HTTP/1.1', own), /^HTTP\/1\.1 404 /],
      [lines('GET /api/spy/../undeclared HTTP/1.1', own), /^HTTP\/1\.1 (?:400|404) /],
      [lines('GET /api/%2e%2e/%2e%2e/etc/passwd HTTP/1.1', own), /^HTTP\/1\.1 (?:400|404) /],
      [lines('DELETE /api/spy HTTP/1.1', own), /^HTTP\/1\.1 405 /],
      [lines('PURGE /api/spy HTTP/1.1', own), /^HTTP\/1\.1 (?:400|501) /],
    ]
    for (const [request, answer] of refused) assert.match(await raw(world, request), answer, request.split('\r\n')[0])
    assert.deepEqual(handed, [], 'no handler ran')
    const override = { 'x-http-method-override': 'DELETE', 'x-original-url': '/api/undeclared', 'x-forwarded-host': 'evil.example' }
    const plain = await browse(world, jar, { path: '/api/spy', headers: override })
    assert.deepEqual([plain.status, plain.json['method']], [200, 'GET'])
    assert.equal(world.writes.count, 0)
  })
})
