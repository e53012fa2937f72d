// A host of its own at which clients show certificates (RFC 8705 section 5), with two libraries that we did not write. The whole platform behind a proxy that
// ends TLS is in test/e2e/certificate-host.test.ts.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { SERVICE_CERTIFICATE } from '../support/certificates.ts'
import { connectDevice } from '../support/device.ts'
import { Browser, errorOf, type OauthWorld, openOauth, type Reply, send } from '../support/oauth.ts'
import { CALLBACK, person, service } from '../support/strict-definitions.ts'
import { type Dress, OPENID_CLIENT, WEB_API, type Wish } from '../support/strict-libraries.ts'

const signing = await generateKeyPair('ES256', { extractable: true })
const proofKey = await generateKeyPair('ES256', { extractable: true })
const byName = { method: 'tls_client_auth', subject: { kind: 'dns', value: 'service.example' } } as const
const certificate = { shown: SERVICE_CERTIFICATE, isVerified: true }
const shown = { 'x-test-certificate': SERVICE_CERTIFICATE.raw.toString('base64'), 'x-test-verified': 'yes' }
const PAGES = new Set(['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server', '/jwks'])

let world: OauthWorld
let certificates: string

before(async () => {
  const keys = [{ kty: 'EC', ...(await exportJWK(signing.publicKey)) }]
  world = await openOauth({
    certificateHost: true,
    clients: [
      person('named', { authentication: byName, boundTokens: 'mtls', origins: ['https://app.example'] }),
      person('proven', { authentication: byName, boundTokens: 'dpop' }),
      person('signer', { authentication: { method: 'private_key_jwt', keys } }),
      person('frame', { redirectUris: [], grants: ['device_code'], authentication: byName, boundTokens: 'mtls' }),
      service('worker', { authentication: byName, boundTokens: 'mtls', scopes: ['photos:read'] }),
    ],
  })
  certificates = world.sites.certificates ?? assert.fail('no host')
})
after(() => world.stop())

const there = (
  path: string,
  more: { method?: string; headers?: Record<string, string>; form?: Record<string, string> } = {},
): Promise<Reply> => send(world, { path, ...more, headers: { host: new URL(certificates).host, ...shown, ...more.headers } })

for (const library of [WEB_API, OPENID_CLIENT]) {
  describe(`by ${library.name}, a client with a certificate`, () => {
    const account = (what: string): string => `person-${what}-${library.name}`
    const wish = (what: string, more: Partial<Wish> = {}): Wish => ({
      browser: new Browser(world),
      account: account(what),
      redirectUri: CALLBACK,
      parameters: { scope: 'openid profile offline_access photos:read', prompt: 'consent' },
      ...more,
    })
    /** What is called is there, and what is read or opened by a person is where it always was. */
    const assertThere = (calls: readonly string[]): void => {
      for (const call of calls) {
        const { origin, pathname } = new URL(call)
        assert.equal(origin, PAGES.has(pathname) ? world.sites.accounts : certificates, call)
      }
    }
    const open = async (dress: Dress) => {
      const calls: string[] = []
      const client = await library.open(world, {
        certificate,
        usesAliases: true,
        ...dress,
        noted: (path, origin) => calls.push(origin + path),
      })
      return { client, calls }
    }

    test('calls where certificates are shown, and its tokens are of the issuer as ever (RFC 8705 section 5)', async () => {
      const { client, calls } = await open({ clientId: 'named' })
      const first = await client.signIn(wish('named', { isPushed: true }))
      assert.equal(first.claims['iss'], world.sites.accounts)
      const later = await client.refresh(first.refreshToken)
      assert.equal((await client.userinfo(later.accessToken, account('named')))['sub'], account('named'))
      assert.equal((await client.introspect(later.accessToken))['active'], true)
      await client.revoke(later.refreshToken)
      await assert.rejects(client.refresh(later.refreshToken), (error) => library.refusals.isAnswer(error, 'invalid_grant'))
      const worker = await open({ clientId: 'worker' })
      assert.equal((await worker.client.introspect(await worker.client.credentials({ scope: 'photos:read' })))['active'], true)
      assertThere([...calls, ...worker.calls])
      const called = new Set(calls.map((call) => new URL(call).pathname))
      for (const path of ['/par', '/token', '/userinfo', '/introspect', '/revoke']) assert.ok(called.has(path), path)
    })

    test('waits there for a device whose person is sent to the accounts pages', async () => {
      const { client, calls } = await open({ clientId: 'frame' })
      const decide = (code: string) => connectDevice(world, { code, account: account('frame'), clientId: 'frame', shows: /frame/ })
      assert.equal((await client.waitForDevice('openid photos:read', decide))['sub'], account('frame'))
      assertThere(calls)
      const begun = JSON.parse((await there('/device-authorization', { form: { client_id: 'frame', scope: 'openid' } })).body)
      for (const uri of [begun.verification_uri, begun.verification_uri_complete]) assert.equal(new URL(uri).origin, world.sites.accounts)
    })

    test('proves a key as well, with proofs for the address that it calls', async () => {
      const { client, calls } = await open({ clientId: 'proven', proofKey })
      const first = await client.signIn(wish('proven', { isPushed: true, namesProofKey: true }))
      const later = await client.refresh(first.refreshToken)
      assert.equal((await client.userinfo(later.accessToken, account('proven')))['sub'], account('proven'))
      assertThere(calls)
    })

    test('or with a key signs assertions for the issuer, which count there too', async () => {
      const { client, calls } = await open({ clientId: 'signer', key: signing.privateKey })
      assert.ok((await client.signIn(wish('signer'))).accessToken)
      assertThere(calls)
    })
  })
}

