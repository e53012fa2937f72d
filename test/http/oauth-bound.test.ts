// Proofs of possession and pushed requests at the authorization server.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'
import { calculateJwkThumbprint, type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import type { ClientDefinition } from '../../src/auth/clients/contract.ts'
import {
  authorizePath,
  Browser,
  claimsOf,
  codeFor,
  errorOf,
  type OauthWorld,
  openOauth,
  PRINT_SHOP,
  pkce,
  type Reply,
  send,
} from '../support/oauth.ts'
import { discoverIssuer, localFetch } from '../support/strict-client.ts'
import { toldBy } from '../support/told.ts'
import { until } from '../support/until.ts'

const SECRET = 'secret-of-a-client-with-enough-characters'
const PUSHER: ClientDefinition = {
  clientId: 'pusher',
  name: 'Pusher',
  redirectUris: ['https://pusher.example/callback'],
  origins: [],
  scopes: ['photos:read'],
  authentication: { method: 'client_secret_basic', secretHashes: [createHash('sha256').update(SECRET).digest('base64url')] },
  requirePushedAuthorizationRequests: true,
}

let world: OauthWorld
let strict: OauthWorld
const key = await generateKeyPair('ES256', { extractable: true })
const other = await generateKeyPair('ES256', { extractable: true })

before(async () => {
  world = await openOauth({ clients: [PUSHER] })
  strict = await openOauth({ definition: { dpop: { requireNonce: true } } })
})

after(async () => {
  await world.stop()
  await strict.stop()
})

interface Wanted {
  readonly at?: OauthWorld
  readonly path?: string
  readonly claims?: Readonly<Record<string, unknown>>
  readonly signer?: CryptoKey | Uint8Array
  readonly jwk?: JWK
  readonly header?: Readonly<Record<string, unknown>>
}

async function proof({
  at = world,
  path = '/token',
  claims = {},
  signer = key.privateKey,
  jwk,
  header: more = {},
}: Wanted = {}): Promise<string> {
  const usual = { jti: crypto.randomUUID(), htm: 'POST', htu: `${at.sites.accounts}${path}`, iat: Math.floor(Date.now() / 1000) }
  const payload = Object.fromEntries(Object.entries({ ...usual, ...claims }).filter(([, claim]) => claim !== undefined))
  const header = { alg: 'ES256', typ: 'dpop+jwt', jwk: jwk ?? (await exportJWK(key.publicKey)), ...more }
  return new SignJWT(payload).setProtectedHeader(header).sign(signer)
}

const redeem = async (form: Record<string, string>, dpop: string, at = world): Promise<Reply> =>
  send(at, { path: '/token', form, headers: { dpop } })

test('requirement 44: the token endpoint takes a proof that is right in everything, once', async () => {
  const form = await codeFor(new Browser(world), { account: 'person-proof' })
  const wrong: Record<string, Wanted> = {
    'another method': { claims: { htm: 'GET' } },
    'another address': { claims: { htu: `${world.sites.accounts}/par` } },
    'another server': { claims: { htu: 'https://evil.example/token' } },
    'an old time': { claims: { iat: Math.floor(Date.now() / 1000) - 3600 } },
    'a time to come': { claims: { iat: Math.floor(Date.now() / 1000) + 3600 } },
    'no time': { claims: { iat: undefined } },
    'no id': { claims: { jti: undefined } },
    'another type': { header: { typ: 'JWT' } },
    'a symmetric algorithm': { header: { alg: 'HS256' }, signer: Buffer.alloc(32, 1) },
    'no key': { header: { jwk: undefined } },
    'the private key': { jwk: await exportJWK(key.privateKey) },
    'the signature of another key': { signer: other.privateKey },
  }
  for (const [what, wanted] of Object.entries(wrong)) {
    const reply = await redeem(form, await proof(wanted))
    assert.equal(reply.status, 400, what)
    assert.match(errorOf(reply), /^(?:invalid_dpop_proof|use_dpop_nonce)$/, what)
  }
  const good = await proof()
  const reply = await redeem(form, good)
  assert.equal(reply.status, 200, 'a wrong proof has not used the code up')
  const tokens = JSON.parse(reply.body)
  assert.equal(tokens.token_type, 'DPoP')
  assert.deepEqual(claimsOf(tokens.access_token)['cnf'], { jkt: await calculateJwkThumbprint(await exportJWK(key.publicKey)) })
  const refreshing = { grant_type: 'refresh_token', client_id: PRINT_SHOP.clientId, refresh_token: tokens.refresh_token }
  const again = await Promise.all(Array.from({ length: 5 }, () => redeem(refreshing, good)))
  assert.deepEqual(
    again.map(({ status }) => status),
    [400, 400, 400, 400, 400],
  )
  const stranger = await proof({ signer: other.privateKey, jwk: await exportJWK(other.publicKey) })
  assert.equal((await redeem(refreshing, stranger)).status, 400, 'the refresh token is bound to the key, too')
  assert.equal((await redeem(refreshing, await proof())).status, 200)
})

test('requirement 44: of ten that show one proof at once one gets tokens', async () => {
  const dpop = await proof()
  const forms = await Promise.all(Array.from({ length: 10 }, () => codeFor(new Browser(world), { account: 'person-one-proof' })))
  const replies = await Promise.all(forms.map((form) => redeem(form, dpop)))
  assert.equal(replies.filter(({ status }) => status === 200).length, 1)
  assert.equal(replies.filter(({ status }) => status === 400).length, 9)
  assert.equal(replies.filter(({ body }) => body.includes('access_token')).length, 1)
})

test('requirement 29: a bound refresh token whose answer was lost leads to what counts for a moment, with its key alone; without it nothing ends', async () => {
  const stranger = (): Promise<string> => exportJWK(other.publicKey).then((jwk) => proof({ signer: other.privateKey, jwk }))
  const first = JSON.parse((await redeem(await codeFor(new Browser(world), { account: 'person-bound' }), await proof())).body)
  const formOf = (token: string) => ({ grant_type: 'refresh_token', client_id: PRINT_SHOP.clientId, refresh_token: token })
  const { events } = toldBy(world.database)
  let current = String(first.refresh_token)
  for (let time = 0; time < 3; time += 1) {
    const reply = await redeem(formOf(current), await proof())
    assert.equal(reply.status, 200, reply.body)
    const used = current
    current = JSON.parse(reply.body).refresh_token
    assert.equal(errorOf(await redeem(formOf(used), await stranger())), 'invalid_grant')
    assert.equal(errorOf(await send(world, { path: '/token', form: formOf(used) })), 'invalid_grant')
    const again = JSON.parse((await redeem(formOf(used), await proof())).body)
    assert.equal(again.refresh_token, current, 'one chain, never a branch')
    assert.equal(again.token_type, 'DPoP')
  }
  const noted = await until('the notes', () => {
    const found = events.filter(({ type }) => type === 'refresh.reuse_in_grace')
    return found.length >= 3 && found
  })
  assert.equal(noted.length, 3, 'who has no key is not noted')
  const used = current
  const last = await redeem(formOf(current), await proof())
  assert.equal(last.status, 200, 'the family goes on')
  world.advance(10_001)
  assert.equal(errorOf(await redeem(formOf(used), await stranger())), 'invalid_grant')
  assert.equal(
    (await redeem(formOf(JSON.parse(last.body).refresh_token), await proof())).status,
    200,
    'a value without its key ends nothing',
  )
  assert.equal(errorOf(await redeem(formOf(used), await proof())), 'invalid_grant', 'after the grace')
  assert.equal(errorOf(await redeem(formOf(JSON.parse(last.body).refresh_token), await proof())), 'invalid_grant', 'it has ended')
})

test('requirement 45: userinfo takes a bound token with its key alone', async () => {
  const { access_token: token } = JSON.parse(
    (await redeem(await codeFor(new Browser(world), { account: 'person-info' }), await proof())).body,
  )
  const ath = createHash('sha256').update(token).digest('base64url')
  const ask = async (authorization: string, claims?: Record<string, unknown>): Promise<Reply> =>
    send(world, {
      path: '/userinfo',
      headers: {
        authorization,
        ...(claims === undefined ? {} : { dpop: await proof({ path: '/userinfo', claims: { htm: 'GET', ath, ...claims } }) }),
      },
    })
  assert.equal((await ask(`Bearer ${token}`)).status, 401)
  assert.equal((await ask(`Bearer ${token}`, {})).status, 401)
  assert.equal((await ask(`DPoP ${token}`)).status, 401)
  assert.equal((await ask(`DPoP ${token}`, { ath: 'x' })).status, 401)
  assert.equal((await ask(`DPoP ${token}`, { htm: 'POST' })).status, 401)
  const good = await ask(`DPoP ${token}`, {})
  assert.equal(good.status, 200)
  assert.equal(JSON.parse(good.body).sub, 'person-info')
})

test('requirement 46: where nonces are required the token endpoint gives one, and takes nothing without', async () => {
  const form = await codeFor(new Browser(strict), { account: 'person-nonce' })
  const first = await redeem(form, await proof({ at: strict }), strict)
  assert.deepEqual([first.status, errorOf(first)], [400, 'use_dpop_nonce'])
  const nonce = String(first.headers['dpop-nonce'])
  const forged = await redeem(form, await proof({ at: strict, claims: { nonce: `${nonce.slice(0, -2)}xx` } }), strict)
  assert.equal(errorOf(forged), 'use_dpop_nonce')
  assert.equal((await redeem(form, await proof({ at: strict, claims: { nonce } }), strict)).status, 200)
})

test('requirement 46: a nonce is good at every endpoint, since clients keep one for each origin (RFC 9449 section 8.2)', async () => {
  const nonceOf = ({ headers }: Reply): string => String(headers['dpop-nonce'])
  const asked = await redeem(await codeFor(new Browser(strict), { account: 'person-either' }), await proof({ at: strict }), strict)
  const fromToken = nonceOf(asked)
  const form = await codeFor(new Browser(strict), { account: 'person-either' })
  const redeemed = await redeem(form, await proof({ at: strict, claims: { nonce: fromToken } }), strict)
  const { access_token: token } = JSON.parse(redeemed.body)
  const ath = createHash('sha256').update(token).digest('base64url')
  const who = async (nonce: string | undefined): Promise<Reply> => {
    const dpop = await proof({ at: strict, path: '/userinfo', claims: { htm: 'GET', ath, nonce } })
    return send(strict, { path: '/userinfo', headers: { authorization: `DPoP ${token}`, dpop } })
  }
  assert.equal((await who(fromToken)).status, 200)
  assert.equal((await who(`${fromToken.slice(0, -2)}xx`)).status, 401)
  const fromUserinfo = nonceOf(await who(undefined))
  const next = await codeFor(new Browser(strict), { account: 'person-either' })
  assert.equal((await redeem(next, await proof({ at: strict, claims: { nonce: fromUserinfo } }), strict)).status, 200)
})

test('requirement 46: a code is bound to the key that the request has named', async () => {
  const jkt = await calculateJwkThumbprint(await exportJWK(key.publicKey))
  const form = await codeFor(new Browser(world), { account: 'person-jkt', extra: { dpop_jkt: jkt } })
  assert.equal(errorOf(await send(world, { path: '/token', form })), 'invalid_grant')
  const second = await codeFor(new Browser(world), { account: 'person-jkt', extra: { dpop_jkt: jkt } })
  const stranger = await proof({ signer: other.privateKey, jwk: await exportJWK(other.publicKey) })
  assert.equal(errorOf(await redeem(second, stranger)), 'invalid_grant')
  assert.equal((await redeem(second, await proof())).status, 200, 'whoever has the key is not shut out by one who has not')
  const third = await codeFor(new Browser(world), { account: 'person-jkt', extra: { dpop_jkt: jkt } })
  for (let time = 0; time < 5; time += 1) {
    const guess = await proof({ signer: other.privateKey, jwk: await exportJWK(other.publicKey) })
    assert.equal(errorOf(await redeem(third, guess)), 'invalid_grant')
  }
  assert.equal(errorOf(await redeem(third, await proof())), 'invalid_grant', 'it bears a few wrong tries only')
})

const basic = { authorization: `Basic ${Buffer.from(`pusher:${SECRET}`).toString('base64')}` }

function pushed(challenge: string, extra: Record<string, string> = {}): Record<string, string> {
  const query = new URLSearchParams(authorizePath(challenge).split('?')[1])
  return {
    ...Object.fromEntries(query),
    client_id: 'pusher',
    redirect_uri: 'https://pusher.example/callback',
    scope: 'openid photos:read',
    ...extra,
  }
}

const through = (clientId: string, requestUri: string): string =>
  `/authorize?${new URLSearchParams({ client_id: clientId, request_uri: requestUri }).toString()}`

test('requirement 47: a pushed request needs the client, lives a minute, and is the client s alone', async () => {
  const form = pushed(pkce().challenge)
  const anonymous = await send(world, { path: '/par', form })
  assert.deepEqual([anonymous.status, errorOf(anonymous)], [401, 'invalid_client'])
  const nested = await send(world, { path: '/par', form: { ...form, request_uri: 'urn:ietf:params:oauth:request_uri:x' }, headers: basic })
  assert.equal(nested.status, 400)
  const reply = await send(world, { path: '/par', form, headers: basic })
  assert.equal(reply.status, 201)
  const { request_uri: requestUri, expires_in: seconds } = JSON.parse(reply.body)
  assert.ok(seconds > 0 && seconds <= 60)
  const stolen = await send(world, { path: through(PRINT_SHOP.clientId, requestUri) })
  assert.equal(stolen.status, 400)
  assert.equal(stolen.headers['location'], undefined)
  const { location } = await new Browser(world).authorize(through('pusher', requestUri), { account: 'person-push' })
  assert.ok(location.searchParams.get('code'), location.href)
  const late = JSON.parse((await send(world, { path: '/par', form, headers: basic })).body).request_uri
  world.advance(61_000)
  const expired = await send(world, { path: through('pusher', late) })
  world.advance(-61_000)
  assert.equal(expired.status, 400)
})

test('requirement 47: a client that must push cannot do without', async () => {
  const query = new URLSearchParams(pushed(pkce().challenge)).toString()
  const reply = await send(world, { path: `/authorize?${query}` })
  const said = typeof reply.headers['location'] === 'string' ? reply.headers['location'] : reply.body
  assert.match(said, /invalid_request/)
  assert.doesNotMatch(said, /interaction/)
})

test('requirement 47: strict clients push, and sign a person in with what they have pushed', async () => {
  const { server, insecure } = await discoverIssuer(world)
  const configuration = new openid.Configuration(server, 'pusher', {}, openid.ClientSecretBasic(SECRET))
  configuration[openid.customFetch] = (url, options) => localFetch(world, url, { ...options, headers: options.headers, body: options.body })
  openid.allowInsecureRequests(configuration)
  const { verifier, challenge } = pkce()
  const parameters = {
    redirect_uri: 'https://pusher.example/callback',
    scope: 'openid photos:read',
    code_challenge: challenge,
    code_challenge_method: 'S256',
  }
  const url = await openid.buildAuthorizationUrlWithPAR(configuration, parameters)
  const { location } = await new Browser(world).authorize(url.pathname + url.search, { account: 'person-openid' })
  const tokens = await openid.authorizationCodeGrant(configuration, location, { pkceCodeVerifier: verifier, idTokenExpected: true })
  assert.equal(tokens.claims()?.sub, 'person-openid')
  const response = await oauth.pushedAuthorizationRequest(
    server,
    { client_id: 'pusher' },
    oauth.ClientSecretBasic(SECRET),
    pushed(challenge),
    insecure,
  )
  const answer = await oauth.processPushedAuthorizationResponse(server, { client_id: 'pusher' }, response)
  assert.match(answer.request_uri, /^urn:ietf:params:oauth:request_uri:/)
})
