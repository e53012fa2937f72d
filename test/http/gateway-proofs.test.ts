// Tokens that are bound to a key or to a certificate, what a refusal tells a client, and what the API says of itself.
import assert from 'node:assert/strict'
import { createHash, randomBytes, type X509Certificate } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { calculateJwkThumbprint, type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { ok, route } from '#kernel/http/route.ts'
import { z } from '#kernel/schema.ts'
import { OTHER_CERTIFICATE, SERVICE_CERTIFICATE } from '../support/certificates.ts'
import { type Answered, ask, AUDIENCE, openWorld, seconds, sites, token, type World } from './gateway-support.ts'

const UNLIMITED = { api: 'off', page: 'off', probe: 'off', token: 'off', 'sign-in': 'off', files: 'off' } as const
const URL_OF_PHOTOS = `${sites.app}/api/photos`

const key = await generateKeyPair('ES256', { extractable: true })
const other = await generateKeyPair('ES256', { extractable: true })
const jwk = await exportJWK(key.publicKey)
const jkt = await calculateJwkThumbprint(jwk)
const hash = (text: string | Buffer): string => createHash('sha256').update(text).digest('base64url')

interface Proof {
  readonly claims?: Readonly<Record<string, unknown>>
  readonly header?: Readonly<Record<string, unknown>>
  readonly signer?: CryptoKey | Uint8Array
}

function proof(value: string, { claims = {}, header = {}, signer = key.privateKey }: Proof = {}): Promise<string> {
  const usual = { jti: randomBytes(16).toString('hex'), htm: 'GET', htu: URL_OF_PHOTOS, iat: seconds(), ath: hash(value) }
  const payload = Object.fromEntries(Object.entries({ ...usual, ...claims }).filter(([, claim]) => claim !== undefined))
  return new SignJWT(payload).setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk, ...header }).sign(signer)
}

const stepUpRoute = route({
  method: 'POST',
  path: '/api/danger',
  site: 'app',
  allow: { who: 'user', stepUp: { acr: ['urn:strong', 'urn:stronger'], maxAgeSeconds: 60 } },
  rate: 'api',
  summary: 'x',
  answers: { 200: z.unknown() },
  handle: async () => ok({ done: true }),
})