test('a proof is for the host that is asked, and not for the other one', async () => {
  const jwk = await exportJWK(proofKey.publicKey)
  const proofFor = (origin: string): Promise<string> =>
    new SignJWT({ jti: randomUUID(), htm: 'POST', htu: `${origin}/token`, iat: Math.floor(Date.now() / 1000) })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
      .sign(proofKey.privateKey)
  const form = { grant_type: 'refresh_token', client_id: 'proven', refresh_token: 'nobodys' }
  const { accounts } = world.sites
  const here = (dpop: string): Promise<Reply> => send(world, { path: '/token', form, headers: { ...shown, dpop } })
  assert.equal(errorOf(await there('/token', { form, headers: { dpop: await proofFor(accounts) } })), 'invalid_dpop_proof')
  assert.equal(errorOf(await here(await proofFor(certificates))), 'invalid_dpop_proof')
  assert.equal(errorOf(await there('/token', { form, headers: { dpop: await proofFor(certificates) } })), 'invalid_grant')
  assert.equal(errorOf(await here(await proofFor(accounts))), 'invalid_grant')
})

test('there is nothing for browsers of people there, and scripts of known clients may call', async () => {
  for (const path of ['/', '/authorize', '/account', '/device', '/jwks', '/end-session', '/register', '/.well-known/openid-configuration'])
    assert.equal((await there(path)).status, 404, path)
  const origin = 'https://app.example'
  const form = { grant_type: 'refresh_token', client_id: 'named', refresh_token: 'nobodys' }
  const reply = await there('/token', { form, headers: { origin, cookie: '__Host-session=x' } })
  assert.deepEqual([reply.headers['access-control-allow-origin'], reply.headers['set-cookie']], [origin, undefined])
  const preflight = await there('/token', { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } })
  assert.ok([200, 204].includes(preflight.status), String(preflight.status))
})

test('without such a host nothing is said of one', async () => {
  const other = await openOauth()
  try {
    const document = JSON.parse((await send(other, { path: '/.well-known/openid-configuration' })).body)
    assert.equal('mtls_endpoint_aliases' in document, false)
    assert.ok(other.server.routes.every(({ site }) => site !== 'certificates'))
  } finally {
    await other.stop()
  }
})
