// Security headers on every answer, whatever its status, and what the policy of a page may name.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { isPolicySource } from '#kernel/http/policy-source.ts'
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
