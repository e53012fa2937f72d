// How clients prove who they are, and that nothing else passes for it.
import assert from 'node:assert/strict'
import { createHash, randomBytes, type X509Certificate } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { systemClock } from '#kernel/clock.ts'
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose'
import * as oauth from 'oauth4webapi'
import { DOCUMENT_ID } from '#kernel/ids.ts'
import type { ClientDefinition } from '../../src/auth/clients/contract.ts'
import { DEFAULT_LIMITS } from '../../src/gateway/limits/rate-limits.ts'
import { createClientRegistry } from '../../src/auth/provider/clients.ts'
import { claimsOf, errorOf, type OauthWorld, openOauth, type Reply, send } from '../support/oauth.ts'
import { OTHER_CERTIFICATE, SERVICE_CERTIFICATE } from '../support/certificates.ts'
import { discoverIssuer } from '../support/strict-client.ts'

const SECRET = `p:w%/+ ${randomBytes(24).toString('base64url')}`
const NEXT_SECRET = randomBytes(32).toString('base64url')
const hash = (secret: string): string => createHash('sha256').update(secret).digest('base64url')

const service = (clientId: string, authentication: ClientDefinition['authentication']): ClientDefinition => ({
  clientId,
  name: clientId,
  redirectUris: [],
  origins: [],
  scopes: ['photos:read', 'photos:write'],
  grants: ['client_credentials'],
  ...(authentication === undefined ? {} : { authentication }),
})

const es256 = await generateKeyPair('ES256', { extractable: true })
const other = await generateKeyPair('ES256', { extractable: true })

const longer = await generateKeyPair('ES384', { extractable: true })

const certificates = { own: SERVICE_CERTIFICATE, other: OTHER_CERTIFICATE }

const publicKeyOf = async ({ publicKey }: { publicKey: CryptoKey }) => ({ kty: 'EC', ...(await exportJWK(publicKey)) })

let world: OauthWorld

before(async () => {
  world = await openOauth({
    clients: [
      service('basic', { method: 'client_secret_basic', secretHashes: [hash(SECRET), hash(NEXT_SECRET)] }),
      service('post', { method: 'client_secret_post', secretHashes: [hash(SECRET)] }),
      service('signer', { method: 'private_key_jwt', keys: [await publicKeyOf(es256), await publicKeyOf(longer)] }),
      service('dns', { method: 'tls_client_auth', subject: { kind: 'dns', value: 'service.example' } }),
      service('named', { method: 'tls_client_auth', subject: { kind: 'dn', value: 'CN=service,O=Example,C=DE' } }),
      { ...service('pinned', { method: 'self_signed_tls_client_auth', certificates: [certificates.own.toString()] }), boundTokens: 'mtls' },
      {
        ...service('signs too', { method: 'self_signed_tls_client_auth', certificates: [certificates.own.toString()] }),
        clientId: 'signs-too',
        requestObjectKeys: [{ ...(await publicKeyOf(es256)), x5c: [certificates.other.raw.toString('base64')] }],
      },
      { ...service('prover', { method: 'client_secret_basic', secretHashes: [hash(SECRET)] }), boundTokens: 'dpop' },
    ],
  })
})

after(() => world.stop())

const encoded = (text: string): string => new URLSearchParams({ text }).toString().slice('text='.length)
const basic = (id: string, secret: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${encoded(id)}:${encoded(secret)}`).toString('base64')}`,
})
const ask = (form: Record<string, string>, headers: Record<string, string> = {}): Promise<Reply> =>
  send(world, { path: '/token', form: { grant_type: 'client_credentials', scope: 'photos:read', ...form }, headers })

const now = (): number => Math.floor(Date.now() / 1000)

interface Assertion {
  readonly claims?: Readonly<Record<string, unknown>>
  readonly key?: CryptoKey | Uint8Array
  readonly alg?: string
  readonly typ?: string
}

function assertion({ claims = {}, key = es256.privateKey, alg = 'ES256', typ }: Assertion = {}): Promise<string> {
  const usual = { iss: 'signer', sub: 'signer', aud: world.sites.accounts, jti: randomBytes(16).toString('hex'), exp: now() + 60 }
  const payload = Object.fromEntries(Object.entries({ iat: now(), ...usual, ...claims }).filter(([, value]) => value !== undefined))
  return new SignJWT(payload).setProtectedHeader({ alg, ...(typ === undefined ? {} : { typ }) }).sign(key)
}

const asserted = (value: string): Record<string, string> => ({
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  client_assertion: value,
})

const AUTHENTICATING = ['/token', '/par', '/revoke', '/introspect', '/device-authorization'] as const

