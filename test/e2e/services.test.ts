// Services on the whole platform: from the token endpoint through the gateway to the data API, and out again.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { SECRET } from '../fixtures/services/ninefold.config.ts'
import { OTHER_CERTIFICATE, SERVICE_CERTIFICATE } from '../support/certificates.ts'
import type { Reply } from '../support/http.ts'
import { type PlatformProcess, startPlatform } from '../support/platform.ts'
import { until } from '../support/until.ts'

let platform: PlatformProcess

before(async () => {
  const environment = { NINEFOLD_GATEWAY_TRUSTED_PROXIES: '127.0.0.1', NINEFOLD_GATEWAY_CLIENT_CERTIFICATE_HEADER: 'Client-Cert' }
  platform = await startPlatform({ config: 'test/fixtures/services/ninefold.config.ts', environment })
})

after(() => platform.stop({ remove: true }))

type Headers = Readonly<Record<string, string>>

const basic = (id: string): Headers => ({ authorization: `Basic ${Buffer.from(`${id}:${SECRET}`).toString('base64')}` })
const post = (path: string, form: Headers, headers: Headers): Promise<Reply> =>
  platform.send('accounts', {
    method: 'POST',
    path,
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(form).toString(),
  })
const tokenOf = async (form: Headers, headers: Headers): Promise<string> => {
  const reply = await post('/token', { grant_type: 'client_credentials', scope: 'notes:read notes:write', ...form }, headers)
  assert.equal(reply.status, 200, reply.body)
  return JSON.parse(reply.body).access_token
}
const notes = (headers: Headers, text?: string): Promise<Reply> =>
  platform.send('diary', {
    path: '/api/notes',
    method: text === undefined ? 'GET' : 'POST',
    headers: text === undefined ? headers : { 'content-type': 'application/json', ...headers },
    ...(text === undefined ? {} : { body: JSON.stringify({ text }) }),
  })

test('a service reads and writes what is its own, until its token is revoked: within a second', async () => {
  const token = await tokenOf({}, basic('till'))
  const authorization = `Bearer ${token}`
  const created = await notes({ authorization }, 'hello')
  assert.equal(created.status, 201, created.body)
  const { id, ownerId } = JSON.parse(created.body)
  assert.equal(ownerId, 'client:till')
  assert.equal(JSON.parse((await notes({ authorization })).body).items.length, 1)
  const denied = await platform.send('diary', { method: 'DELETE', path: `/api/notes/${id}`, headers: { authorization } })
  assert.equal(denied.status, 401, 'requirement 41: nobody has signed in, let alone lately')
  assert.match(String(denied.headers['www-authenticate']), /insufficient_user_authentication.*max_age="300".*resource_metadata=/)
  assert.equal((await post('/introspect', { token }, basic('till'))).status, 200)
  const other = `Bearer ${await tokenOf({}, basic('till'))}`
  assert.equal((await post('/revoke', { token }, basic('till'))).status, 200)
  const since = Date.now()
  await until('the token is refused', async () => (await notes({ authorization })).status === 401)
  // The promise is a second; a machine that runs every other test at the same time may add one.
  assert.ok(Date.now() - since < 2000, 'requirement 43: within a second')
  assert.deepEqual(JSON.parse((await post('/introspect', { token }, basic('till'))).body), { active: false })
  assert.equal(JSON.parse((await notes({ authorization: other })).body).items.length, 1, 'its other token goes on, and nothing was deleted')
})

test('a service that must prove a key calls the API with its proofs, and nobody else with its token', async () => {
  const key = await generateKeyPair('ES256', { extractable: true })
  const jwk = await exportJWK(key.publicKey)
  const proof = (htm: string, htu: string, ath?: string): Promise<string> =>
    new SignJWT({ jti: crypto.randomUUID(), htm, htu, iat: Math.floor(Date.now() / 1000), ...(ath === undefined ? {} : { ath }) })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
      .sign(key.privateKey)
  const bare = await post('/token', { grant_type: 'client_credentials' }, basic('prover'))
  assert.equal(bare.status, 400)
  const token = await tokenOf({}, { ...basic('prover'), dpop: await proof('POST', `${platform.origin('accounts')}/token`) })
  const ath = createHash('sha256').update(token).digest('base64url')
  const address = `${platform.origin('diary')}/api/notes`
  const dpop = await proof('GET', address, ath)
  assert.equal((await notes({ authorization: `DPoP ${token}`, dpop })).status, 200)
  assert.equal((await notes({ authorization: `DPoP ${token}`, dpop })).status, 401, 'once')
  assert.equal((await notes({ authorization: `Bearer ${token}` })).status, 401)
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
  assert.equal(claims.cnf.jkt, await calculateJwkThumbprint(jwk))
})

test('a service with a certificate is known by it at both doors', async () => {
  const own = { 'client-cert': `:${SERVICE_CERTIFICATE.raw.toString('base64')}:` }
  const other = { 'client-cert': `:${OTHER_CERTIFICATE.raw.toString('base64')}:` }
  const form = { grant_type: 'client_credentials', client_id: 'machine' }
  for (const headers of [{}, other]) assert.equal((await post('/token', form, headers)).status, 401)
  const authorization = `Bearer ${await tokenOf({ client_id: 'machine' }, own)}`
  assert.equal((await notes({ authorization, ...own })).status, 200)
  for (const headers of [{}, other]) assert.equal((await notes({ authorization, ...headers })).status, 401)
})

test('requirement 40: a client that knows the address of the API finds its way to a token', async () => {
  const refused = await notes({})
  const address = /resource_metadata="([^"]+)"/.exec(String(refused.headers['www-authenticate']))?.[1] ?? ''
  const metadata = JSON.parse((await platform.send('diary', { path: new URL(address).pathname })).body)
  assert.equal(metadata.resource, `${platform.origin('diary')}/api`)
  assert.deepEqual(metadata.scopes_supported, ['notes:read', 'notes:write'])
  assert.equal(metadata.tls_client_certificate_bound_access_tokens, true)
  const issuer = new URL(metadata.authorization_servers[0])
  assert.equal(issuer.origin, platform.origin('accounts'))
  const found = JSON.parse((await platform.send('accounts', { path: '/.well-known/oauth-authorization-server' })).body)
  assert.equal(found.introspection_endpoint, `${issuer.origin}/introspect`)
  assert.ok(found.token_endpoint_auth_methods_supported.includes('private_key_jwt'))
  assert.ok(found.dpop_signing_alg_values_supported.includes('ES256'))
})

test('what the edge says to people is in the languages of the app, whatever their browsers prefer', async () => {
  const headers = { 'accept-language': 'en', accept: 'text/html', 'sec-fetch-mode': 'navigate' }
  for (const host of ['diary', 'accounts']) {
    const { status, body } = await platform.send(host, { path: '/session/callback?code=nobodys', headers })
    assert.ok(status >= 400 && status < 500, `${host}: ${status}`)
    assert.match(body, /<html lang="de">/, host)
    assert.equal(
      /<link rel="stylesheet" href="\/assets\//.test(body),
      host === 'accounts',
      'in the frame of the accounts pages, where that is',
    )
    if (host === 'accounts') assert.match(body, /<html lang="de">.*<h1>Hier ist nichts<\/h1>.*href="\/account"/s)
  }
})
