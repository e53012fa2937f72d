// Rate limits: on by default, told in fields, moved by no header.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, test } from 'node:test'
import { createBrowserPasses, KNOWN_BROWSER_COOKIE } from '#kernel/http/known-browser.ts'
import { createKeyRing } from '#kernel/keyring.ts'
import { Secret } from '#kernel/secret.ts'
import { createLimiter } from '../../src/gateway/limits/gcra.ts'
import { createRateLimits } from '../../src/gateway/limits/rate-limits.ts'
import { ask, GALLERY, openWorld, sites, type World } from './gateway-support.ts'

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
  test('requirement 69: of signing in leave whoever was here before what strangers at the same address cannot use up', async () => {
    const rateLimits = { 'sign-in': { quota: 3, windowSeconds: 60 }, page: { quota: 3, windowSeconds: 60 } }
    const world = await openWorld({ settings: { rateLimits } })
    try {
      const signIn = async (cookie?: string, extra: Readonly<Record<string, string>> = {}): Promise<number> => {
        const headers = { 'content-type': 'application/x-www-form-urlencoded', ...(cookie === undefined ? {} : { cookie }), ...extra }
        return (await ask(world, { method: 'POST', origin: sites.accounts, path: '/sign-in', headers, body: 'email=a' })).status
      }
      const key = (fill: number) => createKeyRing(new Secret(Buffer.alloc(32, fill).toString('base64url')))
      const known = (account: string, fill = 7): string =>
        `${KNOWN_BROWSER_COOKIE}=${createBrowserPasses(key(fill)).make(account)}~and-marks`
      const times = (most: number, send: () => Promise<number>) => Array.from({ length: most }, send)
      await Promise.all(times(3, () => signIn()))
      assert.equal(await signIn(), 429)
      for (const invented of [
        known('ada', 8),
        `${KNOWN_BROWSER_COOKIE}=`,
        `${KNOWN_BROWSER_COOKIE}=a.b.c`,
        `x${known('ada')}`,
        `other=${known('ada')}`,
      ])
        assert.equal(await signIn(invented), 429, invented)
      const own = [await signIn(known('ada')), await signIn(known('ada')), await signIn(known('ada')), await signIn(known('ada'))]
      assert.deepEqual(
        own.map((status) => status === 429),
        [false, false, false, true],
        'all passes of one account share one quota',
      )
      assert.equal(await signIn(known('ada')), 429)
      assert.notEqual(await signIn(known('bob')), 429)
      const fromElsewhere = () => signIn(known('eve'), { 'sec-fetch-site': 'cross-site' })
      const sent = [await fromElsewhere(), await fromElsewhere(), await fromElsewhere(), await fromElsewhere()]
      assert.equal(sent.at(-1), 429, 'a page of somebody else does not spend it')
      assert.notEqual(await signIn(known('eve')), 429)
    } finally {
      await world.stop()
    }
  })
  test('a known browser whose own quota is used up has that of its address, like everybody', async () => {
    const limits = createRateLimits({ rateLimits: { 'sign-in': { quota: 2, windowSeconds: 60 } } })
    const take = (client: string, own?: string) => limits.take('sign-in', { client, own }, { nowMs: 0, headers: [] })
    for (let index = 0; index < 4; index += 1) take('home', 'known ada')
    assert.throws(() => take('home', 'known ada'), { code: 'http.too_many_requests' })
    assert.throws(() => take('home'), { code: 'http.too_many_requests' })
    take('elsewhere', 'known ada')
  })
  test('count preflights too', async () => {
    const world = await openWorld({ settings: { rateLimits: { page: { quota: 2, windowSeconds: 60 } } } })
    const statuses = []
    for (let index = 0; index < 3; index += 1) {
      const headers = { origin: GALLERY.origin, 'access-control-request-method': 'GET' }
      statuses.push((await ask(world, { method: 'OPTIONS', path: '/api/me', headers })).status)
    }
    await world.stop()
    assert.deepEqual(statuses, [204, 204, 429])
  })
  test('of connections count clients, not the proxy that many come through', async () => {
    const held = 1005
    const behind = await openWorld({ settings: { trustedProxies: ['127.0.0.1'] } })
    const direct = await openWorld()
    try {
      const open = (world: World): Promise<Socket[]> =>
        Promise.all(
          Array.from({ length: held }, async () => {
            const socket = connect(world.port, '127.0.0.1').on('error', () => undefined)
            await once(socket, 'connect')
            return socket
          }),
        )
      const sockets = [...(await open(behind)), ...(await open(direct))]
      assert.equal((await ask(behind, { path: '/hello', headers: { 'x-forwarded-for': '203.0.113.9' } })).status, 200)
      await assert.rejects(ask(direct, { path: '/hello' }), 'one address has had its share')
      for (const socket of sockets) socket.destroy()
    } finally {
      await behind.stop()
      await direct.stop()
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

describe('in production', () => {
  test('what did not come by TLS through the named proxy is refused, but for probes', async () => {
    const world = await openWorld({ settings: { development: false, trustedProxies: ['127.0.0.1'] } })
    try {
      const by = async (headers: Record<string, string>, path = '/api/me'): Promise<readonly [number, unknown]> => {
        const reply = await ask(world, { path, headers })
        return [reply.status, reply.json['code']]
      }
      assert.deepEqual(await by({}), [403, 'http.forbidden'])
      assert.deepEqual(await by({ 'x-forwarded-proto': 'http' }), [403, 'http.forbidden'])
      assert.deepEqual(await by({ 'x-forwarded-proto': 'https' }), [401, 'http.unauthenticated'])
      assert.equal((await by({}, '/hello'))[0], 200)
    } finally {
      await world.stop()
    }
  })
  test('the word of a peer that nobody named is not believed', async () => {
    const world = await openWorld({ settings: { development: false } })
    const { status } = await ask(world, { path: '/api/me', headers: { 'x-forwarded-proto': 'https' } })
    await world.stop()
    assert.equal(status, 403)
  })
})