describe('requirement 26: a client secret', () => {
  test('counts in the header, form-encoded, and in the form, each for whom it is registered', async () => {
    assert.equal((await ask({}, basic('basic', SECRET))).status, 200)
    assert.equal((await ask({ client_id: 'post', client_secret: SECRET })).status, 200)
    const crossed = [await ask({ client_id: 'basic', client_secret: SECRET }), await ask({}, basic('post', SECRET))]
    for (const reply of crossed) {
      assert.equal(reply.status, 401)
      assert.equal(errorOf(reply), 'invalid_client')
    }
  })

  test('may be changed without a gap: the old and the new one count, and no third', async () => {
    for (const secret of [SECRET, NEXT_SECRET]) assert.equal((await ask({}, basic('basic', secret))).status, 200)
    const wrong = [`${SECRET}x`, hash(SECRET), `${hash(SECRET)}.${hash(NEXT_SECRET)}`, '.']
    for (const secret of wrong) {
      const reply = await ask({}, basic('basic', secret))
      assert.equal(reply.status, 401, secret)
      assert.match(String(reply.headers['www-authenticate']), /^Basic realm=/)
      assert.equal(JSON.parse(reply.body).access_token, undefined)
    }
  })

  test('does not count beside another method', async () => {
    const jwt = await assertion({ claims: { iss: 'basic', sub: 'basic' } })
    const twice: [Record<string, string>, Record<string, string>][] = [
      [{ client_secret: SECRET, client_id: 'basic' }, basic('basic', SECRET)],
      [asserted(jwt), basic('basic', SECRET)],
      [{ ...asserted(jwt), client_secret: SECRET }, {}],
    ]
    for (const [form, headers] of twice) {
      const reply = await ask(form, headers)
      assert.equal(reply.status, 400)
      assert.equal(errorOf(reply), 'invalid_request')
    }
  })

  test('is asked for within limits: wherever clients authenticate, requests of an address are counted', () => {
    for (const path of AUTHENTICATING) {
      const route = world.routes.find((known) => known.path === path && known.method === 'POST')
      assert.ok(route !== undefined && (route.rate === 'token' || route.rate === 'introspection'), path)
      assert.ok(DEFAULT_LIMITS[route.rate].quota <= 60_000 && DEFAULT_LIMITS[route.rate].windowSeconds >= 60)
    }
  })

  for (const path of AUTHENTICATING) {
    test(`cannot be tried often at ${path}: after thirty that are wrong the right one waits, for the guesser's address alone`, async () => {
      const from = (address: string, headers: Record<string, string>): Promise<Reply> =>
        send(world, { path, form: { grant_type: 'client_credentials', token: 'x' }, headers: { ...headers, 'x-test-address': address } })
      const [guesser, neighbour] = [`guesser at ${path}`, `neighbour at ${path}`]
      // A machine that goes on with an old secret, as often as it likes.
      const stale = await Promise.all(Array.from({ length: 40 }, () => from(guesser, basic('basic', `${SECRET} of yesterday`))))
      assert.deepEqual(new Set(stale.map(errorOf)), new Set(['invalid_client']))
      const isIn = async (address: string, id = 'basic', secret = SECRET): Promise<boolean> =>
        ![401, 429].includes((await from(address, basic(id, secret))).status)
      assert.equal(await isIn(guesser), true)
      const guesses = await Promise.all(Array.from({ length: 30 }, (_, index) => from(guesser, basic('basic', `guess ${index}`))))
      assert.ok(guesses.every(({ status }) => status === 401 || status === 429))
      const held = await from(guesser, basic('basic', SECRET))
      assert.deepEqual([held.status, errorOf(held), held.headers['retry-after']], [429, 'temporarily_unavailable', '1'])
      assert.equal(JSON.parse(held.body).access_token, undefined)
      assert.deepEqual([(await from(guesser, basic('basic', 'another guess'))).status], [429], 'it says nothing of what is tried')
      assert.equal(await isIn(neighbour), true, 'the client itself, elsewhere')
      assert.equal(await isIn(guesser, 'prover'), true, 'another client there')
      world.advance(1001)
      assert.equal(await isIn(guesser), true, 'never for ever')
      await from(guesser, basic('basic', 'one more guess'))
      assert.equal((await from(guesser, basic('basic', SECRET))).headers['retry-after'], '2')
    })
  }

  test('requirement 34: is in no log of the server', async () => {
    await ask({}, basic('basic', `${SECRET}-wrong`))
    assert.equal(world.logs.join('').includes(SECRET), false)
    assert.equal(world.logs.join('').includes(encoded(SECRET)), false)
  })
})

