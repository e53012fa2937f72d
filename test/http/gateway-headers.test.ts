// Security headers on every answer, whatever its status, and what the policy of a page may name.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { isPolicySource } from '#kernel/http/policy-source.ts'
import { httpErrors } from '#kernel/http/problem.ts'
import { type ForeignSources, rawRoute, route } from '#kernel/http/route.ts'
import { type Answered, ask, DIARY, GALLERY, openWorld, raw, sites, type World } from './gateway-support.ts'

const UNLIMITED = { api: 'off', page: 'off', probe: 'off', token: 'off', 'sign-in': 'off', files: 'off' } as const

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
    note(await ask(world, { method: 'PURGE', path: '/hello' }))
    note(await ask(world, { origin: 'http://evil.example', path: '/hello' }))
    note(await ask(world, { path: '/private', headers: { 'sec-fetch-mode': 'navigate' } }))
    await ask(world, { origin: sites.files, path: '/a/b' })
    note(await ask(world, { origin: sites.files, path: '/a/b' }))
    assert.deepEqual([...seen.keys()].toSorted(), [200, 204, 303, 400, 401, 404, 405, 421, 429, 500, 501])
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
      `connect-src 'self' ${sites.files} ${sites.app.replace('http', 'ws')}/api/realtime;`,
      "form-action 'self';",
      "base-uri 'none'",
      "object-src 'none'",
      "require-trusted-types-for 'script'",
      'report-uri /csp-reports',
    ]) {
      assert.ok(policy.includes(part), `${part}\n${policy}`)
    }
    assert.ok(!policy.includes('unsafe') && !policy.includes('*'))
  })
  test('requirement 65: of the files host is a sandbox that others may embed', async () => {
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
    assert.equal(headers['reporting-endpoints'], 'csp="/csp-reports"')
    assert.match(String(headers['content-security-policy']), /report-uri \/csp-reports; report-to csp$/)
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

test('code of somebody else is let in by the page that has it, as far as it says, and by no other answer', async (t) => {
  const maker = 'https://challenges.example'
  const given: Record<string, ForeignSources> = {
    '/all': { scriptSrc: [maker], frameSrc: [maker], connectSrc: [maker, 'https://api.challenges.example'] },
    '/frame': { frameSrc: [maker, "https://a.example; script-src 'unsafe-inline'"] },
    '/none': {},
  }
  const common = { site: 'frontend:diary', method: 'GET', allow: { who: 'anyone' }, rate: 'page', summary: 'x' } as const
  const failing = route({
    ...common,
    path: '/failing',
    answers: { 200: 'text' },
    async handle(_call, _input, exchange) {
      exchange.allowSources(given['/all'] ?? {})
      throw httpErrors.not_found()
    },
  })
  const pages = Object.entries(given).flatMap(([path, sources]) => [
    route({
      ...common,
      path,
      answers: { 200: 'text' },
      async handle(_call, _input, exchange) {
        exchange.allowSources(sources)
        const policy = { connectSrc: ['https://own.example'] }
        return { status: 200, body: { text: exchange.nonce(), type: 'text/html; charset=utf-8' }, policy }
      },
    }),
    ...([true, false] as const).map((before) =>
      rawRoute({
        ...common,
        path: `/raw${path}/${before ? 'before' : 'after'}`,
        async handle(_call, exchange) {
          if (before) exchange.allowSources(sources)
          const nonce = exchange.nonce()
          if (!before) exchange.allowSources(sources)
          exchange.response.setHeader('content-type', 'text/html').end(nonce)
        },
      }),
    ),
  ])
  const own = await openWorld({ routes: [failing, ...pages] })
  t.after(() => own.stop())
  const policyOf = async (path: string): Promise<string> => {
    const { text, headers } = await ask(own, { path, headers: { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'navigate' } })
    return String(headers['content-security-policy']).replaceAll(text, 'N')
  }
  const trusted = "require-trusted-types-for 'script'; trusted-types 'none'; "
  for (const way of ['/all', '/raw/all/before', '/raw/all/after']) {
    const policy = await policyOf(way)
    assert.ok(policy.includes(`script-src 'nonce-N' 'strict-dynamic' ${maker}; style-src 'nonce-N'; `), policy)
    assert.ok(policy.includes(`frame-src ${maker}; `), policy)
    assert.match(policy, /connect-src 'self' [^;]*https:\/\/challenges\.example https:\/\/api\.challenges\.example; /)
    assert.ok(!policy.includes('trusted-types'), 'their scripts do not know of Trusted Types')
    assert.ok(policy.includes("default-src 'none'; ") && policy.includes("frame-ancestors 'none'; "), policy)
  }
  assert.match(await policyOf('/all'), / https:\/\/own\.example /, 'and what the page itself says')
  for (const way of ['/frame', '/raw/frame/before']) {
    const policy = await policyOf(way)
    assert.ok(policy.includes(`script-src 'nonce-N' 'strict-dynamic'; style-src 'nonce-N'; ${trusted}`), policy)
    assert.ok(policy.includes(`frame-src ${maker}; `), policy)
    assert.doesNotMatch(policy, /unsafe|a\.example|connect-src[^;]*challenges/)
  }
  for (const way of ['/none', '/raw/none/after', '/form', '/failing']) {
    const policy = await policyOf(way)
    assert.doesNotMatch(policy, /frame-src|challenges/, way)
    assert.ok(policy.includes(trusted), way)
  }
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
