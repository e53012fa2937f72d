// Starting, answering and stopping.
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { rawRoute, route } from '#kernel/http/route.ts'
import { createTrustedProxies } from '../../src/gateway/client-address.ts'
import { ask, DIARY, GALLERY, openWorld, PORT, sites, type World } from './gateway-support.ts'

const UNLIMITED = { api: 'off', page: 'off', probe: 'off', token: 'off', 'sign-in': 'off', files: 'off' } as const

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
  test('requirement 65: is refused when user content, an app or the console would share the origin of the accounts', async () => {
    for (const name of ['files', 'console', 'app'] as const)
      await assert.rejects(openWorld({ settings: { sites: { ...sites, [name]: sites.accounts } } }), /share the origin/, name)
    const frontends = [DIARY, { ...GALLERY, origin: sites.accounts }]
    await assert.rejects(openWorld({ settings: { frontends } }), /frontend gallery and accounts share the origin/)
    await assert.rejects(openWorld({ settings: { sites: { ...sites, files: sites.app } } }), /share the origin/)
  })
  test('is refused for origins that are none and for proxies that are everybody', async () => {
    await assert.rejects(openWorld({ settings: { sites: { ...sites, files: 'http://files.localhost/' } } }), /is not an origin/)
    // An issuer has no path, so that its metadata has one address (RFC 8414 section 3.1).
    await assert.rejects(openWorld({ settings: { sites: { ...sites, accounts: 'http://diary.localhost/accounts' } } }), /is not an origin/)
    for (const entry of ['0.0.0.0/0', '::/0', 'proxy', '10.0.0.0/7', '10.0.0.0/x'])
      assert.throws(() => createTrustedProxies([entry]), entry)
  })
  test('proxies are known by their networks, the second time as the first', () => {
    const proxies = createTrustedProxies(['10.0.0.0/8', 'fd00::/16', '192.0.2.7'])
    for (let time = 0; time < 2; time += 1) {
      for (const one of ['10.1.2.3', 'fd00::1', '192.0.2.7']) assert.equal(proxies.has(one), true, one)
      for (const other of ['11.1.2.3', 'fd01::1', '192.0.2.8', 'proxy', '', `fe80::1%${'a'.repeat(9000)}`])
        assert.equal(proxies.has(other), false)
    }
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
