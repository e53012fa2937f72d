import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseMetadata } from './metadata.ts'

const REFUSED: readonly (readonly [unknown, string, string])[] = [
  [[], 'invalid_client_metadata', 'the metadata must be a JSON object'],
  ['notes', 'invalid_client_metadata', 'the metadata must be a JSON object'],
  [{ redirect_uris: 'x' }, 'invalid_redirect_uri', 'redirect_uris: must be a list of at most 20 URIs'],
  [
    { redirect_uris: ['x', 7] },
    'invalid_redirect_uri',
    'redirect_uris: must be a list of at most 20 URIs; redirect_uris.1 is not as expected',
  ],
  [{ dpop_bound_access_tokens: 'yes' }, 'invalid_client_metadata', 'dpop_bound_access_tokens: must be true or false'],
  [
    { jwks: { keys: [{}] } },
    'invalid_client_metadata',
    'jwks: must be an object whose "keys" is a list of 1 to 10 public keys, each an object with a "kty"; jwks.keys.0.kty is not as expected',
  ],
]

for (const [given, code, message] of REFUSED)
  test(`whoever sends ${JSON.stringify(given)} is told what is wanted`, () => {
    assert.throws(() => parseMetadata(given), { code, message })
  })
