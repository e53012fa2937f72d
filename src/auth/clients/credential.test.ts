// Which key a client has: told apart by the key itself, and not by how it is written.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'
import type { PublicKeyDefinition } from './contract.ts'
import { credentialOf, keyThumbprint } from './credential.ts'
import type { StoredClient } from './schemas.ts'

const publicKey = async (alg: string): Promise<PublicKeyDefinition> => {
  const { kty = '', ...jwk } = await exportJWK((await generateKeyPair(alg, { extractable: true })).publicKey)
  return { kty, ...jwk }
}
const backwards = (key: PublicKeyDefinition): PublicKeyDefinition => ({
  ...Object.fromEntries(Object.entries(key).toReversed()),
  kty: key.kty,
})
const having = (keys: readonly PublicKeyDefinition[]): StoredClient => ({
  id: 'machine',
  source: 'operator',
  definition: {
    clientId: 'machine',
    name: 'Machine',
    redirectUris: [],
    origins: [],
    scopes: [],
    authentication: { method: 'private_key_jwt', keys: keys.map((key) => ({ ...key })) },
  },
  createdAt: 0,
})

test('the mark of a key is the same in whatever order a database gives its members back, and another for another key', async () => {
  const [one, two] = [await publicKey('ES256'), await publicKey('ES256')]
  assert.notEqual(JSON.stringify(backwards(one)), JSON.stringify(one))
  assert.equal(credentialOf(having([backwards(one)])), credentialOf(having([one])))
  assert.notEqual(credentialOf(having([two])), credentialOf(having([one])))
  assert.notEqual(credentialOf({ ...having([one]), id: 'other' }), credentialOf(having([one])))
})

test('the thumbprint of a key is that of RFC 7638, whatever is said beside the key and however it is written', async () => {
  for (const alg of ['ES256', 'EdDSA', 'RS256']) {
    const key = await publicKey(alg)
    const expected = await calculateJwkThumbprint({ ...key })
    const generous = Object.fromEntries(
      Object.entries(key).map(([name, text]) => [name, /^[exy]$/.test(name) ? `${String(text)}==` : text]),
    )
    for (const same of [key, backwards(key), { ...key, use: 'sig', kid: 'k', alg }, { ...generous, kty: key.kty }])
      assert.equal(keyThumbprint(same), expected, alg)
  }
  const unreadable = { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }
  assert.equal(keyThumbprint({ use: 'sig', ...backwards(unreadable) }), keyThumbprint(unreadable))
})