describe('a token that is bound to a key', () => {
  let world: World
  before(async () => {
    world = await openWorld({ settings: { rateLimits: UNLIMITED }, routes: [stepUpRoute] })
  })
  after(() => world.stop())
  const bound = (): Promise<string> => token({ cnf: { jkt } })
  const show = (value: string, dpop: string | undefined, path = '/api/photos'): Promise<Answered> =>
    ask(world, { path, headers: { authorization: `DPoP ${value}`, ...(dpop === undefined ? {} : { dpop }) } })

  test('requirement 44: counts with a proof that is right in everything, and with no other', async () => {
    const value = await bound()
    assert.equal((await show(value, await proof(value))).status, 200)
    const privateJwk = await exportJWK(key.privateKey)
    const bad: Record<string, string | undefined> = {
      'no proof': undefined,
      'another method': await proof(value, { claims: { htm: 'POST' } }),
      'another path': await proof(value, { claims: { htu: `${sites.app}/api/other` } }),
      'another origin': await proof(value, { claims: { htu: 'https://evil.example/api/photos' } }),
      'another token': await proof(value, { claims: { ath: hash('other') } }),
      'no token': await proof(value, { claims: { ath: undefined } }),
      'no id': await proof(value, { claims: { jti: undefined } }),
      'no time': await proof(value, { claims: { iat: undefined } }),
      'an old time': await proof(value, { claims: { iat: seconds() - 90 } }),
      'a time to come': await proof(value, { claims: { iat: seconds() + 90 } }),
      'another type': await proof(value, { header: { typ: 'JWT' } }),
      'no key': await proof(value, { header: { jwk: undefined } }),
      'the private key': await proof(value, { header: { jwk: privateJwk } }),
      'another key': await proof(value, { header: { jwk: await exportJWK(other.publicKey) }, signer: other.privateKey }),
      'the signature of another key': await proof(value, { signer: other.privateKey }),
      'a symmetric algorithm': await proof(value, { header: { alg: 'HS256' }, signer: randomBytes(32) }),
      'no JWT': 'nonsense',
    }
    for (const [what, dpop] of Object.entries(bad)) {
      const answer = await show(value, dpop)
      assert.equal(answer.status, 401, what)
      assert.match(
        String(answer.headers['www-authenticate']),
        /^DPoP algs="ES256 Ed25519 EdDSA", error="(?:invalid_dpop_proof|use_dpop_nonce)"/,
        what,
      )
      assert.equal(answer.text.includes('[]'), false, what)
    }
    const withQuery = await proof(value, { claims: { htu: `${URL_OF_PHOTOS}?limit=1#x` } })
    assert.equal((await show(value, withQuery)).status, 200, 'query and fragment of htu do not count')
  })

  test('counts with a proof by Ed25519 under both of its names, and never by another kind of key under them', async () => {
    const edwards = await generateKeyPair('Ed25519', { extractable: true })
    const embedded = await exportJWK(edwards.publicKey)
    const value = await token({ cnf: { jkt: await calculateJwkThumbprint(embedded) } })
    for (const alg of ['Ed25519', 'EdDSA']) {
      const good = await proof(value, { header: { alg, jwk: embedded }, signer: edwards.privateKey })
      assert.equal((await show(value, good)).status, 200, alg)
      const crossed = await proof(value, { header: { alg, jwk }, signer: edwards.privateKey })
      assert.equal((await show(await bound(), crossed)).status, 401, alg)
    }
  })

  test('requirement 44: a proof counts once, also of ten at the same moment', async () => {
    const value = await bound()
    const dpop = await proof(value)
    const answers = await Promise.all(Array.from({ length: 10 }, () => show(value, dpop)))
    assert.equal(answers.filter(({ status }) => status === 200).length, 1)
    assert.equal(answers.filter(({ status }) => status === 401).length, 9)
  })

  test('counts not at all while nobody can tell whether its proof is new', async () => {
    const value = await bound()
    world.auth.cacheFails = true
    assert.equal((await show(value, await proof(value))).status, 503)
    world.auth.cacheFails = false
    assert.equal((await show(value, await proof(value))).status, 200)
  })

  test('requirement 45: is nothing as a bearer token, and a free one is nothing with a proof', async () => {
    const value = await bound()
    const asBearer = await ask(world, { path: '/api/photos', headers: { authorization: `Bearer ${value}`, dpop: await proof(value) } })
    assert.equal(asBearer.status, 401)
    assert.match(String(asBearer.headers['www-authenticate']), /^Bearer error="invalid_token"/)
    const free = await token()
    assert.equal((await show(free, await proof(free))).status, 401)
    const odd = await token({ cnf: { 'x5t#S512': 'x' } })
    assert.equal((await ask(world, { path: '/api/photos', headers: { authorization: `Bearer ${odd}` } })).status, 401)
  })

  test('is refused when it is revoked, by its id alone', async () => {
    const value = await token({ cnf: { jkt }, jti: 'the-one' })
    const free = await token({ jti: 'another-one' })
    assert.equal((await show(value, await proof(value))).status, 200)
    assert.equal((await ask(world, { path: '/api/photos', headers: { authorization: `Bearer ${free}` } })).status, 200)
    const further = await token({ jti: 'made-of-it', exchanged_ids: ['before-it', 'another-one'] })
    const askWith = async (bearer: string): Promise<number> =>
      (await ask(world, { path: '/api/photos', headers: { authorization: `Bearer ${bearer}` } })).status
    assert.equal(await askWith(further), 200)
    for (const subject of ['the-one', 'another-one']) world.auth.revoke({ kind: 'token', subject, before: seconds() })
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.equal((await show(value, await proof(value))).status, 401)
    assert.deepEqual([await askWith(free), await askWith(further)], [401, 401])
    assert.equal((await ask(world, { path: '/api/photos', headers: { authorization: `Bearer ${await token()}` } })).status, 200)
  })

  test('requirement 39: a refusal says what is wrong and where the API is described', async () => {
    const metadata = `resource_metadata="${sites.app}/.well-known/oauth-protected-resource/api"`
    const anonymous = await ask(world, { path: '/api/photos' })
    assert.equal(anonymous.headers['www-authenticate'], `Bearer ${metadata}, DPoP algs="ES256 Ed25519 EdDSA"`)
    const invalid = await ask(world, { path: '/api/photos', headers: { authorization: 'Bearer a.b.c' } })
    assert.equal(invalid.headers['www-authenticate'], `Bearer error="invalid_token", ${metadata}, DPoP algs="ES256 Ed25519 EdDSA"`)
    const value = await token({ scope: 'other' })
    const narrow = await ask(world, { path: '/api/photos', headers: { authorization: `Bearer ${value}` } })
    assert.equal(narrow.status, 403)
    assert.match(String(narrow.headers['www-authenticate']), /^Bearer error="insufficient_scope", scope="photos:read", resource_metadata="/)
    const algorithms = 'DPoP algs="ES256 Ed25519 EdDSA"'
    const proven = await show('a.b.c', undefined)
    assert.equal(proven.headers['www-authenticate'], `${algorithms}, error="invalid_token", ${metadata}`, 'in the scheme that was used')
    const boundNarrow = await token({ scope: 'other', cnf: { jkt } })
    const lacking = await show(boundNarrow, await proof(boundNarrow))
    assert.equal(lacking.status, 403)
    assert.equal(lacking.headers['www-authenticate'], `${algorithms}, error="insufficient_scope", scope="photos:read", ${metadata}`)
    const page = await ask(world, { path: '/private' })
    assert.equal(String(page.headers['www-authenticate']).includes('resource_metadata'), false, 'a page is no resource')
  })

  test('requirement 40: the API describes itself, to a strict client too', async () => {
    const path = '/.well-known/oauth-protected-resource/api'
    const answer = await ask(world, { path })
    assert.equal(answer.status, 200)
    assert.equal(answer.headers['access-control-allow-origin'], '*')
    assert.deepEqual(answer.json['authorization_servers'], [sites.accounts])
    const response = await oauth.resourceDiscoveryRequest(new URL(AUDIENCE), {
      [oauth.allowInsecureRequests]: true,
      [oauth.customFetch]: (url) => toWorld(world, url, {}),
    })
    const found = await oauth.processResourceDiscoveryResponse(new URL(AUDIENCE), response)
    assert.equal(found.resource, AUDIENCE)
    assert.deepEqual(found.dpop_signing_alg_values_supported, ['ES256', 'Ed25519', 'EdDSA'])
    // `openid-client` reads no such document, but learns of it from a refusal.
    const config = new openid.Configuration({ issuer: sites.accounts }, 'c')
    config[openid.customFetch] = clientFetch(world)
    openid.allowInsecureRequests(config)
    await assert.rejects(openid.fetchProtectedResource(config, 'a.b.c', new URL(URL_OF_PHOTOS), 'GET'), (error) => {
      assert.ok(error instanceof openid.WWWAuthenticateChallengeError)
      const told = error.cause.find(({ scheme }) => scheme === 'bearer')?.parameters
      assert.deepEqual([told?.error, told?.['resource_metadata']], ['invalid_token', `${sites.app}${path}`])
      return true
    })
    assert.equal((await ask(world, { path: `${path}/photos` })).status, 404)
    assert.equal((await ask(world, { path, origin: sites.console })).status, 404)
  })

  test('requirement 41: what needs a stronger or fresher sign-in says so, and takes it', async () => {
    const danger = async (claims: Record<string, unknown>): Promise<Answered> =>
      ask(world, { method: 'POST', path: '/api/danger', headers: { authorization: `Bearer ${await token(claims)}` } })
    const insufficient = [
      {},
      { acr: 'urn:weak', auth_time: seconds() },
      { auth_time: seconds() },
      { acr: 'urn:strong' },
      { acr: 'urn:strong', auth_time: seconds() - 120 },
    ]
    for (const claims of insufficient) {
      const answer = await danger(claims)
      assert.equal(answer.status, 401)
      assert.match(
        String(answer.headers['www-authenticate']),
        /^Bearer error="insufficient_user_authentication", error_description="[^"]+", acr_values="urn:strong urn:stronger", max_age="60"/,
      )
    }
    assert.equal((await danger({ acr: 'urn:stronger', auth_time: seconds() - 30 })).status, 200)
  })

  test('requirement 41: a frontend sends its person to sign in as the challenge asks', async () => {
    const query = new URLSearchParams({ return_to: '/danger', acr_values: 'urn:strong urn:stronger', max_age: '60' })
    const begun = await ask(world, { path: `/session/sign-in?${query.toString()}` })
    assert.equal(begun.status, 303)
    const asked = new URL(String(begun.headers.location)).searchParams
    assert.deepEqual([asked.get('acr_values'), asked.get('max_age')], ['urn:strong urn:stronger', '60'])
    const usual = new URL(String((await ask(world, { path: '/session/sign-in' })).headers.location)).searchParams
    assert.deepEqual([usual.get('acr_values'), usual.get('max_age')], [null, null])
    for (const bad of ['max_age=-1', 'max_age=x', 'acr_values=%0a'])
      assert.ok((await ask(world, { path: `/session/sign-in?${bad}` })).status >= 400, bad)
  })

  test('a strict client calls the API with its own proofs', async () => {
    const handle = oauth.DPoP({}, { privateKey: key.privateKey, publicKey: key.publicKey })
    const options = { DPoP: handle, [oauth.allowInsecureRequests]: true, [oauth.customFetch]: clientFetch(world) } as const
    for (let time = 0; time < 2; time += 1) {
      const response = await oauth.protectedResourceRequest(await bound(), 'GET', new URL(URL_OF_PHOTOS), new Headers(), null, options)
      assert.equal(response.status, 200)
    }
  })
})

