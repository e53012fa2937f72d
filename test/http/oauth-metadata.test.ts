// What the metadata says of how clients prove themselves, and whether it is so.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openOauth, send } from '../support/oauth.ts'

test('the scopes that tell of roles are listed where they say something, each once, though no client names them', async () => {
  const roles = { editor: { permissions: ['notes:edit'] } }
  for (const [definition, told] of [
    [{}, ['roles']],
    [{ organisations: {} }, ['roles', 'organizations']],
    [{ roles, organisations: {} }, ['roles', 'organizations', 'permissions']],
  ] as const) {
    const world = await openOauth({ definition })
    try {
      for (const path of ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration']) {
        const { scopes_supported: listed } = JSON.parse((await send(world, { path })).body) as { scopes_supported: string[] }
        assert.deepEqual(
          listed.filter((scope) => ['roles', 'organizations', 'permissions'].includes(scope)),
          told,
        )
        assert.equal(new Set(listed).size, listed.length)
      }
    } finally {
      await world.stop()
    }
  }
})

const CERTIFICATES = ['self_signed_tls_client_auth', 'tls_client_auth']

for (const takesCertificates of [true, false]) {
  test(`every endpoint says how clients prove themselves there, and certificates are ${takesCertificates ? '' : 'not '}among it`, async () => {
    const world = await openOauth({ takesCertificates })
    try {
      const document = JSON.parse((await send(world, { path: '/.well-known/oauth-authorization-server' })).body)
      const methods = (endpoint: string): string[] => document[`${endpoint}_endpoint_auth_methods_supported`].toSorted()
      const certificates = takesCertificates ? CERTIFICATES : []
      const proofs = ['client_secret_basic', 'client_secret_post', ...['private_key_jwt', ...certificates].toSorted()]
      assert.deepEqual(methods('introspection'), proofs)
      for (const endpoint of ['token', 'revocation']) assert.deepEqual(methods(endpoint), [...proofs, 'none'].toSorted(), endpoint)
      for (const endpoint of ['token', 'revocation', 'introspection'])
        assert.ok(document[`${endpoint}_endpoint_auth_signing_alg_values_supported`].includes('ES256'), endpoint)
      assert.equal(document.tls_client_certificate_bound_access_tokens, takesCertificates)
      const asked = await send(world, { path: '/introspect', form: { client_id: 'print-shop', token: 'x' } })
      assert.equal(asked.status, 401, 'a public client may not ask')
      assert.equal((await send(world, { path: '/revoke', form: { client_id: 'print-shop', token: 'x' } })).status, 200)
    } finally {
      await world.stop()
    }
  })
}

test('both documents list the languages that the pages speak, as the app offers them', async () => {
  const greeting = { languageName: 'Fran\u00e7ais' }
  for (const [definition, told] of [
    [{}, ['en', 'de']],
    [{ languages: ['de'] }, ['de']],
    [{ texts: { fr: greeting } }, ['en', 'de', 'fr']],
  ] as const) {
    const world = await openOauth({ definition })
    try {
      for (const path of ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'])
        assert.deepEqual(JSON.parse((await send(world, { path })).body).ui_locales_supported, told, path)
    } finally {
      await world.stop()
    }
  }
})