describe('requirement 27: an assertion of a client', () => {
  test('is made by a strict client and accepted', async () => {
    const { server, insecure } = await discoverIssuer(world)
    const client = { client_id: 'signer' }
    const parameters = new URLSearchParams({ scope: 'photos:read' })
    const response = await oauth.clientCredentialsGrantRequest(server, client, oauth.PrivateKeyJwt(es256.privateKey), parameters, insecure)
    const tokens = await oauth.processClientCredentialsResponse(server, client, response)
    assert.equal(tokens.scope, 'photos:read')
    assert.deepEqual(server.token_endpoint_auth_signing_alg_values_supported, ['ES256', 'Ed25519', 'EdDSA', 'PS256', 'RS256'])
  })

  test('counts once, also when ten are shown at the same moment', async () => {
    const value = await assertion()
    const replies = await Promise.all(Array.from({ length: 10 }, () => ask(asserted(value))))
    assert.equal(replies.filter(({ status }) => status === 200).length, 1)
    for (const reply of replies.filter(({ status }) => status !== 200)) {
      assert.equal(reply.status, 401)
      assert.equal(errorOf(reply), 'invalid_client')
    }
    assert.equal((await ask(asserted(value))).status, 401)
  })

  test('is refused unless everything about it is right', async () => {
    const wrong: Record<string, Assertion> = {
      'audience of another server': { claims: { aud: 'https://other.example' } },
      'audience of an endpoint': { claims: { aud: `${world.sites.accounts}/token` } },
      'two audiences': { claims: { aud: [world.sites.accounts, 'https://other.example'] } },
      'no audience': { claims: { aud: undefined } },
      'no id': { claims: { jti: undefined } },
      'no end': { claims: { exp: undefined } },
      'an end long past': { claims: { exp: now() - 60 } },
      'an end far off': { claims: { exp: now() + 400 } },
      'another issuer': { claims: { iss: 'basic' } },
      'another key': { key: other.privateKey },
      'an algorithm that is not on the list': { alg: 'ES384', key: longer.privateKey },
      'the type of a request that everybody reads in an address': { typ: 'oauth-authz-req+jwt' },
      'the type of a proof': { typ: 'dpop+jwt' },
      'a symmetric algorithm': { alg: 'HS256', key: Buffer.from(SECRET.padEnd(64, 'x')) },
    }
    for (const [what, made] of Object.entries(wrong)) {
      const reply = await ask(asserted(await assertion(made)))
      assert.equal(reply.status, 401, what)
      assert.equal(errorOf(reply), 'invalid_client', what)
    }
    const [header = '', payload = ''] = (await assertion()).split('.')
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`
    for (const value of [unsigned, `${header}.${payload}.`]) assert.equal((await ask(asserted(value))).status, 401)
    for (const typ of [undefined, 'JWT', 'client-authentication+jwt'])
      assert.equal((await ask(asserted(await assertion(typ === undefined ? {} : { typ })))).status, 200, typ)
  })
})

test('requirement 23: the subject of a service is never that of a person', async () => {
  const { access_token: token } = JSON.parse((await ask({}, basic('basic', SECRET))).body)
  const claims = claimsOf(token)
  assert.equal(claims['client_id'], 'basic')
  assert.equal(claims['sub'], 'client:basic')
  assert.equal(claims['aud'], `${world.sites.app}/api`)
  assert.equal(DOCUMENT_ID.test('client:basic'), false, 'the form of account ids')
})

test('a client gets no grant that it is not registered for', async () => {
  for (const grant of ['authorization_code', 'refresh_token']) {
    const reply = await send(world, {
      path: '/token',
      form: { grant_type: grant, code: 'x', refresh_token: 'x' },
      headers: basic('basic', SECRET),
    })
    assert.equal(reply.status, 400)
    // RFC 6749 section 5.2.
    assert.equal(errorOf(reply), 'unauthorized_client')
  }
  const shop = await send(world, { path: '/token', form: { grant_type: 'client_credentials', client_id: 'print-shop' } })
  assert.equal(shop.status, 400)
  assert.equal(errorOf(shop), 'unauthorized_client')
  const nowhere = await send(world, { path: '/token', form: { grant_type: 'password', client_id: 'print-shop' } })
  assert.equal(errorOf(nowhere), 'unsupported_grant_type')
  const missing = await send(world, { path: '/token', form: { client_id: 'print-shop' } })
  assert.equal(errorOf(missing), 'invalid_request')
})

test('a definition that could not hold is refused, every problem at once', async () => {
  const wrong: ClientDefinition[] = [
    service('open', undefined),
    service('clear', { method: 'client_secret_basic', secretHashes: ['the secret itself'] }),
    service('private', { method: 'private_key_jwt', keys: [{ kty: 'EC', ...(await exportJWK(es256.privateKey)) }] }),
    { ...service('bound', { method: 'client_secret_basic', secretHashes: [hash(SECRET)] }), boundTokens: 'mtls' },
  ]
  const { sites } = world
  const settings = { sites, productName: 'Diary', scopes: { 'photos:read': 'r', 'photos:write': 'w' }, frontends: [], development: true }
  assert.throws(
    () => createClientRegistry({ ...settings, clients: wrong }, { stored: { find: async () => undefined }, clock: systemClock }),
    ({ message }: Error) => ['open', 'clear', 'private', 'bound'].every((id) => message.includes(`Client "${id}"`)),
  )
})

test('requirement 54: an app that people install is registered without a secret, or not at all', () => {
  const { sites } = world
  const settings = { sites, productName: 'Diary', scopes: { 'photos:read': 'r' }, frontends: [], development: false }
  const installed = (change: Partial<ClientDefinition>) =>
    createClientRegistry(
      {
        ...settings,
        clients: [
          { clientId: 'app', name: 'App', redirectUris: ['com.example.app:/callback'], origins: [], scopes: ['photos:read'], ...change },
        ],
      },
      { stored: { find: async () => undefined }, clock: systemClock },
    )
  for (const method of ['client_secret_basic', 'client_secret_post'] as const)
    assert.throws(() => installed({ authentication: { method, secretHashes: [hash(SECRET)] } }), /cannot keep a secret/, method)
  const [app] = installed({}).fixed().slice(-1)
  assert.deepEqual(
    [app?.metadata.token_endpoint_auth_method, app?.metadata.client_secret, app?.metadata.application_type],
    ['none', undefined, 'native'],
  )
})

test('requirement 54: what a public client sends as its secret opens nothing', async () => {
  const form = { grant_type: 'client_credentials', client_id: 'print-shop', client_secret: SECRET }
  for (const reply of [await ask(form), await ask({}, basic('print-shop', SECRET))]) {
    assert.equal(errorOf(reply), 'invalid_client')
    assert.equal(JSON.parse(reply.body).access_token, undefined)
  }
})

describe('a client that authenticates with a certificate', () => {
  const show = (certificate: X509Certificate, clientId: string, verified = 'yes'): Promise<Reply> =>
    ask({ client_id: clientId }, { 'x-test-certificate': certificate.raw.toString('base64'), 'x-test-verified': verified })

  test('is known by the name in it, when the proxy has verified it', async () => {
    for (const clientId of ['named', 'dns']) assert.equal((await show(certificates.own, clientId)).status, 200)
    const wrong = [
      await show(certificates.own, 'named', 'no'),
      await show(certificates.other, 'named'),
      await show(certificates.other, 'dns'),
      await ask({ client_id: 'named' }),
      await ask({ client_id: 'named', client_secret: SECRET }),
    ]
    for (const reply of wrong) assert.deepEqual([reply.status, errorOf(reply)], [401, 'invalid_client'])
  })

  test('is known by the certificate itself, whoever has made it', async () => {
    assert.equal((await show(certificates.own, 'pinned', 'no')).status, 200)
    assert.equal((await show(certificates.other, 'pinned')).status, 401)
    assert.equal((await ask({ client_id: 'pinned' })).status, 401)
  })

  test('and is so beside the keys of its requests, whatever certificate is with those', async () => {
    assert.equal((await show(certificates.own, 'signs-too', 'no')).status, 200)
    assert.equal((await show(certificates.other, 'signs-too')).status, 401)
  })

  test('gets tokens that are bound to it, when it is registered for that', async () => {
    const { access_token: token } = JSON.parse((await show(certificates.own, 'pinned', 'no')).body)
    assert.deepEqual(claimsOf(token)['cnf'], { 'x5t#S256': createHash('sha256').update(certificates.own.raw).digest('base64url') })
    const free = JSON.parse((await show(certificates.own, 'named')).body)
    assert.equal(claimsOf(free.access_token)['cnf'], undefined)
  })
})

test('a client that must prove a key gets no token without a proof', async () => {
  const bare = await ask({}, basic('prover', SECRET))
  assert.equal(bare.status, 400)
  const { server, insecure } = await discoverIssuer(world)
  const DPoP = oauth.DPoP({}, await oauth.generateKeyPair('ES256'))
  const parameters = new URLSearchParams({ scope: 'photos:read' })
  const authentication = oauth.ClientSecretBasic(SECRET)
  const response = await oauth.clientCredentialsGrantRequest(server, { client_id: 'prover' }, authentication, parameters, {
    ...insecure,
    DPoP,
  })
  const tokens = await oauth.processClientCredentialsResponse(server, { client_id: 'prover' }, response)
  assert.equal(tokens.token_type, 'dpop')
  assert.ok(Object(claimsOf(tokens.access_token)['cnf']).jkt)
})