type Fetched = { readonly method?: string; readonly headers?: Record<string, string> }

async function toWorld(world: World, url: string, { method = 'GET', headers = {} }: Fetched): Promise<Response> {
  const { pathname, search } = new URL(url)
  const answer = await ask(world, { method, path: pathname + search, headers })
  const heads = Object.entries(answer.headers).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  )
  return new Response(answer.text, { status: answer.status, headers: heads })
}

const clientFetch =
  (world: World) =>
  (url: string, { method, headers }: Fetched): Promise<Response> =>
    toWorld(world, url, { ...(method === undefined ? {} : { method }), ...(headers === undefined ? {} : { headers }) })

test('requirement 46: where nonces are required, a client is given one and takes it', async () => {
  const world = await openWorld({ settings: { rateLimits: UNLIMITED, requireProofNonce: true } })
  try {
    const value = await token({ cnf: { jkt } })
    const show = async (nonce: string | undefined, iat = seconds()): Promise<Answered> =>
      ask(world, { path: '/api/photos', headers: { authorization: `DPoP ${value}`, dpop: await proof(value, { claims: { nonce, iat } }) } })
    const first = await show(undefined)
    assert.equal(first.status, 401)
    assert.match(String(first.headers['www-authenticate']), /error="use_dpop_nonce"/)
    const nonce = String(first.headers['dpop-nonce'])
    assert.equal((await show(nonce)).status, 200)
    assert.equal((await show(nonce, seconds() - 3600)).status, 200, 'the nonce says when it was made, so a wrong clock is no matter')
    assert.equal((await show(nonce.replace(/.$/, (last) => (last === 'A' ? 'E' : 'A')))).status, 401)
    const handle = oauth.DPoP({}, { privateKey: key.privateKey, publicKey: key.publicKey })
    const options = { DPoP: handle, [oauth.allowInsecureRequests]: true, [oauth.customFetch]: clientFetch(world) } as const
    const call = () => oauth.protectedResourceRequest(value, 'GET', new URL(URL_OF_PHOTOS), new Headers(), null, options)
    await assert.rejects(call(), (error) => oauth.isDPoPNonceError(error))
    assert.equal((await call()).status, 200)
  } finally {
    await world.stop()
  }
})

