import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Configuration } from 'oidc-provider'
import { assertSafe } from './provider.ts'

const safe: Configuration = {
  features: { devInteractions: { enabled: false } },
  cookies: { keys: ['key'] },
  jwks: { keys: [{ kty: 'EC' }, { kty: 'RSA' }] },
  adapter: () => {
    throw new Error('never asked')
  },
  pkce: { required: () => true },
  responseTypes: ['code'],
}

const UNSAFE: readonly (readonly [string, Configuration, RegExp])[] = [
  ['the try-out pages, which accept any password', { ...safe, features: {} }, /any password/],
  ['unsigned cookies', { ...safe, cookies: {} }, /signed/],
  ['a missing key', { ...safe, jwks: { keys: [] } }, /keys are missing/],
  ['storage in memory', { ...safe, adapter: undefined }, /in memory/],
  ['optional PKCE', { ...safe, pkce: {} }, /PKCE/],
  ['the implicit flow', { ...safe, responseTypes: ['code', 'id_token'] }, /other flows/],
]

test('starts with a safe configuration', () => {
  assert.doesNotThrow(() => assertSafe('https://accounts.example', safe))
  assert.doesNotThrow(() => assertSafe('http://accounts.localhost:4000', safe))
})

for (const [what, configuration, message] of UNSAFE) {
  test(`does not start with ${what}`, () => {
    assert.throws(() => assertSafe('https://accounts.example', configuration), message)
  })
}

for (const issuer of ['http://accounts.example', 'http://localhost.evil.example', 'http://evillocalhost']) {
  test(`does not start as ${issuer}`, () => {
    assert.throws(() => assertSafe(issuer, safe), /neither https nor/)
  })
}
