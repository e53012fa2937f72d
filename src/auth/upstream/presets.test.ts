// What the well-known providers say, and how much of it is believed.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { jwtVerify } from 'jose'
import type { UpstreamDefinition } from './contract.ts'
import { upstreamDefinitions } from './definition.ts'
import { upstreamOf } from './presets.ts'
import type { Claimed, Claims } from './provider.ts'
import { signedSecret, signingKey } from './relying-party.ts'

function identify(definition: UpstreamDefinition, claims: Claims, further: Claims = {}): Claimed | string {
  const { protocol } = upstreamOf(definition, { secret: 'secret', development: false })
  if (protocol.kind !== 'openid') throw new TypeError('not OpenID')
  return protocol.identify(claims, further)
}

const isVerified = (claimed: Claimed | string): boolean => typeof claimed === 'object' && claimed.emailVerified

test('requirement 71: Google is believed for its own addresses alone', () => {
  const google = { kind: 'google', clientId: 'c' } as const
  const said = { iss: 'https://accounts.google.com', sub: '1', email: 'ada@gmail.com', email_verified: true }
  assert.ok(isVerified(identify(google, said)))
  assert.ok(isVerified(identify(google, { ...said, email: 'ada@corp.example', hd: 'corp.example' })))
  assert.equal(
    isVerified(identify(google, { ...said, email: 'ada@elsewhere.example' })),
    false,
    "its mailbox may be another person's by now",
  )
  assert.equal(isVerified(identify(google, { ...said, email_verified: 'true' })), false)
  const own = { ...google, hostedDomain: 'corp.example' }
  assert.equal(typeof identify(own, said), 'string')
  assert.equal(typeof identify(own, { ...said, hd: 'evil.example' }), 'string')
  assert.equal(typeof identify(own, { ...said, hd: 'corp.example' }), 'object')
})

test('requirement 71: one tenant of Microsoft does not speak for another, nor for an address that is not its own', () => {
  const tenant = '11111111-2222-3333-4444-555555555555'
  const other = '99999999-2222-3333-4444-555555555555'
  const consumers = '9188040d-6c67-4c5b-b112-36a304b66dad'
  const said = (tid: string, more: Claims = {}): Claims => ({
    iss: `https://login.microsoftonline.com/${tid}/v2.0`,
    tid,
    sub: '1',
    email: 'ada@corp.example',
    ...more,
  })
  const microsoft = (tenants: readonly string[] | 'organizations' | 'consumers' | 'common') =>
    ({ kind: 'microsoft', clientId: 'c', tenants }) as const
  const comes = (tenants: Parameters<typeof microsoft>[0], claims: Claims): boolean =>
    typeof identify(microsoft(tenants), claims) === 'object'
  assert.ok(comes([tenant], said(tenant)) && comes([tenant, other], said(other)) && comes('common', said(consumers)))
  assert.ok(!comes([tenant], said(other)) && !comes('organizations', said(consumers)) && !comes('consumers', said(tenant)))
  assert.ok(!comes('common', { ...said(tenant), tid: other }), 'the issuer and the tenant are one')
  assert.ok(!comes('common', { ...said(tenant), tid: undefined }))
  assert.equal(isVerified(identify(microsoft('common'), said(tenant))), false)
  assert.equal(isVerified(identify(microsoft('common'), said(tenant, { email_verified: true }))), false, 'it has no such claim')
  for (const edov of [true, '1', 1]) assert.ok(isVerified(identify(microsoft('common'), said(tenant, { xms_edov: edov }))))
  for (const edov of [false, '0', 0, 'yes', {}])
    assert.equal(isVerified(identify(microsoft('common'), said(tenant, { xms_edov: edov }))), false)
})

test('Apple says it in words, and its client secret is signed for five minutes', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
  const apple = { kind: 'apple', clientId: 'org.example.web', teamId: 'TEAM', keyId: 'KEY' } as const
  const said = { iss: 'https://appleid.apple.com', sub: '1', email: 'x@privaterelay.appleid.com', email_verified: 'true' }
  assert.ok(isVerified(identify(apple, said)))
  assert.equal(isVerified(identify(apple, { ...said, email_verified: 'false' })), false)
  const now = Date.now()
  const secret = await signedSecret(
    { kind: 'signed_secret', privateKey: pem, keyId: 'KEY', teamId: 'TEAM' },
    { clientId: 'org.example.web', now },
  )
  const { payload, protectedHeader } = await jwtVerify(secret, publicKey, {
    audience: 'https://appleid.apple.com',
    issuer: 'TEAM',
    subject: 'org.example.web',
  })
  assert.deepEqual([protectedHeader.alg, protectedHeader.kid, (payload.exp ?? 0) - (payload.iat ?? 0)], ['ES256', 'KEY', 300])
  assert.equal(signingKey(pem).type, 'private')
  assert.throws(() => signingKey('-----BEGIN PRIVATE KEY-----\nnone\n-----END PRIVATE KEY-----'))
})

test('a provider whose word on addresses does not count is never believed, and a missing address is asked for once more', () => {
  const club = { kind: 'openid', id: 'club', name: 'Club', issuer: 'https://club.example', clientId: 'c' } as const
  const said = { iss: 'https://club.example', sub: '1' }
  const further = { sub: '1', iss: 'https://evil.example', email: 'ada@example.org', email_verified: true }
  const found = identify(club, said, further)
  assert.ok(isVerified(found))
  assert.equal(typeof found === 'object' && found.issuer, 'https://club.example', 'who it is, the signed token says')
  assert.equal(isVerified(identify({ ...club, trustsEmail: false }, said, further)), false)
  assert.equal(isVerified(identify(club, { ...said, email: 'eve@example.org' }, further)), false)
})

test('a definition that cannot be meant is refused', () => {
  const wrong: readonly unknown[] = [
    { kind: 'google' },
    { kind: 'myspace', clientId: 'c' },
    { kind: 'openid', clientId: 'c', issuer: 'https://a.example' },
    { kind: 'openid', id: 'a', name: 'A', clientId: 'c', issuer: 'a.example' },
    { kind: 'openid', id: 'A b', name: 'A', clientId: 'c', issuer: 'https://a.example' },
    { kind: 'microsoft', clientId: 'c', tenants: ['corp.example'] },
    { kind: 'google', clientId: 'c', secret: 's' },
  ]
  for (const one of wrong) assert.equal(upstreamDefinitions.safeParse([one]).success, false, JSON.stringify(one))
  const google = { kind: 'google', clientId: 'c' }
  assert.equal(upstreamDefinitions.safeParse([google, { ...google, clientId: 'd' }]).success, false)
  assert.equal(upstreamDefinitions.safeParse([google, { ...google, id: 'google-two' }]).success, true)
})
