// Two libraries that we did not write, `openid-client` and `oauth4webapi`, over what is offered to services and to bound tokens. Both over one feature after
// the other are in oauth-strict-features.test.ts; where people sign in they are in oauth-openid-client.test.ts and oauth.test.ts, too.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, test } from 'node:test'
import { compactDecrypt, exportJWK, generateKeyPair } from 'jose'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { Browser, claimsOf, type OauthWorld, openOauth } from '../support/oauth.ts'
import { localFetch } from '../support/strict-client.ts'
import { CALLBACK, person, SECRET, service } from '../support/strict-definitions.ts'

const REPORTS = 'https://reports.example/'
const PRINTER = 'https://printer.example/jobs'
const LEDGER = 'https://ledger.example/'
const ledgerKey = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const signing = await generateKeyPair('ES256', { extractable: true })

let world: OauthWorld
let nonces: OauthWorld

before(async () => {
  const keys = [{ kty: 'EC', ...(await exportJWK(signing.publicKey)) }]
  const servers = ['reader']
  const scopes = ['photos:read', 'reports:read', 'jobs:write', 'ledger:read']
  world = await openOauth({
    clients: [
      service('worker', { scopes }),
      service('reader', { scopes: [] }),
      service('signer', { scopes, authentication: { method: 'private_key_jwt', keys } }),
      person('app'),
    ],
    definition: {
      resources: [
        { audience: REPORTS, scopes: { 'reports:read': 'see reports' }, servers },
        { audience: PRINTER, scopes: { 'jobs:write': 'print' }, format: 'opaque', servers },
        {
          audience: LEDGER,
          scopes: { 'ledger:read': 'see the ledger' },
          format: 'jwe',
          encryptionKey: { ...ledgerKey.publicKey.export({ format: 'jwk' }), kty: 'EC', kid: 'ledger-1' },
          servers,
        },
      ],
    },
  })
  nonces = await openOauth({ clients: [person('app')], definition: { dpop: { requireNonce: true } } })
})

after(async () => {
  await world.stop()
  await nonces.stop()
})

interface Dressed {
  readonly at?: OauthWorld
  readonly authentication?: openid.ClientAuth
  readonly algorithm?: 'oidc' | 'oauth2'
}

async function openidFor(
  clientId: string,
  { at = world, authentication, algorithm = 'oidc' }: Dressed = {},
): Promise<openid.Configuration> {
  const fetched: openid.CustomFetch = (url, options) => localFetch(at, url, options)
  const options = { [openid.customFetch]: fetched, execute: [openid.allowInsecureRequests], algorithm }
  const found = await openid.discovery(
    new URL(at.sites.accounts),
    clientId,
    undefined,
    authentication ?? openid.ClientSecretBasic(SECRET),
    options,
  )
  found[openid.customFetch] = fetched
  return found
}

const insecure = (at: OauthWorld) =>
  ({ [oauth.customFetch]: (url: string, options: object) => localFetch(at, url, options), [oauth.allowInsecureRequests]: true }) as const

test('both libraries read both discovery documents, and find the same server', async () => {
  const issuer = new URL(world.sites.accounts)
  const found: oauth.AuthorizationServer[] = []
  for (const algorithm of ['oidc', 'oauth2'] as const) {
    found.push(await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm, ...insecure(world) })))
    const config = await openidFor('app', { authentication: openid.None(), algorithm })
    assert.equal(config.serverMetadata().token_endpoint, `${world.sites.accounts}/token`)
  }
  assert.deepEqual(found[0], found[1])
  assert.ok(found[0]?.grant_types_supported?.includes('urn:ietf:params:oauth:grant-type:token-exchange'))
})

