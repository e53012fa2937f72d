// Odd HTTP over raw sockets: refused or normalised, always with an answer that closes the connection, never twice.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { normalisePath } from '../../src/gateway/strict-http.ts'
import { ask, openWorld, PORT, raw, sites, token, type World } from './gateway-support.ts'

const HOST = `diary.localhost:${PORT}`
let world: World
before(async () => {
  world = await openWorld({ settings: { rateLimits: { probe: 'off', api: 'off', page: 'off' } } })
})
after(() => world.stop())

const get = (lines: string, path = '/hello'): string => `GET ${path} HTTP/1.1\r\nHost: ${HOST}\r\n${lines}\r\n`
const post = (lines: string, body = ''): string =>
  `POST /api/open HTTP/1.1\r\nHost: ${HOST}\r\nContent-Type: application/json\r\n${lines}\r\n${body}`

/** name, bytes, statuses that are acceptable. */
const ODD: readonly (readonly [string, string, ...number[]])[] = [
  ['a length and chunked', post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'), 400],
  ['two lengths', post('Content-Length: 2\r\nContent-Length: 2\r\n', '{}'), 400],
  ['gzip, chunked', post('Transfer-Encoding: gzip, chunked\r\n', '2\r\n{}\r\n0\r\n\r\n'), 400],
  ['chunked, identity', post('Transfer-Encoding: chunked, identity\r\n', '2\r\n{}\r\n0\r\n\r\n'), 400],
  [
    'chunked in HTTP/1.0',
    `POST /api/open HTTP/1.0\r\nHost: ${HOST}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
    400,
  ],
  ['a chunked body where the length is known', post('Transfer-Encoding: chunked\r\n', '2\r\n{}\r\n0\r\n\r\n'), 411],
  ['a chunk extension', post('Transfer-Encoding: chunked\r\n', '2;a=b\r\n{}\r\n0\r\n\r\n'), 411],
  ['a GET with a body', get('Content-Length: 2\r\n') + '{}', 400],
  ['a GET with a chunked body', `${get('Transfer-Encoding: chunked\r\n')}0\r\n\r\n`, 400],
  ['a body where none is taken', `DELETE /api/photos/1 HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 2\r\n\r\n{}`, 400, 401],
  ['two hosts', get(`Host: evil.example\r\n`), 400],
  ['two hosts, the same', get(`Host: ${HOST}\r\n`), 400],
  ['no host', 'GET /hello HTTP/1.1\r\n\r\n', 400],
  ['HTTP/1.0 without a host', 'GET /hello HTTP/1.0\r\n\r\n', 400],
  ['an unknown host', 'GET /hello HTTP/1.1\r\nHost: evil.example\r\n\r\n', 421],
  ['the right host on another port', 'GET /hello HTTP/1.1\r\nHost: diary.localhost:1\r\n\r\n', 421],
  ['a host with a path', 'GET /hello HTTP/1.1\r\nHost: a/../b\r\n\r\n', 400],
  ['a host with user info', `GET /hello HTTP/1.1\r\nHost: x@${HOST}\r\n\r\n`, 400],
  ['a host list', `GET /hello HTTP/1.1\r\nHost: ${HOST}, evil\r\n\r\n`, 400],
  ['an empty host', 'GET /hello HTTP/1.1\r\nHost: \r\n\r\n', 400],
  ['the absolute form', `GET http://${HOST}/hello HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`, 400],
  ['the absolute form of another host', `GET http://evil.example/hello HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`, 400],
  ['the asterisk form', `OPTIONS * HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`, 400],
  ['TRACE', `TRACE /hello HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`, 405],
  ['an unknown method', `PURGE /hello HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`, 501],
  ['a fragment', get('', '/hello#x'), 400],
  ['an alias of Content-Length', post('Content-Length: 2\r\nContent_Length: 9\r\n', '{}'), 400],
  ['an alias of Authorization', get('Authorization_: x\r\nauthori.zation: x\r\nX_Forwarded_For: 1.2.3.4\r\n'), 400],
  ['an alias of X-Forwarded-For with dots', get('X.Forwarded.For: 1.2.3.4\r\n'), 400],
  ['two Authorization headers', get('Authorization: Bearer a\r\nAuthorization: Bearer b\r\n'), 400],
  ['two Cookie headers', get('Cookie: a=1\r\nCookie: b=2\r\n'), 400],
  ['two Origin headers', get('Origin: http://a.example\r\nOrigin: http://b.example\r\n'), 400],
  ['an encoded slash', get('', '/hello%2Fx'), 400],
  ['an encoded backslash', get('', '/hello%5cx'), 400],
  ['a backslash', get('', '/hello\\x'), 400],
  ['a dot segment', get('', '/x/../hello'), 400],
  ['an encoded dot segment', get('', '/x/%2e%2E/hello'), 400],
  ['a half encoded dot segment', get('', '/x/.%2e/hello'), 400],
  ['an encoded NUL', get('', '/hello%00'), 400],
  ['a NUL in the query', get('', '/hello?a=%00'), 400],
  ['a broken escape', get('', '/hello%zz'), 400],
  ['an overlong UTF-8 escape', get('', '/hello%c0%ae'), 400],
  ['an empty segment', get('', '//hello'), 400],
  ['a query where none is taken', get('', '/hello?x=1'), 400],
  ['a token in the address', get('', '/api/photos?access_token=x'), 400],
  ['an unknown expectation', post('Expect: 200-ok\r\nContent-Length: 2\r\n', '{}'), 417],
  ['a bare LF', `GET /hello HTTP/1.1\nHost: ${HOST}\n\n`, 400],
  ['a folded header', get('X: a\r\n b\r\n'), 400],
  ['a space before the colon', get('X : a\r\n'), 400],
  ['a NUL in a header', get('X: a\0b\r\n'), 400],
  ['HTTP/1.2', `GET /hello HTTP/1.2\r\nHost: ${HOST}\r\n\r\n`, 400],
  ['bytes that are no HTTP', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', 400],
  ['headers without end', get(`X: ${'a'.repeat(20_000)}\r\n`), 431],
  ['too long an address', get('', `/${'a'.repeat(9000)}`), 414],
  ['a cookie of ours twice', get('Cookie: __Host-Http-access=a; __Host-Http-access=b\r\n'), 400],
  ['a cookie of ours twice in another case', get('Cookie: __host-session=a; __host-session=b\r\n'), 400],
]

describe('odd HTTP', () => {
  for (const [name, bytes, ...statuses] of ODD) {
    test(`refuses ${name}`, async () => {
      const before = world.writes.count
      const answer = await raw(world, bytes)
      const status = Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1])
      assert.ok(statuses.includes(status), `${status}\n${answer}`)
      assert.equal(answer.split('HTTP/1.1 ').length - 1, 1, answer)
      // Whatever was refused carries the same protection as everything else.
      for (const header of ['content-security-policy: ', 'x-content-type-options: nosniff', 'x-frame-options: DENY', 'x-request-id: '])
        assert.ok(answer.includes(header), answer)
      if (status === 400) assert.match(answer, /\r\nconnection: close\r\n/i)
      assert.doesNotMatch(answer, /\r\n(?:server|x-powered-by):/i)
      assert.equal(world.writes.count, before)
    })
  }
  test('a method that there is not is no error of ours in the log, whoever asks for it', async (t) => {
    const log: string[] = []
    const own = await openWorld({ log })
    t.after(() => own.stop())
    for (const method of ['PROPFIND', 'PURGE', 'MKCOL']) {
      for (const path of ['/hello', '/nothing']) {
        const answer = await raw(own, `${method} ${path} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`)
        assert.match(answer, /^HTTP\/1\.1 501 /)
        assert.match(answer, /"code":"http\.not_implemented"/)
      }
    }
    assert.deepEqual(log, [])
    assert.ok(own.records.every(({ status, errorCode }) => status === 501 && errorCode === 'http.not_implemented'))
    await raw(own, get('', '/api/broken'))
    assert.equal(own.records.at(-1)?.status, 500)
    assert.match(log.join(''), /the secret is 42/, 'what is ours is there')
  })

  test('never takes what follows a refused request for another request', async () => {
    const smuggled = `GET /hello HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`
    for (const first of [
      post('Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n'),
      get('Content-Length: 4\r\n', '/hello'),
      post('Content-Length: 2\r\nTransfer_Encoding: chunked\r\n', '{}'),
    ]) {
      const before = world.records.length
      const answer = await raw(world, first + smuggled)
      assert.equal(answer.split('HTTP/1.1 ').length - 1, 1, answer)
      assert.equal(world.records.length, before + 1)
    }
  })
  test('answers two honest requests on one connection in order', async () => {
    const answer = await raw(world, `${get('', '/hello')}GET /api/me HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`)
    assert.deepEqual(
      [...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1]),
      ['200', '401'],
    )
  })
  test('ignores a planted cookie whose name only looks like ours', async () => {
    const bearer = await token()
    assert.equal((await ask(world, { path: '/api/me', headers: { authorization: `Bearer ${bearer}` } })).status, 200)
    for (const cookie of [
      '\u00a0__Host-Http-access=x',
      '$Version=1; __Host-Http-access2=x',
      '=__Host-Http-access=x',
      '"__Host-Http-access"=x',
    ]) {
      const answer = await raw(world, `GET /hello HTTP/1.1\r\nHost: ${HOST}\r\nCookie: ${cookie}\r\n\r\n`)
      assert.match(answer, /^HTTP\/1\.1 200 /)
    }
  })
  test('drops other names with an underscore, and forwarding headers of peers that nobody named', async () => {
    const answer = await raw(
      world,
      get('X_Odd: 1\r\nX-Forwarded-For: 203.0.113.77\r\nForwarded: for=203.0.113.77\r\nX-Request-Id: chosen\r\n'),
    )
    assert.match(answer, /^HTTP\/1\.1 200 /)
    assert.doesNotMatch(answer, /chosen/)
    assert.equal(world.records.at(-1)?.client, 'p-127.0.0.1')
  })
  test('asks for the body only after the checks', async () => {
    const early = await raw(
      world,
      `POST /api/photos HTTP/1.1\r\nHost: ${HOST}\r\nContent-Type: application/json\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n`,
    )
    assert.match(early, /^HTTP\/1\.1 401 /)
    const late = await raw(
      world,
      `POST /api/open HTTP/1.1\r\nHost: ${HOST}\r\nContent-Type: application/json\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n{}`,
    )
    assert.match(late, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /)
  })
})

