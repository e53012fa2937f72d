// What clients do with tokens, by each of two libraries that we did not write: proofs at the token endpoint, resources, refreshing and ending.
import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { calculateJwkThumbprint, compactDecrypt, decodeProtectedHeader, exportJWK, generateKeyPair } from 'jose'
import * as oauth from 'oauth4webapi'
import { PUBLISHED_BEFORE_USE_MS } from '../../src/auth/keys/generations.ts'
import { OTHER_CERTIFICATE, SERVICE_CERTIFICATE } from '../support/certificates.ts'
import { Browser, call, claimsOf, type OauthWorld, openOauth, send } from '../support/oauth.ts'
import { asked, made, openServices } from '../support/services.ts'
import { discoverIssuer } from '../support/strict-client.ts'
import { CALLBACK, person, SECRET, secretHashes, service } from '../support/strict-definitions.ts'
import { type Dress, OPENID_CLIENT, type StrictClient, WEB_API, type Wish } from '../support/strict-libraries.ts'
import { until } from '../support/until.ts'

const REPORTS = 'https://reports.example/'
const PRINTER = 'https://printer.example/jobs'
const LEDGER = 'https://ledger.example/'
const OFFLINE = { scope: 'openid profile offline_access photos:read reports:read' }
const thumbprint = createHash('sha256').update(SERVICE_CERTIFICATE.raw).digest('base64url')
const ledgerKey = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const proofKey = await generateKeyPair('ES256', { extractable: true })
const otherKey = await generateKeyPair('ES256', { extractable: true })
const signing = await generateKeyPair('ES256', { extractable: true })

let world: OauthWorld

