// Sharing across origins: the registered ones, with a token, on the API and the files; nobody and nothing else.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { rawRoute, type Route } from '#kernel/http/route.ts'
import { ask, openWorld, site, sites, token, type World } from './gateway-support.ts'

const SHOP = 'http://printshop.localhost:5000'
const UNLIMITED = { api: 'off', page: 'off', probe: 'off', token: 'off', 'sign-in': 'off', files: 'off' } as const

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

  test('requirement 64: is open to registered origins, on the API and the files, without credentials', async () => {
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
  test('requirement 64: is closed to everybody else, also to pages without an origin', async () => {
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
  for (const place of ['accounts', 'certificates'] as const)
    test(`tells scripts of registered origins that the token endpoint has had enough (${place})`, async () => {
      const path = '/token-of-the-test'
      const places = { ...sites, certificates: site('mtls') }
      const busyRoute: Route = rawRoute({
        method: 'POST',
        path,
        site: place,
        allow: { who: 'handler', reason: 'x' },
        csrfExempt: 'x',
        maxBodyBytes: 10,
        rate: 'token',
        summary: 'x',
        handle: async (_call, { response }) => void response.end('from the engine'),
      })
      const rateLimits = { token: { quota: 1, windowSeconds: 60 } }
      const busy = await openWorld({ settings: { rateLimits, sites: places }, routes: [busyRoute] })
      try {
        const from = (origin: string) => ask(busy, { method: 'POST', origin: places[place], path, headers: { origin } })
        const first = await from(SHOP)
        assert.deepEqual(
          [first.status, first.headers['access-control-allow-origin']],
          [200, undefined],
          'what the engine answers, it shares',
        )
        const over = await from(SHOP)
        assert.deepEqual([over.status, over.headers['access-control-allow-origin']], [429, SHOP])
        assert.match(String(over.headers['access-control-expose-headers']), /retry-after/)
        for (const foreign of ['https://evil.example', 'null'])
          assert.deepEqual([(await from(foreign)).status, (await from(foreign)).headers['access-control-allow-origin']], [429, undefined])
      } finally {
        await busy.stop()
      }
    })
  test('where clients show certificates no cookie comes in, and tokens are for the engine to judge', async () => {
    const echo: Route = rawRoute({
      method: 'GET',
      path: '/userinfo',
      site: 'certificates',
      allow: { who: 'handler', reason: 'x' },
      rate: 'token',
      summary: 'x',
      handle: async (_call, { request, response, origin }) => {
        response.end(JSON.stringify({ origin, cookie: request.headers.cookie ?? 'none', token: request.headers.authorization }))
      },
    })
    const certificates = site('mtls')
    const own = await openWorld({ settings: { rateLimits: UNLIMITED, sites: { ...sites, certificates } }, routes: [echo] })
    try {
      const headers = { cookie: '__Host-session=x', authorization: 'Bearer opaque' }
      const { text } = await ask(own, { origin: certificates, path: '/userinfo', headers })
      assert.deepEqual(JSON.parse(text), { origin: certificates, cookie: 'none', token: 'Bearer opaque' })
      assert.equal((await ask(own, { origin: certificates, path: '/sign-in' })).status, 404)
      assert.equal((await ask(own, { origin: sites.accounts, path: '/userinfo' })).status, 404)
    } finally {
      await own.stop()
    }
    await assert.rejects(openWorld({ settings: { sites: { ...sites, certificates: sites.accounts } } }), /certificates and accounts share/)
    await assert.rejects(openWorld({ routes: [echo] }), /unknown site certificates/)
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
  test('requirement 64: lets a script of the client read errors, but one of another client not even try', async () => {
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
