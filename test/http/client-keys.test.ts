// Keys that clients and service accounts bring: whoever brings one that nothing here can be checked with hears so at once, and not as a sign-in that fails.
import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { clientsCollection } from '../../src/auth/clients/repository.ts'
import type { ClientDefinition, PublicKeyDefinition } from '../../src/auth/clients/contract.ts'
import { clientDefinition } from '../../src/auth/clients/schemas.ts'
import { parsePublicKey } from '../../src/auth/service-accounts/key.ts'
import { fieldProblem } from '../../src/auth/texts/problem.ts'
import { call, errorOf, type OauthWorld, openOauth, send } from '../support/oauth.ts'

const jwkOf = ({ publicKey }: ReturnType<typeof generateKeyPairSync>): PublicKeyDefinition => {
  const { kty = '', ...jwk } = publicKey.export({ format: 'jwk' })
  return { kty, ...jwk }
}
const ec = (namedCurve: string) => jwkOf(generateKeyPairSync('ec', { namedCurve }))
const good = { ...ec('P-256'), kid: 'good' }
const encrypting = { ...ec('P-256'), kid: 'enc', use: 'enc' }
const UNUSABLE: Readonly<Record<string, readonly [PublicKeyDefinition, RegExp]>> = {
  'a longer curve': [{ ...ec('P-384'), kid: 'k' }, /key "k" cannot be used: it must be EC on P-256/],
  'the longest curve': [ec('P-521'), /EC on P-256/],
  'a key for agreement': [jwkOf(generateKeyPairSync('x25519')), /OKP on Ed25519/],
  'another Edwards curve': [jwkOf(generateKeyPairSync('ed448')), /OKP on Ed25519/],
  'a short RSA key': [jwkOf(generateKeyPairSync('rsa', { modulusLength: 1024 })), /RSA of at least 2048 bits/],
  'a key for encryption': [encrypting, /not for signatures/],
  'a key for wrapping': [{ ...good, key_ops: ['wrapKey'] }, /not for signatures/],
  'an algorithm of another kind of key': [{ ...good, alg: 'RS256' }, /"alg" must be ES256/],
}
const USABLE = [
  good,
  { ...good, alg: 'ES256', use: 'sig', key_ops: ['verify'] },
  jwkOf(generateKeyPairSync('ed25519')),
  { ...jwkOf(generateKeyPairSync('ed25519')), alg: 'EdDSA' },
  { ...jwkOf(generateKeyPairSync('rsa', { modulusLength: 2048 })), alg: 'PS256' },
]

let world: OauthWorld

before(async () => {
  world = await openOauth({ definition: { registration: { dynamic: 'anyone' } } })
})
after(() => world.stop())

const client = (clientId: string, keys: readonly PublicKeyDefinition[]): ClientDefinition => ({
  clientId,
  name: 'Frames',
  redirectUris: ['https://frames.example/callback'],
  origins: [],
  scopes: [],
  authentication: { method: 'private_key_jwt', keys: [...keys] },
})

const register = (keys: readonly PublicKeyDefinition[], further: Readonly<Record<string, unknown>> = {}) =>
  send(world, {
    path: '/register',
    headers: { 'content-type': 'application/json' },
    text: JSON.stringify({
      redirect_uris: ['https://frames.example/callback'],
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys },
      ...further,
    }),
  })

test('a client with a key that nothing can be checked with is refused, with what is wrong, however it comes', async () => {
  const { clients } = world
  for (const [what, [key, wrong]] of Object.entries(UNUSABLE)) {
    const registered = await register([key])
    assert.equal(registered.status, 400, what)
    const { error, error_description: description } = JSON.parse(registered.body) as Record<string, string>
    assert.equal(error, 'invalid_client_metadata', what)
    assert.match(description ?? '', /EC|OKP|RSA|signatures|alg/, what)
    const added = clients.add(call, client('frames', [key]))
    await assert.rejects(added, { code: 'auth.bad_client', detail: wrong }, what)
    const signing = { ...client('frames', [good]), authentication: { method: 'none' }, requestObjectKeys: [key] } as const
    await assert.rejects(clients.add(call, signing), { code: 'auth.bad_client', detail: wrong }, what)
    assert.throws(
      () => parsePublicKey(JSON.stringify(key)),
      { code: 'auth.bad_details', fields: [fieldProblem('key', 'key_unusable')] },
      what,
    )
  }
  for (const key of USABLE) {
    assert.equal((await register([key])).status, 201, JSON.stringify(key))
    assert.ok(parsePublicKey(JSON.stringify(key)))
  }
})

test('a key that says that it is for encryption is let be beside one that can be used, one on another curve is not', async () => {
  assert.equal((await register([good, encrypting])).status, 201)
  const { status, body } = await register([good, { ...ec('P-384'), kid: 'longer' }])
  assert.equal(status, 400, body)
  assert.match(body, /longer/)
})

test('a stored client that has such a key stays as it is, and can be changed otherwise', async () => {
  const { clients } = world
  await clients.add(call, client('older', [good]))
  const { authentication, ...older } = client('older', [ec('P-384')])
  const definition = clientDefinition.parse({ ...older, authentication })
  await world.database.collection(clientsCollection).update(call, 'older', { set: { definition } })
  assert.equal((await clients.change(call, 'older', { name: 'Old Frames' })).definition.name, 'Old Frames')
  await assert.rejects(clients.change(call, 'older', authentication ? { authentication } : {}), { code: 'auth.bad_client' })
})