before(async () => {
  const byName = { method: 'tls_client_auth', subject: { kind: 'dns', value: 'service.example' } } as const
  const pinned = { method: 'self_signed_tls_client_auth', certificates: [SERVICE_CERTIFICATE.toString()] } as const
  const keys = [{ kty: 'EC', ...(await exportJWK(signing.publicKey)) }]
  const servers = ['reader']
  const scopes = ['photos:read', 'profile', 'reports:read']
  world = await openOauth({
    clients: [
      person('app', { scopes }),
      person('reminded', { scopes, idTokenAtRefresh: true }),
      person('poster', { scopes, authentication: { method: 'client_secret_post', secretHashes } }),
      person('named', { scopes, authentication: byName, boundTokens: 'mtls' }),
      person('pinned', { scopes, authentication: pinned, boundTokens: 'mtls' }),
      person('pusher', { scopes, authentication: { method: 'private_key_jwt', keys }, requirePushedAuthorizationRequests: true }),
      service('worker', { scopes: ['photos:read', 'reports:read', 'jobs:write', 'ledger:read'] }),
      service('reader', { scopes: [] }),
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
})

after(() => world.stop())

/** What a resource server makes of a token that is shown to it, by the library that has a word for this. */
async function shownTo(audience: string, token: string, headers: Record<string, string> = {}): Promise<Readonly<Record<string, unknown>>> {
  const { server, insecure } = await discoverIssuer(world)
  const request = new Request(audience, { headers: { authorization: `Bearer ${token}`, ...headers } })
  return oauth.validateJwtAccessToken(server, request, audience, insecure)
}

const keySetNow = async (): Promise<oauth.JWKS> => JSON.parse((await send(world, { path: '/jwks' })).body)
const seconds = (): number => Math.floor(Date.now() / 1000)

for (const library of [WEB_API, OPENID_CLIENT]) {
  const { isAnswer, isOwn, isChallenge } = library.refusals
  const account = (what: string): string => `person-${what}-${library.name}`
  const open = (dress: Dress, at = world): Promise<StrictClient> => library.open(at, dress)
  const wish = (what: string, more: Partial<Wish> = {}): Wish => ({
    browser: new Browser(world),
    account: account(what),
    redirectUri: CALLBACK,
    ...more,
  })

  describe(library.name, () => {
    test('proves itself by a secret in the form, and is not known by it in the header', async () => {
      const client = await open({ clientId: 'poster', secret: SECRET, posts: true })
      const { refreshToken, claims } = await client.signIn(wish('poster', { parameters: OFFLINE }))
      assert.equal(claims['aud'], 'poster')
      assert.equal(claimsOf((await client.refresh(refreshToken)).accessToken)['sub'], account('poster'))
      const inHeader = await open({ clientId: 'poster', secret: SECRET })
      await assert.rejects(inHeader.signIn(wish('poster')), isChallenge)
      const guessed = await open({ clientId: 'poster', secret: `${SECRET}x`, posts: true })
      await assert.rejects(guessed.signIn(wish('poster')), (error) => isAnswer(error, 'invalid_client'))
    })

    for (const { audience, scope, parts } of [
      { audience: REPORTS, scope: 'reports:read', parts: 3 },
      { audience: PRINTER, scope: 'jobs:write', parts: 1 },
      { audience: LEDGER, scope: 'ledger:read', parts: 5 },
    ]) {
      test(`shows a token of ${parts} parts to its resource (RFC 8707), whose server asks about it until it is ended`, async () => {
        const worker = await open({ clientId: 'worker', secret: SECRET })
        const reader = await open({ clientId: 'reader', secret: SECRET })
        const token = await worker.credentials({ resource: audience, scope })
        assert.equal(token.split('.').length, parts)
        if (parts > 1) {
          const inside = parts === 3 ? token : Buffer.from((await compactDecrypt(token, ledgerKey.privateKey)).plaintext).toString()
          const { sub, scope: told } = await shownTo(audience, inside)
          assert.deepEqual([sub, told], ['client:worker', scope])
          await assert.rejects(shownTo(audience === REPORTS ? LEDGER : REPORTS, inside))
        }
        const known = await reader.introspect(token)
        assert.deepEqual(
          [known['active'], known['aud'], known['scope'], known['client_id'], known['token_type']],
          [true, audience, scope, 'worker', 'Bearer'],
        )
        await worker.revoke(token)
        assert.deepEqual(await reader.introspect(token), { active: false })
        await worker.revoke(token)
        await assert.rejects(worker.credentials({ resource: 'https://nobody.example/' }), (error) => isAnswer(error, 'invalid_target'))
      })
    }

    test('refreshes for the resource that it names among those allowed (RFC 8707), with an ID token of the same sign-in where it gets one', async () => {
      const client = await open({ clientId: 'reminded' })
      const api = `${world.sites.app}/api`
      const first = await client.signIn(wish('narrow', { parameters: OFFLINE, resources: [api, REPORTS] }))
      assert.equal(claimsOf(first.accessToken)['aud'], api)
      const other = await client.refresh(first.refreshToken, { resource: REPORTS })
      assert.deepEqual([claimsOf(other.accessToken)['aud'], claimsOf(other.accessToken)['scope']], [REPORTS, 'reports:read'])
      assert.equal((await shownTo(REPORTS, other.accessToken))['sub'], account('narrow'))
      for (const name of ['iss', 'sub', 'aud', 'sid', 'auth_time', 'acr']) assert.deepEqual(other.claims?.[name], first.claims[name], name)
      assert.ok(Number(other.claims?.['iat']) >= Number(first.claims['iat']))
      const back = await client.refresh(other.refreshToken, { resource: api })
      assert.equal(claimsOf(back.accessToken)['aud'], api)
      await assert.rejects(client.refresh(back.refreshToken, { resource: PRINTER }), (error) => isAnswer(error, 'invalid_target'))
      assert.equal((await client.userinfo(back.accessToken, account('narrow')))['name'], `Name of ${account('narrow')}`)
      await assert.rejects(client.userinfo(back.accessToken, 'person-else'), isOwn)
      const usual = await open({ clientId: 'app' })
      const { refreshToken } = await usual.signIn(wish('narrow', { parameters: OFFLINE }))
      assert.equal((await usual.refresh(refreshToken)).claims, undefined)
    })

    test('ends a refresh token, with which nothing works any more that came of it', async () => {
      const client = await open({ clientId: 'app' })
      const { accessToken, refreshToken } = await client.signIn(wish('ended', { parameters: OFFLINE }))
      await client.revoke(refreshToken)
      await assert.rejects(client.refresh(refreshToken), (error) => isAnswer(error, 'invalid_grant'))
      await assert.rejects(client.userinfo(accessToken, account('ended')), isChallenge)
      await client.revoke(refreshToken)
    })

    test('names its proof key at the authorization request (RFC 9449), pushed or not: the code is for that key', async () => {
      const jkt = await calculateJwkThumbprint(await exportJWK(proofKey.publicKey))
      const app = await open({ clientId: 'app', proofKey })
      const pusher = { clientId: 'pusher', key: signing.privateKey }
      const bound = [
        await app.signIn(wish('jkt', { parameters: OFFLINE, namesProofKey: true })),
        await (await open({ ...pusher, proofKey })).signIn(wish('jkt', { isPushed: true, namesProofKey: true })),
      ]
      for (const { accessToken } of bound) assert.deepEqual(claimsOf(accessToken)['cnf'], { jkt })
      const url = `${world.sites.accounts}/userinfo`
      assert.equal((await app.ask(bound[0]?.accessToken ?? '', { method: 'GET', url })).status, 200)
      const strange = await open({ clientId: 'app', proofKey: otherKey })
      await assert.rejects(strange.ask(bound[0]?.accessToken ?? '', { method: 'GET', url }), isChallenge)
      const refused = strange.signIn(wish('jkt', { parameters: { dpop_jkt: jkt } }))
      await assert.rejects(refused, (error) => isAnswer(error, 'invalid_grant'))
      assert.deepEqual(claimsOf((await app.refresh(bound[0]?.refreshToken ?? '')).accessToken)['cnf'], { jkt })
    })

    test('pushes its request (RFC 9126), signed or not, and gets nothing where it must and does not', async () => {
      const client = await open({ clientId: 'pusher', key: signing.privateKey })
      assert.equal((await client.signIn(wish('pushed', { isPushed: true }))).claims['sub'], account('pushed'))
      assert.equal((await client.signIn(wish('pushed', { isPushed: true, signedWith: signing.privateKey }))).claims['aud'], 'pusher')
      await assert.rejects(client.signIn(wish('pushed')), (error) => isAnswer(error, 'invalid_request'))
    })

    test('takes no answer that does not say who answers, or says somebody else (RFC 9207), and reads one from a fragment', async () => {
      const client = await open({ clientId: 'app' })
      for (const iss of [undefined, 'https://evil.example']) {
        const answered = (location: URL): URL => {
          location.searchParams.delete('iss')
          if (iss !== undefined) location.searchParams.set('iss', iss)
          return location
        }
        await assert.rejects(client.signIn(wish('mixed', { answered })), isOwn)
      }
      // Both read a query alone; a page hands them what it finds.
      const answered = (location: URL): URL => {
        assert.equal(location.search, '')
        return new URL(`?${location.hash.slice(1)}`, location.href.split('#')[0])
      }
      const signedIn = await client.signIn(wish('mixed', { parameters: { response_mode: 'fragment' }, answered }))
      assert.equal(signedIn.claims['sub'], account('mixed'))
    })

    for (const [clientId, isVerified] of [
      ['named', true],
      ['pinned', false],
    ] as const) {
      test(`signs a person in, proven by a certificate that ${isVerified ? 'an authority has issued' : 'it has made itself'}, which all tokens are bound to`, async () => {
        const what = `mtls-${clientId}`
        const client = await open({ clientId, certificate: { shown: SERVICE_CERTIFICATE, isVerified } })
        const first = await client.signIn(wish(what, { parameters: OFFLINE }))
        const later = await client.refresh(first.refreshToken)
        for (const { accessToken } of [first, later]) assert.deepEqual(claimsOf(accessToken)['cnf'], { 'x5t#S256': thumbprint })
        assert.equal((await client.userinfo(later.accessToken, account(what)))['sub'], account(what))
        const strange = await open({ clientId, certificate: { shown: OTHER_CERTIFICATE, isVerified: true } })
        await assert.rejects(strange.signIn(wish(what)), (error) => isAnswer(error, 'invalid_client'))
        await assert.rejects(strange.refresh(later.refreshToken), (error) => isAnswer(error, 'invalid_client'))
        for (const other of [strange, await open({ clientId: 'app' })])
          await assert.rejects(other.userinfo(later.accessToken, account(what)), isChallenge)
        assert.equal(claimsOf((await client.refresh(later.refreshToken)).accessToken)['sub'], account(what))
      })
    }

    test('is a service account, by its secret and by its key', async () => {
      const services = await openServices()
      try {
        const { part, owner } = services
        const own = await part.services.ownerOf(asked, await owner('Strict'))
        const { service: one, secret = '' } = await part.services.create(asked, own, made)
        const bySecret = await open({ clientId: one.clientId, secret }, services.world)
        const token = await bySecret.credentials({ scope: 'photos:read' })
        const { sub, organization } = claimsOf(token)
        assert.deepEqual([sub, organization], [`client:${one.clientId}`, { id: own.organisationId, roles: ['editor'] }])
        assert.equal((await bySecret.introspect(token))['active'], true)
        await part.services.useKey(asked, own, { clientId: one.clientId, key: JSON.stringify(await exportJWK(signing.publicKey)) })
        const byKey = await open({ clientId: one.clientId, key: signing.privateKey }, services.world)
        assert.equal(claimsOf(await byKey.credentials({ scope: 'photos:read' }))['sub'], sub)
        assert.ok(await bySecret.credentials({}), 'the one before is good for a while')
        await part.services.endEarlier(asked, own, one.clientId)
        await assert.rejects(bySecret.credentials({}), isChallenge)
      } finally {
        await services.stop()
      }
    })
  })
}

/** Last, since all that is signed afterwards is so with other keys. */
describe('when the signing keys change', () => {
  test('both libraries check what the next key has signed, with the key set of while it was announced and, when that is old, a fresh one', async () => {
    const former = await keySetNow()
    await world.server.signingKeys.rotate(call, { now: false })
    // Of each algorithm, which come one after the other.
    await until('the next keys are published', async () => (await keySetNow()).keys.length === 2 * former.keys.length)
    const announced = await keySetNow()
    world.advance(PUBLISHED_BEFORE_USE_MS)
    const isFormer = (kid: string | undefined): boolean => former.keys.some((key) => key.kid === kid)
    await until('the next keys sign', async () => !isFormer((await keySetNow()).keys[0]?.kid))
    for (const library of [WEB_API, OPENID_CLIENT]) {
      const { isOwn } = library.refusals
      const paths: string[] = []
      const account = `person-rotated-${library.name}`
      const signIn = async (jwks: oauth.JWKS, ageSeconds: number): Promise<string> => {
        paths.length = 0
        const keySet = { jwks, uat: seconds() - ageSeconds }
        const client = await library.open(world, { clientId: 'app', keySet, noted: (path) => paths.push(path) })
        const { idToken, claims } = await client.signIn({ browser: new Browser(world), account, redirectUri: CALLBACK })
        assert.equal(claims['sub'], account)
        return idToken
      }
      assert.ok(!isFormer(decodeProtectedHeader(await signIn(announced, 0)).kid), library.name)
      assert.equal(paths.includes('/jwks'), false, `${library.name} had the key already`)
      await signIn(former, 61)
      assert.equal(paths.filter((path) => path === '/jwks').length, 1, `${library.name} looks once more`)
      // What no key set of ours holds is checked by none.
      await assert.rejects(signIn({ keys: former.keys }, 0), isOwn)
    }
  })
})
