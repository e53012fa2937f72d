// What the endpoints of the accounts origin answer to methods and lengths that they are not for: always something that HTTP has a word for, with the
// headers of the platform, and nothing that an operator would have to look into.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as oauth from 'oauth4webapi'
import sealedApp, { SECRET } from '../fixtures/sealed/ninefold.config.ts'
import { type Reply, type Send, send } from '../support/http.ts'
import { authorizationUrl } from '../support/third-party.ts'
import { type WholePlatform, wholePlatform } from '../support/whole-platform.ts'

let platform: WholePlatform
let asked = 0

before(async () => {
  platform = await wholePlatform(
    (environment) => ({ ...sealedApp(environment), auth: { ...sealedApp(environment).auth, registration: { dynamic: 'anyone' } } }),
    { environment: { NINEFOLD_GATEWAY_TRUSTED_PROXIES: '127.0.0.1' } },
  )
  await platform.start()
})
after(async () => {
  await platform?.stop()
  await platform?.remove()
})

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

/** Each from an address of its own, so that none has to wait. */
function ask(path: string, { headers = {}, ...more }: Partial<Send> = {}): Promise<Reply> {
  asked += 1
  const from = { 'x-forwarded-for': `198.18.${asked >> 8}.${asked & 255}` }
  return send({ port: platform.port, host: new URL(platform.origin('accounts')).host, path, headers: { ...from, ...headers }, ...more })
}

const ENDPOINTS: Readonly<Record<string, readonly string[]>> = {
  '/authorize': ['GET', 'POST'],
  '/token': ['POST'],
  '/revoke': ['POST'],
  '/introspect': ['POST'],
  '/par': ['POST'],
  '/device-authorization': ['POST'],
  '/device': ['GET', 'POST'],
  '/jwks': ['GET'],
  '/.well-known/openid-configuration': ['GET'],
  '/.well-known/oauth-authorization-server': ['GET'],
  '/end-session': ['GET', 'POST'],
  '/end-session/confirm': ['POST'],
  '/end-session/success': ['GET'],
  '/userinfo': ['GET', 'POST'],
  '/register': ['POST'],
  '/register/x': ['GET', 'PUT', 'DELETE'],
}
const OF_OAUTH = ['/token', '/revoke', '/introspect', '/par', '/device-authorization', '/register']
/** Their endpoints say themselves which origins may call them. */
const SHARED = ['/token', '/revoke', '/introspect', '/par', '/device-authorization', '/jwks', '/userinfo', '/register', '/.well-known']
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']

const allowed = (reply: Reply): string[] => (reply.headers.allow ?? '').split(', ')

for (const [path, methods] of Object.entries(ENDPOINTS)) {
  test(`${path} answers every method in order`, async () => {
    const logged = platform.logs.length
    for (const method of METHODS) {
      const reply = await ask(path, { method })
      const what = `${method} ${path}: ${reply.status} ${reply.body}`
      assert.equal(reply.headers['x-content-type-options'], 'nosniff', what)
      assert.match(String(reply.headers['content-security-policy']), /default-src/, what)
      assert.ok(reply.headers['x-request-id'] !== undefined, what)
      const takes = methods.includes(method === 'HEAD' ? 'GET' : method)
      // RFC 9110 section 15.6.2: what this server knows for no address.
      if (method === 'PROPFIND') assert.equal(reply.status, 501, what)
      else assert.ok(reply.status < 500, what)
      if (method === 'OPTIONS') assert.ok(reply.status === 204 || reply.status === 403, what)
      else if (method !== 'PROPFIND' && !takes) {
        assert.equal(reply.status, 405, what)
        assert.deepEqual(
          methods.filter((name) => !allowed(reply).includes(name)),
          [],
          what,
        )
      } else if (takes) assert.notEqual(reply.status, 405, what)
    }
    const isShared = SHARED.some((prefix) => path.startsWith(prefix))
    const options = await ask(path, { method: 'OPTIONS' })
    if (!isShared) {
      assert.equal(options.status, 204)
      assert.deepEqual(
        methods.toSorted(),
        allowed(options)
          .filter((name) => name !== 'HEAD')
          .toSorted(),
      )
    }
    assert.deepEqual(
      platform.logs.slice(logged).filter((line) => line.includes('"level":"error"') && !line.includes('http.not_implemented')),
      [],
    )
  })
}