describe('bodies', () => {
  const send = (body: string | Buffer, type = 'application/json', headers: Record<string, string> = {}) =>
    ask(world, {
      method: 'POST',
      path: '/api/open',
      headers: { 'content-type': type, 'content-length': String(Buffer.byteLength(body)), ...headers },
      body: body as string,
    })
  const deep = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`

  test('pass when they are ordinary', async () => {
    for (const body of ['{}', '{"a":[1,"\\u00e9",null]}', deep(32), '"\\\\u0000 is text"'])
      assert.equal((await send(body)).status, 200, body)
    assert.equal((await send('{}', 'application/json; charset=utf-8')).status, 200)
  })
  test('are refused when they are deep, wide, odd or dangerous', async () => {
    const before = world.writes.count
    const cases: readonly (readonly [string | Buffer, number])[] = [
      [deep(33), 400],
      [deep(50_000), 400],
      [`{${Array.from({ length: 20_001 }, (_, index) => `"${index}":1`).join()}}`, 400],
      ['{"__proto__":{"polluted":1}}', 400],
      ['{"a":{"constructor":{"prototype":{"polluted":1}}}}', 400],
      ['{"\\u005f_proto__":{"polluted":1}}', 400],
      ['{"a":"\\u0000"}', 400],
      ['{"a":1', 400],
      ['\ufeff{}', 400],
      [Buffer.from([0x22, 0xff, 0xfe, 0x22]), 400],
      [`"${'a'.repeat(1024 * 1024)}"`, 413],
    ]
    for (const [body, status] of cases) assert.equal((await send(body)).status, status, String(body).slice(0, 60))
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/jsonx',
      'application/json; charset=latin1',
      'application/json; a=b',
      '',
    ]) {
      assert.equal((await send('{}', type)).status, 415, type)
    }
    assert.equal((await send('{}', 'application/json', { 'content-encoding': 'gzip' })).status, 415)
    assert.equal(world.writes.count, before)
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined)
  })
  test('as forms may not name a field twice or hide a NUL', async () => {
    const form = (body: string) =>
      ask(world, {
        method: 'POST',
        path: '/comment',
        headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-length': String(body.length) },
        body,
      })
    assert.equal((await form('text=a+b%20c')).status, 200)
    for (const body of ['text=a&text=b', 'text=%00', 'text=%ff', 'text=%', '__proto__=1', 'text=a&te%78t=b'])
      assert.equal((await form(body)).status, 400, body)
    assert.equal((await form('text=a&admin=1')).status, 422)
    assert.equal((await form(`text=${'a'.repeat(70_000)}`)).status, 413)
  })
  test('that are too large are refused with an answer that arrives, also when they keep coming', async () => {
    const answer = await raw(
      world,
      `POST /api/open HTTP/1.1\r\nHost: ${HOST}\r\nContent-Type: application/json\r\nContent-Length: 3000000\r\n\r\n${'a'.repeat(3_000_000)}`,
    )
    assert.match(answer, /^HTTP\/1\.1 413 /)
    assert.match(answer, /"code":"http.too_large"/)
  })
})

test('a path has one form', () => {
  assert.equal(normalisePath('/%61%2d%7E/caf%c3%a9'), '/a-~/caf%C3%A9')
  assert.equal(normalisePath('/.well-known/openid-configuration'), '/.well-known/openid-configuration')
  assert.equal(normalisePath('/%252e%252e/x'), '/%252e%252e/x')
  for (const path of ['', 'x', '/a|b', '/a b', '/%', '/a/./b', '/..', '/.', '/a//']) assert.throws(() => normalisePath(path), path)
})

test('unknown methods, unknown paths and known ones are told apart', async () => {
  const wrong = await ask(world, { method: 'PUT', path: '/api/photos' })
  assert.equal(wrong.status, 405)
  assert.equal(wrong.headers.allow, 'HEAD, GET, POST')
  assert.equal((await ask(world, { path: '/api/unknown' })).status, 404)
  assert.equal((await ask(world, { path: '/session/unknown' })).status, 404)
  assert.equal((await ask(world, { path: '/.well-known/unknown' })).status, 404)
  assert.equal((await ask(world, { path: '/deep/link' })).text, 'spa')
  const head = await ask(world, { method: 'HEAD', path: '/hello' })
  assert.deepEqual([head.status, head.text, head.headers['content-length']], [200, '', '14'])
  assert.equal((await ask(world, { origin: sites.console, path: '/api/photos' })).status, 404)
})
