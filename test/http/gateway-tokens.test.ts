// Bearer tokens: everything about one must be right, now and at its revocation.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { SignJWT, UnsecuredJWT } from 'jose'
import { ask, AUDIENCE, openWorld, publicJwk, sites, token, type World } from './gateway-support.ts'

const UNLIMITED = { api: 'off', page: 'off', probe: 'off', token: 'off', 'sign-in': 'off', files: 'off' } as const
const seconds = (): number => Math.floor(Date.now() / 1000)

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
    assert.match(String(denied.headers['www-authenticate']), /^Bearer error="insufficient_scope", scope="photos:write",/)
    const own = await ask(world, { method: 'DELETE', path: '/api/photos/1', headers: { authorization: `Bearer ${value}` } })
    assert.equal(own.json['code'], 'http.forbidden')
    assert.equal(world.writes.count, 0)
  })
  test('requirement 36: is refused unless everything about it is right', async () => {
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
      'bound to a key (RFC 9449)': await token({ cnf: { jkt: 'k'.repeat(43) } }),
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
        assert.match(String(answer.headers['www-authenticate']), /^Bearer error="invalid_token",/, name)
      }
    }
    for (const authorization of ['Basic YTpi', 'DPoP x', good])
      assert.equal((await ask(world, { path: '/api/photos', headers: { authorization } })).status, 401)
  })
  test('requirement 34: in an address it is refused, beside a good one too, and the address is not recorded', async () => {
    const value = await token()
    for (const headers of [{}, { authorization: `Bearer ${value}` }])
      assert.equal((await ask(world, { path: `/api/photos?access_token=${value}`, headers })).status, 400)
    assert.equal((await withToken(value)).status, 200)
    const recorded = JSON.stringify(world.records)
    assert.match(recorded, /\/api\/photos/)
    assert.equal(recorded.includes(value), false)
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
  test('is refused within a second of the end of any client that it has come through', async () => {
    const by = (now: string, before: string) => ({ act: { sub: now, act: { sub: before } } })
    const ends = {
      'client:last': { client_id: 'last' },
      'client:acting': by('client:acting', 'client:a'),
      'client:first': by('client:b', 'client:first'),
    }
    for (const [subject, claims] of Object.entries(ends)) {
      const value = await token({ sub: `of-${subject}`, ...claims })
      const other = await token({ sub: `of-${subject}`, act: { sub: 'client:another' } })
      assert.equal((await withToken(value)).status, 200, subject)
      world.auth.revoke({ kind: 'account', subject, before: seconds() + 60 })
      await new Promise((resolve) => setTimeout(resolve, 20))
      assert.equal((await withToken(value)).json['code'], 'http.invalid_token', subject)
      assert.equal((await withToken(other)).status, 200, 'one of another client lives on')
    }
  })
  test('is refused when who acts by it cannot be read', async () => {
    const endless = Array.from({ length: 20 }).reduce<object>((before, _one, index) => ({ sub: `client:${index}`, act: before }), {
      sub: 'client:x',
    })
    for (const act of ['client:x', {}, { sub: 1 }, { sub: 'client:x', act: [] }, endless])
      assert.equal((await withToken(await token({ act }))).status, 401, JSON.stringify(act))
  })
  test('is refused when its key was revoked, although the key is still known here', async () => {
    const value = await token({ sid: 'sid-of-key' })
    assert.equal((await withToken(value)).status, 200)
    world.auth.revoke({ kind: 'key', subject: 'key-1', before: seconds() })
    await new Promise((resolve) => setTimeout(resolve, 20))
    for (const each of [value, await token({ iat: seconds() + 5 })]) {
      assert.equal((await withToken(each)).json['code'], 'http.invalid_token')
    }
    assert.equal(world.writes.count, 0)
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