describe('RFC 6749 section 5.2: what is refused before an endpoint sees it', () => {
  const parsed = ({ body }: Reply): Record<string, unknown> => JSON.parse(body)

  test('is told as a problem and as an error of OAuth in one', async () => {
    for (const path of OF_OAUTH) {
      const method = await ask(path, { method: 'PATCH' })
      assert.deepEqual(
        [method.status, parsed(method)['error'], parsed(method)['code']],
        [405, 'invalid_request', 'http.method_not_allowed'],
      )
      const long = await ask(path, { method: 'POST', headers: FORM, body: `a=${'x'.repeat(70_000)}` })
      assert.deepEqual([long.status, parsed(long)['error'], parsed(long)['code']], [413, 'invalid_request', 'http.too_large'], path)
      for (const reply of [method, long]) {
        assert.equal(reply.headers['content-type'], 'application/json', 'programs look at nothing else')
        assert.equal(typeof parsed(reply)['error_description'], 'string')
      }
    }
    const elsewhere = await ask('/account', { method: 'PATCH' })
    assert.deepEqual([elsewhere.headers['content-type'], parsed(elsewhere)['error']], ['application/problem+json', undefined])
  })

  test('and a strict client reads why it must wait', async () => {
    const headers = { ...FORM, 'x-forwarded-for': '203.0.113.7' }
    let reply: Reply | undefined
    for (let tries = 0; reply?.status !== 429 && tries < 1000; tries += 1) reply = await send({ ...tokenRequest(), headers })
    assert.ok(reply?.status === 429 && reply.headers['retry-after'] !== undefined)
    assert.equal(parsed(reply)['error'], 'temporarily_unavailable')
    const told = new Response(reply.body, { status: 429, headers: { 'content-type': String(reply.headers['content-type']) } })
    await assert.rejects(
      oauth.processClientCredentialsResponse({ issuer: platform.origin('accounts') }, { client_id: 'print-shop' }, told),
      (error) => error instanceof oauth.ResponseBodyError && error.error === 'temporarily_unavailable',
    )
  })

  const tokenRequest = (): Send => ({
    port: platform.port,
    host: new URL(platform.origin('accounts')).host,
    path: '/token',
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'x', client_id: 'print-shop', client_secret: SECRET }).toString(),
  })
})

describe('an authorization by POST', () => {
  const sent = (state: string, body?: string): Promise<Reply> => {
    const query = new URLSearchParams(new URL(authorizationUrl(platform, 'v'.repeat(43))).search)
    query.set('state', state)
    return ask('/authorize', { method: 'POST', headers: FORM, body: body ?? query.toString() })
  }
  const lengthOf = (reply: Reply): number => String(reply.headers['location']).length

  test('is sent on as long as the address can be asked for', async () => {
    const most = 8192 - (lengthOf(await sent('')) - 1)
    const reply = await sent('x'.repeat(most - 1))
    assert.deepEqual([reply.status, lengthOf(reply)], [303, 8192])
    const followed = await ask(String(reply.headers['location']))
    assert.equal(followed.status, 200, followed.body)
    assert.equal((await sent('x'.repeat(most))).status, 413)
  })

  test('is measured by the address that it would be, in which some characters are longer', async () => {
    const raw = `client_id=print-shop&state=${'\u00e4'.repeat(2000)}`
    assert.equal((await sent('', raw)).status, 413)
    const short = await sent('', `client_id=print-shop&state=${'\u00e4'.repeat(1000)}`)
    assert.equal(short.status, 303)
    assert.notEqual((await ask(String(short.headers['location']))).status, 414)
    assert.equal((await sent('', 'x'.repeat(8193))).status, 413)
  })
})

test('a token in a form opens nothing at /userinfo, and how to show one is said', async () => {
  const reply = await ask('/userinfo', { method: 'POST', headers: FORM, body: 'access_token=x' })
  assert.equal(reply.status, 401, reply.body)
  assert.match(String(reply.headers['www-authenticate']), /^Bearer, DPoP /)
})
