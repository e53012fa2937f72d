// Every way in which a client may prove itself, at every endpoint that asks for it, and every algorithm that is offered: by each of two libraries that we
// did not write.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { calculateJwkThumbprint, type CryptoKey, decodeProtectedHeader, exportJWK, generateKeyPair } from 'jose'
import type { ClientDefinition } from '../../src/auth/clients/contract.ts'
import { PROOF_ALGORITHMS } from '#kernel/http/proof.ts'
import { SIGNING_ALGORITHMS } from '../../src/auth/keys/jwk.ts'
import { ASSERTION_ALGORITHMS } from '../../src/auth/provider/client-authentication.ts'
import { SERVICE_CERTIFICATE } from '../support/certificates.ts'
import { Browser, claimsOf, type OauthWorld, openOauth } from '../support/oauth.ts'
import { CALLBACK, person, SECRET, secretHashes } from '../support/strict-definitions.ts'
import { type Dress, OPENID_CLIENT, WEB_API, type Wish } from '../support/strict-libraries.ts'

const keys = new Map<string, CryptoKey>()
const shown = { shown: SERVICE_CERTIFICATE, isVerified: true }
/** What it is registered with, and what it comes with. */
const METHODS: readonly (Dress & { readonly authentication: NonNullable<ClientDefinition['authentication']> })[] = [
  { clientId: 'client_secret_basic', authentication: { method: 'client_secret_basic', secretHashes }, secret: SECRET },
  { clientId: 'client_secret_post', authentication: { method: 'client_secret_post', secretHashes }, secret: SECRET, posts: true },
  {
    clientId: 'tls_client_auth',
    authentication: { method: 'tls_client_auth', subject: { kind: 'dns', value: 'service.example' } },
    certificate: shown,
  },
  {
    clientId: 'self_signed_tls_client_auth',
    authentication: { method: 'self_signed_tls_client_auth', certificates: [SERVICE_CERTIFICATE.toString()] },
    certificate: { ...shown, isVerified: false },
  },
]

let world: OauthWorld

before(async () => {
  const signers: ClientDefinition[] = []
  for (const algorithm of ASSERTION_ALGORITHMS) {
    const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true })
    keys.set(algorithm, privateKey)
    const { kty = '', ...jwk } = await exportJWK(publicKey)
    signers.push(
      person(algorithm, { authentication: { method: 'private_key_jwt', keys: [{ kty, ...jwk }] }, requireSignedRequestObject: true }),
    )
  }
  world = await openOauth({
    clients: [
      ...signers,
      ...METHODS.map(({ clientId, authentication }) => person(clientId, { authentication })),
      ...SIGNING_ALGORITHMS.map((algorithm) => person(`reads-${algorithm}`, { idTokenAlgorithm: algorithm })),
    ],
    definition: { edDsa: true },
  })
})

after(() => world.stop())

for (const library of [WEB_API, OPENID_CLIENT]) {
  const wish = (what: string, more: Partial<Wish> = {}): Wish => ({
    browser: new Browser(world),
    account: `person-${what}-${library.name}`,
    redirectUri: CALLBACK,
    ...more,
  })

  describe(library.name, () => {
    /** The token endpoint, pushed requests, introspection and revocation. */
    const everywhere = async (dress: Dress, more: Partial<Wish> = {}): Promise<void> => {
      const client = await library.open(world, dress)
      const pushed = await client.signIn(wish(dress.clientId, { isPushed: true, ...more }))
      const { accessToken, claims } = await client.signIn(wish(dress.clientId, more))
      assert.deepEqual([claims['aud'], pushed.claims['aud']], [dress.clientId, dress.clientId])
      assert.equal((await client.introspect(accessToken))['active'], true)
      await client.revoke(accessToken)
      assert.deepEqual(await client.introspect(accessToken), { active: false })
      assert.equal((await client.introspect(pushed.accessToken))['active'], true)
    }

    for (const { authentication: _registered, ...dress } of METHODS)
      test(`proves itself by ${dress.clientId} wherever it is asked to`, () => everywhere(dress))

    for (const algorithm of ASSERTION_ALGORITHMS)
      test(`proves itself by private_key_jwt wherever it is asked to, and signs its requests, both with ${algorithm}`, async () => {
        const key = keys.get(algorithm) ?? assert.fail()
        await everywhere({ clientId: algorithm, key }, { signedWith: key })
      })

    for (const algorithm of SIGNING_ALGORITHMS)
      test(`checks an ID token that is signed with ${algorithm}`, async () => {
        const client = await library.open(world, { clientId: `reads-${algorithm}`, algorithm })
        const { idToken } = await client.signIn(wish(algorithm))
        assert.equal(decodeProtectedHeader(idToken).alg, algorithm)
      })

    for (const algorithm of PROOF_ALGORITHMS)
      test(`binds its tokens to a key of ${algorithm}`, async () => {
        const proofKey = await generateKeyPair(algorithm, { extractable: true })
        const client = await library.open(world, { clientId: 'reads-ES256', algorithm: 'ES256', proofKey })
        const { accessToken, claims } = await client.signIn(wish(algorithm))
        assert.deepEqual(claimsOf(accessToken)['cnf'], { jkt: await calculateJwkThumbprint(await exportJWK(proofKey.publicKey)) })
        assert.equal((await client.userinfo(accessToken, String(claims['sub'])))['sub'], claims['sub'])
      })
  })
}
