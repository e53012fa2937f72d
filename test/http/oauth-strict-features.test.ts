// Each feature by each of two libraries that we did not write: what one of them overlooks the other may not.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { decodeProtectedHeader, exportJWK, generateKeyPair } from 'jose'
import { OTHER_CERTIFICATE, SERVICE_CERTIFICATE } from '../support/certificates.ts'
import { connectDevice } from '../support/device.ts'
import { Browser, claimsOf, type OauthWorld, openOauth } from '../support/oauth.ts'
import { CALLBACK, person, SECRET, secretHashes, service } from '../support/strict-definitions.ts'
import { type Dress, OPENID_CLIENT, type StrictClient, WEB_API, type Wish } from '../support/strict-libraries.ts'

const GOODBYE = 'https://app.example/bye'
const REPORTS = 'https://reports.example/'
const TWO_FACTORS = 'urn:ninefold:acr:two-factors'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
const signing = await generateKeyPair('ES256', { extractable: true })
const stranger = await generateKeyPair('ES256')

/** What the document of a client says, which is served here. */
const host = createServer((request, response) => {
  const { port } = host.address() as AddressInfo
  const document = {
    client_id: `http://127.0.0.1:${port}${request.url}`,
    client_name: 'Notes',
    redirect_uris: [CALLBACK],
    token_endpoint_auth_method: 'none',
    scope: 'photos:read profile',
  }
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document))
})

let world: OauthWorld

before(async () => {
  const keys = [{ kty: 'EC', ...(await exportJWK(signing.publicKey)) }]
  const pinned = { method: 'self_signed_tls_client_auth', certificates: [SERVICE_CERTIFICATE.toString()] } as const
  world = await openOauth({
    clients: [
      person('app', { postLogoutRedirectUris: [GOODBYE] }),
      person('signer', { authentication: { method: 'private_key_jwt', keys }, requireSignedRequestObject: true }),
      person('edwards', { idTokenAlgorithm: 'EdDSA' }),
      person('caller', {
        scopes: ['photos:read', 'profile', 'reports:read'],
        authentication: { method: 'client_secret_basic', secretHashes },
        grants: ['authorization_code', 'token_exchange'],
        exchange: { audiences: [REPORTS] },
      }),
      person('frame', { redirectUris: [], grants: ['device_code'] }),
      service('named', {
        authentication: { method: 'tls_client_auth', subject: { kind: 'dns', value: 'service.example' } },
        boundTokens: 'mtls',
      }),
      service('pinned', { authentication: pinned, boundTokens: 'mtls' }),
    ],
    definition: {
      edDsa: true,
      registration: { dynamic: 'anyone', documents: true },
      resources: [{ audience: REPORTS, scopes: { 'reports:read': 'see reports' } }],
    },
  })
  await new Promise<void>((done) => host.listen(0, '127.0.0.1', done))
})

after(async () => {
  host.close()
  await world.stop()
})

