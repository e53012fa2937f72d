import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compactVerify, importJWK } from 'jose'
import { ExternalSigningKey } from 'oidc-provider'
import { makeKey, publicPart } from '../keys/jwk.ts'
import { signingKeyOf } from './signing-key.ts'

for (const alg of ['ES256', 'EdDSA'] as const) {
  test(`a key for ${alg} signs here, what its public part takes, and gives away no private part`, async () => {
    const jwk = await makeKey(alg)
    const key = signingKeyOf(jwk)
    assert.ok(key instanceof ExternalSigningKey)
    assert.deepEqual([key.kid, key.alg, key.use, key.kty, key.x], [jwk.kid, alg, 'sig', jwk.kty, jwk.x])
    const signed = [{ alg }, { sub: 'somebody' }].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
    const signature = Buffer.from(await key.sign(Buffer.from(signed))).toString('base64url')
    const { payload } = await compactVerify(`${signed}.${signature}`, await importJWK(publicPart(jwk), alg))
    assert.equal(Buffer.from(payload).toString(), '{"sub":"somebody"}')
    assert.ok(!JSON.stringify([key, Object.entries(key)]).includes(jwk.d))
    assert.equal((await key.keyObject()).type, 'public')
  })
}

test('RSA stays with the engine, which signs with it on another thread', async () => {
  const jwk = await makeKey('RS256')
  assert.deepEqual(signingKeyOf(jwk), jwk)
})