const resources = [
  { audience: REPORTS, scope: 'reports:read', parts: 3 },
  { audience: PRINTER, scope: 'jobs:write', parts: 1 },
  { audience: LEDGER, scope: 'ledger:read', parts: 5 },
]
for (const { audience, scope, parts } of resources) {
  test(`openid-client gets a token of ${parts} parts for ${audience}, which its resource server asks about until it is ended`, async () => {
    const config = await openidFor('worker')
    const { access_token: token, scope: granted } = await openid.clientCredentialsGrant(config, { resource: audience, scope })
    assert.equal(token.split('.').length, parts)
    assert.equal(granted, scope)
    if (parts === 5) {
      const { plaintext } = await compactDecrypt(token, ledgerKey.privateKey)
      assert.equal(claimsOf(Buffer.from(plaintext).toString())['aud'], LEDGER)
    }
    const reader = await openidFor('reader')
    const known = await openid.tokenIntrospection(reader, token)
    assert.deepEqual([known.active, known.aud, known.scope, known.client_id], [true, audience, scope, 'worker'])
    await openid.tokenRevocation(config, token)
    assert.deepEqual(await openid.tokenIntrospection(reader, token), { active: false })
    const refused = openid.clientCredentialsGrant(config, { resource: 'https://nobody.example/' })
    await assert.rejects(refused, (error) => error instanceof openid.ResponseBodyError && error.error === 'invalid_target')
  })
}

test('oauth4webapi ends a token, whatever becomes of it', async () => {
  const issuer = new URL(world.sites.accounts)
  const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure(world)))
  const client = { client_id: 'worker' }
  const { access_token: token } = await openid.clientCredentialsGrant(await openidFor('worker'), { resource: REPORTS })
  for (const value of [token, token, 'what nobody has issued'])
    await oauth.processRevocationResponse(
      await oauth.revocationRequest(server, client, oauth.ClientSecretBasic(SECRET), value, insecure(world)),
    )
  const response = await oauth.introspectionRequest(
    server,
    { client_id: 'reader' },
    oauth.ClientSecretBasic(SECRET),
    token,
    insecure(world),
  )
  assert.equal((await oauth.processIntrospectionResponse(server, { client_id: 'reader' }, response)).active, false)
})

test('openid-client proves itself by a signature', async () => {
  const signer = await openidFor('signer', { authentication: openid.PrivateKeyJwt(signing.privateKey) })
  assert.equal((await openid.clientCredentialsGrant(signer, { scope: 'photos:read' })).scope, 'photos:read')
})

async function signIn(
  at: OauthWorld,
  config: openid.Configuration,
): Promise<{ location: URL; checks: openid.AuthorizationCodeGrantChecks }> {
  const pkceCodeVerifier = openid.randomPKCECodeVerifier()
  const url = openid.buildAuthorizationUrl(config, {
    redirect_uri: CALLBACK,
    scope: 'openid profile offline_access photos:read',
    code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: 'the state',
  })
  const { location, last } = await new Browser(at).authorize(url.pathname + url.search, { account: 'person-bound' })
  assert.equal(location.origin, 'https://app.example', last.body)
  return { location, checks: { pkceCodeVerifier, expectedState: 'the state', idTokenExpected: true } }
}

test('openid-client binds its tokens to a key, with the nonces that it is given (RFC 9449)', async () => {
  const config = await openidFor('app', { at: nonces, authentication: openid.None() })
  const { location, checks } = await signIn(nonces, config)
  const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'))
  const tokens = await openid.authorizationCodeGrant(config, location, checks, undefined, { DPoP })
  assert.equal(tokens.token_type, 'dpop')
  const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token ?? '', undefined, { DPoP })
  assert.notEqual(refreshed.refresh_token, tokens.refresh_token)
  assert.equal((await openid.fetchUserInfo(config, refreshed.access_token, 'person-bound', { DPoP })).name, 'Name of person-bound')
  const stranger = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'))
  await assert.rejects(openid.refreshTokenGrant(config, refreshed.refresh_token ?? '', undefined, { DPoP: stranger }))
})

test('openid-client takes no answer that does not say who answers, or says somebody else (RFC 9207)', async () => {
  const config = await openidFor('app', { authentication: openid.None() })
  const { location, checks } = await signIn(world, config)
  for (const iss of [undefined, 'https://evil.example']) {
    const mixed = new URL(location)
    mixed.searchParams.delete('iss')
    if (iss !== undefined) mixed.searchParams.set('iss', iss)
    await assert.rejects(openid.authorizationCodeGrant(config, mixed, checks), (error) => error instanceof openid.ClientError)
  }
  assert.ok((await openid.authorizationCodeGrant(config, location, checks)).access_token)
})