for (const library of [WEB_API, OPENID_CLIENT]) {
  const { isAnswer, isOwn, isChallenge } = library.refusals
  const account = (what: string): string => `person-${what}-${library.name}`
  const open = (dress: Dress): Promise<StrictClient> => library.open(world, dress)
  const wish = (what: string, more: Partial<Wish> = {}): Wish => ({
    browser: new Browser(world),
    account: account(what),
    redirectUri: CALLBACK,
    ...more,
  })

  describe(library.name, () => {
    test('signs its request (RFC 9101), without which it gets nothing', async () => {
      const client = await open({ clientId: 'signer', key: signing.privateKey })
      const { claims } = await client.signIn(wish('signed', { signedWith: signing.privateKey }))
      assert.deepEqual([claims['sub'], claims['aud'], claims['name']], [account('signed'), 'signer', `Name of ${account('signed')}`])
      await assert.rejects(client.signIn(wish('unsigned')), (error) => isAnswer(error, 'invalid_request'))
      await assert.rejects(client.signIn(wish('forged', { signedWith: stranger.privateKey })))
    })

    test('checks an ID token that is signed with EdDSA, and takes none for it that is not', async () => {
      const client = await open({ clientId: 'edwards', algorithm: 'EdDSA' })
      const { idToken, claims } = await client.signIn(wish('edwards'))
      assert.equal(decodeProtectedHeader(idToken).alg, 'EdDSA')
      assert.equal(claims['sub'], account('edwards'))
      const usual = await open({ clientId: 'app' })
      assert.equal(decodeProtectedHeader((await usual.signIn(wish('usual'))).idToken).alg, 'RS256')
      await assert.rejects((await open({ clientId: 'app', algorithm: 'EdDSA' })).signIn(wish('unusual')), isOwn)
    })

    test('asks for a fresh sign-in with two factors, and sees for itself that it was one', async () => {
      const browser = new Browser(world)
      const client = await open({ clientId: 'app' })
      const since = Math.floor(Date.now() / 1000)
      const weak = await client.signIn({ ...wish('fresh'), browser, by: ['password'] })
      assert.notEqual(weak.claims['acr'], TWO_FACTORS)
      const parameters = { acr_values: TWO_FACTORS, max_age: '60' }
      const strong = await client.signIn({ ...wish('fresh'), browser, by: ['password', 'totp'], parameters, maxAge: 60 })
      assert.deepEqual([strong.claims['acr'], strong.claims['amr']], [TWO_FACTORS, ['pwd', 'otp', 'mfa']])
      assert.ok(Number(strong.claims['auth_time']) >= since)
      // By its clock it is ten minutes later: nobody was asked again, and it was told when that sign-in was.
      const late = await open({ clientId: 'app', aheadSeconds: 600 })
      await assert.rejects(late.signIn({ ...wish('fresh'), browser, maxAge: 60 }), isOwn)
      assert.ok((await late.signIn({ ...wish('fresh'), browser, maxAge: 900 })).accessToken)
      const unmet = { acr_values: 'their:gold' }
      await assert.rejects(client.signIn({ ...wish('fresh'), browser, parameters: unmet }), (error) =>
        isAnswer(error, 'unmet_authentication_requirements'),
      )
    })

    test('signs somebody in whose client nobody has registered, by the address of its document', async () => {
      const clientId = `http://127.0.0.1:${(host.address() as AddressInfo).port}/${library.name}.json`
      const { accessToken, claims } = await (await open({ clientId })).signIn(wish('document'))
      assert.deepEqual([claims['aud'], claimsOf(accessToken)['client_id']], [clientId, clientId])
    })

    test('signs its person out, who comes back and is nobody any more', async () => {
      const browser = new Browser(world)
      const client = await open({ clientId: 'app' })
      const { idToken } = await client.signIn({ ...wish('out'), browser })
      const silently = { ...wish('out'), browser, parameters: { prompt: 'none' } }
      assert.ok((await client.signIn(silently)).idToken)
      const url = client.signOutUrl({ id_token_hint: idToken, post_logout_redirect_uri: GOODBYE, state: 'bye' })
      const page = await browser.visit({ path: url.pathname + url.search })
      const xsrf = /name="xsrf" value="([^"]+)"/.exec(page.body)?.[1] ?? assert.fail(page.body)
      const done = await browser.visit({ path: '/end-session/confirm', form: { xsrf, logout: 'yes' } })
      assert.equal(done.headers['location'], `${GOODBYE}?state=bye`)
      await assert.rejects(client.signIn(silently), (error) => isAnswer(error, 'login_required'))
    })

    for (const [clientId, isVerified] of [
      ['named', true],
      ['pinned', false],
    ] as const) {
      test(`proves itself by a certificate that ${isVerified ? 'an authority has issued' : 'it has made itself'}, which binds its tokens`, async () => {
        const client = await open({ clientId, certificate: { shown: SERVICE_CERTIFICATE, isVerified } })
        const token = await client.credentials({ scope: 'photos:read' })
        const thumbprint = createHash('sha256').update(SERVICE_CERTIFICATE.raw).digest('base64url')
        assert.deepEqual(claimsOf(token)['cnf'], { 'x5t#S256': thumbprint })
        const { active, cnf } = await client.introspect(token)
        assert.deepEqual([active, cnf], [true, { 'x5t#S256': thumbprint }])
        for (const certificate of [
          { shown: OTHER_CERTIFICATE, isVerified: true },
          ...(isVerified ? [{ shown: SERVICE_CERTIFICATE, isVerified: false }] : []),
        ])
          await assert.rejects((await open({ clientId, certificate })).credentials({}), (error) => isAnswer(error, 'invalid_client'))
      })
    }

    test('waits for a device whose person says yes (RFC 8628)', async () => {
      const client = await open({ clientId: 'frame' })
      const decided = (code: string) => connectDevice(world, { code, account: account('frame'), clientId: 'frame', shows: /frame/ })
      const claims = await client.waitForDevice('openid photos:read', decided)
      assert.deepEqual([claims['sub'], claims['aud']], [account('frame'), 'frame'])
    })

    test('exchanges a token for one of another resource (RFC 8693)', async () => {
      const client = await open({ clientId: 'caller', secret: SECRET })
      const { accessToken } = await client.signIn(wish('exchanged'))
      const exchange = (more: Record<string, string>): Promise<string> =>
        client.grant('urn:ietf:params:oauth:grant-type:token-exchange', {
          subject_token: accessToken,
          subject_token_type: ACCESS_TOKEN,
          resource: REPORTS,
          ...more,
        })
      const token = await exchange({ scope: 'reports:read' })
      const { sub, aud, scope, act } = claimsOf(token)
      assert.deepEqual([sub, aud, scope, act], [account('exchanged'), REPORTS, 'reports:read', { sub: 'client:caller' }])
      const known = await client.introspect(token)
      assert.deepEqual([known['active'], known['sub'], known['act']], [true, sub, act])
      await assert.rejects(exchange({ resource: 'https://nobody.example/' }), (error) => isAnswer(error, 'invalid_target'))
      await assert.rejects(exchange({ subject_token: `${accessToken}x` }), (error) => isAnswer(error, 'invalid_request'))
    })

    test('reads, changes and removes its registration with the address and the token that it got (RFC 7592)', async () => {
      const wanted = { redirect_uris: [CALLBACK], client_name: 'Strict newcomer', token_endpoint_auth_method: 'none' }
      const client = await open({ clientId: 'app' })
      const made = await client.register(wanted)
      const ask = (token: string, method: string, json?: object): Promise<Response> =>
        client.ask(token, { method, url: made.place, ...(json === undefined ? {} : { json }) })
      const nameIn = async (response: Response): Promise<unknown> => Object(await response.json()).client_name
      assert.equal(await nameIn(await ask(made.token, 'GET')), 'Strict newcomer')
      const changed = await ask(made.token, 'PUT', { ...wanted, client_id: made.clientId, client_name: 'Strict friend' })
      assert.equal(changed.status, 200)
      const { registration_access_token: next, client_name: name } = Object(await changed.json())
      assert.equal(name, 'Strict friend')
      await assert.rejects(ask(made.token, 'GET'), isChallenge)
      assert.equal(await nameIn(await ask(next, 'GET')), 'Strict friend')
      const { claims } = await (await open({ clientId: made.clientId })).signIn(wish('newcomer'))
      assert.equal(claims['aud'], made.clientId)
      assert.equal((await ask(next, 'DELETE')).status, 204)
      await assert.rejects(ask(next, 'GET'), isChallenge)
    })
  })
}
