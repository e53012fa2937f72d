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
  ...['redirect_uris', 'policy_uri', 'jwks'].map((member): readonly [unknown, string, string] => {
    const address = 'https://notes.example/\ud800'
    const values: Record<string, unknown> = { redirect_uris: [address], jwks: { keys: [{ kty: 'EC', kid: '\ud800' }] } }
    const code = member === 'redirect_uris' ? 'invalid_redirect_uri' : 'invalid_client_metadata'
    const message = `${member}: has text that no database can store (U+0000, or half of a surrogate pair)`
    return [{ [member]: values[member] ?? address }, code, message]
  }),
]

for (const [given, code, message] of REFUSED)
  test(`whoever sends ${JSON.stringify(given)} is told what is wanted`, () => {
    assert.throws(() => parseMetadata(given), { code, message })
  })

test('what is not kept may be any text', () => {
  assert.doesNotThrow(() => parseMetadata({ software_id: '\ud800' }))
})
