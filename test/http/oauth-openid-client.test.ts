// `openid-client`, a certified client that we did not write, over what clients may do here.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { exportJWK, generateKeyPair } from 'jose'
import * as oidc from 'openid-client'
import type { ClientDefinition } from '../../src/auth/clients/contract.ts'
import { typeCode, xsrfIn } from '../support/device.ts'
import { Browser, claimsOf, type OauthWorld, openOauth, send } from '../support/oauth.ts'
import { localFetch } from '../support/strict-client.ts'

const CALLBACK = 'https://app.example/callback'
const signing = await generateKeyPair('ES256', { extractable: true })
const third = (clientId: string, change: Partial<ClientDefinition> = {}): ClientDefinition => ({
  clientId,
  name: 'Third',
  redirectUris: [CALLBACK],
  origins: [],
  scopes: ['photos:read', 'profile'],
  postLogoutRedirectUris: ['https://app.example/bye'],
  ...change,
})

let world: OauthWorld

before(async () => {
  const keys = [{ kty: 'EC', ...(await exportJWK(signing.publicKey)) }]
  world = await openOauth({
    clients: [
      third('plain'),
      third('signer', { authentication: { method: 'private_key_jwt', keys }, requireSignedRequestObject: true }),
      third('frame', { redirectUris: [], postLogoutRedirectUris: [], grants: ['device_code'] }),
    ],
    definition: { registration: { dynamic: 'anyone' } },
  })
})

after(() => world.stop())

const fetched: oidc.CustomFetch = (url, options) => localFetch(world, url, options)

async function discover(clientId: string, authentication: oidc.ClientAuth = oidc.None()): Promise<oidc.Configuration> {
  const found = await oidc.discovery(new URL(world.sites.accounts), clientId, undefined, authentication, {
    [oidc.customFetch]: fetched,
    execute: [oidc.allowInsecureRequests],
  })
  found[oidc.customFetch] = fetched
  return found
}

const checks = async (): Promise<{ verifier: string; parameters: Record<string, string> }> => {
  const verifier = oidc.randomPKCECodeVerifier()
  const challenge = await oidc.calculatePKCECodeChallenge(verifier)
  const parameters = {
    redirect_uri: CALLBACK,
    scope: 'openid profile offline_access photos:read',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    state: 'the state',
    nonce: 'the nonce',
  }
  return { verifier, parameters }
}

async function finish(
  config: oidc.Configuration,
  url: URL,
  verifier: string,
): Promise<Awaited<ReturnType<typeof oidc.authorizationCodeGrant>>> {
  const { location, last } = await new Browser(world).authorize(url.pathname + url.search, { account: 'person-judge' })
  assert.equal(location.origin, 'https://app.example', last.body)
  const tokens = await oidc.authorizationCodeGrant(config, location, {
    pkceCodeVerifier: verifier,
    expectedState: 'the state',
    expectedNonce: 'the nonce',
    idTokenExpected: true,
  })
  assert.equal(tokens.claims()?.sub, 'person-judge')
  return tokens
}

test('openid-client signs in, refreshes, reads who it is, and signs out', async () => {
  const config = await discover('plain')
  const { verifier, parameters } = await checks()
  const tokens = await finish(config, oidc.buildAuthorizationUrl(config, parameters), verifier)
  const refreshed = await oidc.refreshTokenGrant(config, tokens.refresh_token ?? '')
  assert.notEqual(refreshed.refresh_token, tokens.refresh_token)
  assert.equal((await oidc.fetchUserInfo(config, refreshed.access_token, 'person-judge')).name, 'Name of person-judge')
  const end = oidc.buildEndSessionUrl(config, { id_token_hint: tokens.id_token ?? '', post_logout_redirect_uri: 'https://app.example/bye' })
  assert.equal((await send(world, { path: end.pathname + end.search })).headers['location'], 'https://app.example/bye')
})

test('openid-client pushes its request, with and without a signature', async () => {
  const config = await discover('plain')
  const { verifier, parameters } = await checks()
  await finish(config, await oidc.buildAuthorizationUrlWithPAR(config, parameters), verifier)
  const signer = await discover('signer', oidc.PrivateKeyJwt(signing.privateKey))
  const signed = await checks()
  await finish(signer, await oidc.buildAuthorizationUrlWithJAR(signer, signed.parameters, signing.privateKey), signed.verifier)
})

test('openid-client registers itself and signs in as what it has become', async () => {
  const metadata = { redirect_uris: [CALLBACK], client_name: 'Newcomer', token_endpoint_auth_method: 'client_secret_post' }
  const config = await oidc.dynamicClientRegistration(new URL(world.sites.accounts), metadata, oidc.ClientSecretPost(), {
    [oidc.customFetch]: fetched,
    execute: [oidc.allowInsecureRequests],
  })
  config[oidc.customFetch] = fetched
  const { verifier, parameters } = await checks()
  const tokens = await finish(config, oidc.buildAuthorizationUrl(config, parameters), verifier)
  assert.match(String(claimsOf(tokens.access_token)['client_id']), /^dyn-/)
})

test('openid-client waits for a device that somebody refuses', async () => {
  const config = await discover('frame')
  const begun = await oidc.initiateDeviceAuthorization(config, { scope: 'openid photos:read' })
  const browser = new Browser(world)
  const page = await typeCode(browser, begun.user_code)
  await browser.visit({ path: '/device', form: { xsrf: xsrfIn(page), user_code: begun.user_code, abort: 'yes' } })
  const waiting = oidc.pollDeviceAuthorizationGrant(config, { ...begun, interval: 0.01 })
  await assert.rejects(waiting, (error) => error instanceof oidc.ResponseBodyError && error.error === 'access_denied')
})