describe('a token that is bound to a certificate', () => {
  test('counts on a connection with this certificate, as a named proxy says it', async () => {
    const own = SERVICE_CERTIFICATE
    const stranger = OTHER_CERTIFICATE
    const settings = { rateLimits: UNLIMITED, trustedProxies: ['127.0.0.1'], clientCertificateHeader: 'Client-Cert' }
    const world = await openWorld({ settings })
    const nobody = await openWorld({ settings: { ...settings, trustedProxies: ['192.0.2.1'] } })
    try {
      const value = await token({ cnf: { 'x5t#S256': hash(own.raw) } })
      const show = (at: World, header: string | readonly string[] | undefined): Promise<Answered> =>
        ask(at, {
          path: '/api/photos',
          headers: { authorization: `Bearer ${value}`, ...(header === undefined ? {} : { 'client-cert': header }) },
        })
      const sequence = (certificate: X509Certificate): string => `:${certificate.raw.toString('base64')}:`
      assert.equal((await show(world, sequence(own))).status, 200)
      assert.equal((await show(world, encodeURIComponent(own.toString()))).status, 200)
      assert.equal((await show(world, sequence(stranger))).status, 401)
      assert.equal((await show(world, undefined)).status, 401)
      assert.equal((await show(world, [sequence(own), sequence(own)])).status, 400)
      assert.equal((await show(world, 'nonsense')).status, 400)
      assert.equal((await show(nobody, sequence(own))).status, 401, 'a peer that nobody named is not believed')
    } finally {
      await world.stop()
      await nobody.stop()
    }
  })

  test('needs a proxy that was named', async () => {
    await assert.rejects(openWorld({ settings: { clientCertificateHeader: 'Client-Cert' } }), /trusted proxy/)
  })
})
