// Keys that clients and service accounts bring: whoever brings one that nothing here can be checked with hears so at once, and not as a sign-in that fails.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, test } from 'node:test'
import { clientsCollection } from '../../src/auth/clients/repository.ts'
import type { ClientDefinition, PublicKeyDefinition } from '../../src/auth/clients/contract.ts'
import { clientDefinition } from '../../src/auth/clients/schemas.ts'
import { parsePublicKey } from '../../src/auth/service-accounts/key.ts'
import { fieldProblem } from '../../src/auth/texts/problem.ts'
import { call, type OauthWorld, openOauth, send } from '../support/oauth.ts'

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

const register = (keys: readonly PublicKeyDefinition[]) =>
  send(world, {
    path: '/register',
    headers: { 'content-type': 'application/json' },
    text: JSON.stringify({
      redirect_uris: ['https://frames.example/callback'],
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys },
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
