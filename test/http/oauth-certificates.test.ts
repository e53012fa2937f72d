// Which certificate is a client's, by the names in it (RFC 8705 section 2.1): the same name is written in several ways.
import assert from 'node:assert/strict'
import type { X509Certificate } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import type { ClientAuthentication, ClientDefinition } from '../../src/auth/clients/contract.ts'
import { createClientRegistry } from '../../src/auth/provider/clients.ts'
import { NAMELESS_CERTIFICATE, NAMES_CERTIFICATE, OTHER_CERTIFICATE, SERVICE_CERTIFICATE } from '../support/certificates.ts'
import { errorOf, type OauthWorld, openOauth, send } from '../support/oauth.ts'

type Subject = Extract<ClientAuthentication, { method: 'tls_client_auth' }>['subject']

const UMLAUT = '\u00d6'
const NAMES = String.raw`serialNumber=47,emailAddress=Ops@Example.org,CN=Till ${UMLAUT}+OU=a,O=Example\, Inc #1\+x,C=DE`

const RIGHT: readonly Subject[] = [
  { kind: 'dn', value: NAMES },
  { kind: 'dn', value: NAMES.replace(`CN=Till ${UMLAUT}+OU=a`, `OU=a+CN=Till ${UMLAUT}`) },
  { kind: 'dn', value: NAMES.replaceAll(/(?<!\\),/g, ', ').replace('+OU', ' + ou') },
  { kind: 'dn', value: NAMES.replace(UMLAUT, String.raw`\C3\96`).replace(String.raw`\,`, String.raw`\2C`).replace('#', String.raw`\#`) },
  { kind: 'dn', value: NAMES.replace('emailAddress', '1.2.840.113549.1.9.1').replace('serialNumber=47', '2.5.4.5=#13023437') },
  { kind: 'dns', value: 'service.example' },
  { kind: 'dns', value: 'SERVICE.example' },
  { kind: 'ip', value: '2001:db8::1' },
  { kind: 'ip', value: '2001:DB8:0:0:0:0:0:1' },
  { kind: 'ip', value: '192.0.2.7' },
  { kind: 'uri', value: 'spiffe://example/till' },
  { kind: 'uri', value: 'https://example.org/a,b?c=d' },
  { kind: 'email', value: 'Ops@example.org' },
]

const WRONG: readonly Subject[] = [
  {
    kind: 'dn',
    value: NAMES.split(/(?<!\\),/)
      .toReversed()
      .join(','),
  },
  { kind: 'dn', value: NAMES.replace('+OU=a', ',OU=a') },
  { kind: 'dn', value: NAMES.replace('+OU=a', '') },
  { kind: 'dn', value: NAMES.replace('+OU=a', '+OU=a+OU=a') },
  { kind: 'dn', value: NAMES.replace('Till', 'till') },
  { kind: 'dn', value: NAMES.replace(String.raw`O=Example\, Inc #1\+x`, String.raw`O=Example\, Inc #1`) },
  { kind: 'dn', value: 'C=DE' },
  { kind: 'dns', value: 'example' },
  { kind: 'dns', value: '192.0.2.7' },
  { kind: 'dns', value: 'Ops@Example.org' },
  { kind: 'ip', value: '2001:db8::2' },
  { kind: 'ip', value: '::ffff:192.0.2.7' },
  { kind: 'uri', value: 'spiffe://example/Till' },
  { kind: 'uri', value: 'https://example.org/a' },
  { kind: 'email', value: 'ops@example.org' },
]

const ALL = [...RIGHT, ...WRONG]
const client = (clientId: string, subject: Subject): ClientDefinition => ({
  clientId,
  name: clientId,
  redirectUris: [],
  origins: [],
  scopes: ['photos:read'],
  grants: ['client_credentials'],
  authentication: { method: 'tls_client_auth', subject },
})

let world: OauthWorld
before(async () => {
  world = await openOauth({ clients: ALL.map((subject, index) => client(`client-${index}`, subject)) })
})
after(() => world.stop())

async function outcome(subject: Subject, certificate: X509Certificate = NAMES_CERTIFICATE): Promise<unknown[]> {
  const form = { grant_type: 'client_credentials', client_id: `client-${ALL.indexOf(subject)}` }
  const headers = { 'x-test-certificate': certificate.raw.toString('base64'), 'x-test-verified': 'yes' }
  const reply = await send(world, { path: '/token', form, headers })
  return [reply.status, reply.status === 200 ? undefined : errorOf(reply)]
}

describe('a client that is registered by a name', () => {
  for (const subject of RIGHT) {
    test(`is known by a certificate with the ${subject.kind} ${subject.value}`, async () => {
      assert.deepEqual(await outcome(subject), [200, undefined])
      assert.deepEqual(await outcome(subject, OTHER_CERTIFICATE), [401, 'invalid_client'])
    })
  }

  for (const subject of WRONG) {
    test(`is not known by one without the ${subject.kind} ${subject.value}`, async () => {
      assert.deepEqual(await outcome(subject), [401, 'invalid_client'])
      assert.deepEqual(await outcome(subject, SERVICE_CERTIFICATE), [401, 'invalid_client'])
    })
  }
})

test('a certificate without a subject is nobody known by one', async () => {
  for (const subject of RIGHT) assert.deepEqual(await outcome(subject, NAMELESS_CERTIFICATE), [401, 'invalid_client'], subject.value)
})

test('a name that no certificate could have is refused at the start', () => {
  const { sites } = world
  const settings = { sites, productName: 'Diary', scopes: { 'photos:read': 'r' }, frontends: [], development: true }
  const wrong: readonly Subject[] = [
    { kind: 'ip', value: '2001:db8::x' },
    { kind: 'ip', value: '192.0.2.7/32' },
    { kind: 'dn', value: 'till' },
    { kind: 'dn', value: 'CN=till,,C=DE' },
    { kind: 'dn', value: 'CN=till\\' },
    { kind: 'dn', value: '' },
    { kind: 'dns', value: '' },
  ]
  const clients = wrong.map((subject, index) => client(`wrong-${index}`, subject))
  assert.throws(
    () => createClientRegistry({ ...settings, clients }, { stored: { find: async () => undefined }, clock: Date }),
    ({ message }: Error) => clients.every(({ clientId }) => message.includes(`Client "${clientId}": its subject`)),
  )
})