describe('Ed25519 under both of its names', () => {
  const NAMES = ['Ed25519', 'EdDSA'] as const
  const pair = generateKeyPairSync('ed25519')
  const longer = generateKeyPairSync('ed448')
  const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const seconds = (): number => Math.floor(Date.now() / 1000)
  type Signed = Readonly<Record<string, unknown>>
  /** By hand: no library signs with another kind of key than the name says. */
  const jws = (key: KeyObject, header: Signed, claims: Signed): string => {
    const payload = { jti: randomUUID(), iat: seconds(), exp: seconds() + 60, ...claims }
    const input = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
    return `${input}.${sign(key.asymmetricKeyType === 'ec' ? 'sha256' : null, Buffer.from(input), key).toString('base64url')}`
  }
  const identity = (clientId: string): Signed => ({ iss: clientId, sub: clientId, aud: world.sites.accounts })
  const asked = (form: Record<string, string>, headers: Record<string, string> = {}) =>
    send(world, {
      path: '/token',
      headers,
      form: { grant_type: 'authorization_code', code: 'none', redirect_uri: 'https://frames.example/callback', ...form },
    })
  const asserted = (clientId: string, assertion: string): Record<string, string> => ({
    client_id: clientId,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  })

  for (const [index, alg] of NAMES.entries()) {
    test(`an assertion signed as ${alg} counts, whatever name the client has registered with`, async () => {
      const told = NAMES[1 - index]
      // Registered as one name, signed by the other: what is left out of the answer holds nobody to it (RFC 7591 section 3.2.1).
      const { body } = await register([jwkOf(pair)], { token_endpoint_auth_signing_alg: told })
      const made = JSON.parse(body) as Record<string, string>
      assert.equal('token_endpoint_auth_signing_alg' in made, false)
      const { client_id: id = '' } = made
      const answer = await asked(asserted(id, jws(pair.privateKey, { alg }, identity(id))))
      assert.equal(errorOf(answer), 'invalid_grant', 'of the code, and no more of the client')
      for (const key of [longer, elliptic]) {
        const refused = await asked(asserted(id, jws(key.privateKey, { alg }, identity(id))))
        assert.equal(errorOf(refused), 'invalid_client', key.privateKey.asymmetricKeyType)
      }
    })

    test(`a key that says ${alg} of itself is for that name`, async () => {
      const made = JSON.parse((await register([{ ...jwkOf(pair), alg }])).body) as Record<string, string>
      const { client_id: id = '' } = made
      const answer = await asked(asserted(id, jws(pair.privateKey, { alg }, identity(id))))
      assert.equal(errorOf(answer), 'invalid_grant')
    })

    test(`a request object signed as ${alg} counts`, async () => {
      const signs = { token_endpoint_auth_method: 'none', require_signed_request_object: true }
      const made = JSON.parse((await register([jwkOf(pair)], signs)).body) as Record<string, string>
      const { client_id: id = '' } = made
      const wish = { client_id: id, redirect_uri: 'https://frames.example/callback', response_type: 'code', scope: 'openid' }
      const pkce = { code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' }
      const pushed = (key: KeyObject) => {
        const request = jws(key, { alg, typ: 'oauth-authz-req+jwt' }, { iss: id, aud: world.sites.accounts, ...wish, ...pkce })
        return send(world, { path: '/par', form: { client_id: id, request } })
      }
      assert.equal((await pushed(pair.privateKey)).status, 201)
      for (const key of [longer, elliptic]) assert.equal((await pushed(key.privateKey)).status, 400)
    })

    test(`a proof signed as ${alg} counts, and none of another kind of key under that name`, async () => {
      const made = JSON.parse((await register([jwkOf(pair)])).body) as Record<string, string>
      const { client_id: id = '' } = made
      const prove = (key: { publicKey: KeyObject; privateKey: KeyObject }) => {
        const dpop = jws(
          key.privateKey,
          { alg, typ: 'dpop+jwt', jwk: key.publicKey.export({ format: 'jwk' }) },
          { htm: 'POST', htu: `${world.sites.accounts}/token` },
        )
        return asked(asserted(id, jws(pair.privateKey, { alg }, identity(id))), { dpop })
      }
      assert.equal(errorOf(await prove(pair)), 'invalid_grant')
      for (const key of [longer, elliptic]) assert.equal(errorOf(await prove(key)), 'invalid_dpop_proof')
    })
  }

  test('both are in the documents that say what is taken', async () => {
    for (const name of ['openid-configuration', 'oauth-authorization-server']) {
      const told = JSON.parse((await send(world, { path: `/.well-known/${name}` })).body) as Record<string, string[]>
      for (const kind of ['token_endpoint_auth', 'request_object', 'dpop', 'revocation_endpoint_auth', 'introspection_endpoint_auth'])
        assert.deepEqual(
          told[`${kind}_signing_alg_values_supported`]?.filter((alg) => alg.startsWith('Ed')),
          NAMES,
          kind,
        )
    }
  })
})
