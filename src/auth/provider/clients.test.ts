import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemCall } from '#kernel/call.ts'
import { systemClock } from '#kernel/clock.ts'
import type { ClientDefinition } from '../clients/contract.ts'
import type { StoredClient } from '../clients/schemas.ts'
import type { ClientSettings } from './client-rules.ts'
import { createClientRegistry as createRegistry } from './clients.ts'

const createClientRegistry = (given: ClientSettings) =>
  createRegistry(given, { stored: { find: async () => undefined }, clock: systemClock })
const find = (given: ClientSettings, clientId: string) => createClientRegistry(given).find(systemCall('test'), clientId)

const good: ClientDefinition = {
  clientId: 'shop',
  name: 'Shop',
  redirectUris: ['https://shop.example/callback'],
  origins: ['https://shop.example'],
  scopes: ['photos:read'],
}

function settings(changes: Partial<ClientSettings> = {}): ClientSettings {
  const sites = {
    accounts: 'https://accounts.example',
    app: 'https://diary.example',
    files: 'https://files.example',
    console: 'https://console.example',
    frontends: {},
  }
  return {
    sites,
    productName: 'Diary',
    scopes: { 'photos:read': 'see your photos' },
    clients: [],
    frontends: [],
    development: false,
    ...changes,
  }
}

const REFUSED: readonly (readonly [string, Partial<ClientDefinition>, RegExp])[] = [
  ['an id with a space', { clientId: 'my shop' }, /its id needs/],
  [
    'no hash of a secret',
    { authentication: { method: 'client_secret_basic', secretHashes: [] } },
    /client_secret_basic, so "secretHashes" .*cannot be empty/,
  ],
  ['no key', { authentication: { method: 'private_key_jwt', keys: [] } }, /private_key_jwt, so "keys" .*cannot be empty/],
  [
    'no certificate',
    { authentication: { method: 'self_signed_tls_client_auth', certificates: [] } },
    /so "certificates" .*cannot be empty/,
  ],
  ['an empty name', { name: ' ' }, /needs a name/],
  ['no redirect URI', { redirectUris: [] }, /at least one redirect URI/],
  ['plain http', { redirectUris: ['http://shop.example/'] }, /must be https/],
  ['a wildcard', { redirectUris: ['https://*.shop.example/'] }, /wildcard/],
  ['a fragment', { redirectUris: ['https://shop.example/#a'] }, /fragment/],
  ['user information', { redirectUris: ['https://me@shop.example/'] }, /user information/],
  ['a script', { redirectUris: ['javascript:alert(1)'] }, /must be https/],
  ['words', { redirectUris: ['callback'] }, /is not a URI/],
  ['white space', { redirectUris: ['https://shop.example/a\n\tb c'] }, /no URI as it stands/],
  ['a backslash', { redirectUris: ['https://shop.example\\@other.example/'] }, /no URI as it stands/],
  ['a percent sign that escapes nothing', { redirectUris: ['https://shop.example/100%'] }, /no URI as it stands/],
  ['a host in other letters', { redirectUris: ['https://b\u00fccher.example/'] }, /no URI as it stands/],
  ['one slash', { redirectUris: ['https:/shop.example/'] }, /no URI as it stands/],
  ['three slashes', { redirectUris: ['https:///shop.example/'] }, /no URI as it stands/],
  ['white space in the address of an app', { redirectUris: ['com.example.app:/a b'] }, /no URI as it stands/],
  ['white space after a sign-out', { postLogoutRedirectUris: ['https://shop.example/a b'] }, /no URI as it stands/],
  ['white space in the address of its policy', { policyUri: 'https://shop.example/a\tb' }, /policyUri.*no URI as it stands/],
  ['a backslash where sign-outs are told', { backchannelLogoutUri: 'https://shop.example\\out' }, /backchannelLogoutUri.*no URI as it/],
  ['a local name outside development', { redirectUris: ['http://shop.localhost/'] }, /must be https/],
  ['an origin with a path', { origins: ['https://shop.example/'] }, /scheme, host and port/],
  ['the origin null', { origins: ['null'] }, /scheme, host and port/],
  ['every origin', { origins: ['*'] }, /scheme, host and port/],
  ['EdDSA where there are no such keys', { idTokenAlgorithm: 'EdDSA' }, /edDsa: true/],
  ['a scope that nobody explains', { scopes: ['everything'] }, /no plain words/],
  ['a sign-out address that is not exact', { postLogoutRedirectUris: ['https://*.shop.example/'] }, /wildcard/],
]

for (const [what, change, message] of REFUSED) {
  test(`refuses a client with ${what}`, () => {
    assert.throws(() => createClientRegistry(settings({ clients: [{ ...good, ...change }] })), message)
  })
}

test('names every problem at once', () => {
  const wrong = { ...good, name: '', redirectUris: ['http://shop.example/'], scopes: ['everything'] }
  assert.throws(() => createClientRegistry(settings({ clients: [wrong] })), /name[\s\S]*https[\s\S]*plain words/)
})

test('refuses two clients of one id, and the id of the account pages', () => {
  assert.throws(() => createClientRegistry(settings({ clients: [good, good] })), /same id/)
  assert.throws(() => createClientRegistry(settings({ clients: [{ ...good, clientId: 'accounts' }] })), /same id/)
})

test('refuses a frontend with a short secret or a redirect to elsewhere', async () => {
  const frontend = {
    clientId: 'diary',
    name: 'Diary',
    origin: 'https://diary.example',
    redirectUri: 'https://diary.example/session/callback',
    secret: 'x'.repeat(32),
    scopes: [],
  }
  assert.ok((await find(settings({ frontends: [frontend] }), 'diary'))?.firstParty)
  assert.throws(() => createClientRegistry(settings({ frontends: [{ ...frontend, secret: 'short' }] })), /at least 32/)
  assert.throws(() => createClientRegistry(settings({ frontends: [{ ...frontend, origin: 'https://other.example' }] })), /own origin/)
})

test('keeps a frontend secret as a hash only', () => {
  const secret = 'a secret of more than 32 characters!'
  const frontend = {
    clientId: 'diary',
    name: 'Diary',
    origin: 'https://diary.example',
    redirectUri: 'https://diary.example/session/callback',
    secret,
    scopes: [],
  }
  assert.equal(JSON.stringify(createClientRegistry(settings({ frontends: [frontend] })).fixed()).includes(secret), false)
})

test('a program on the persons own machine may listen on any port', async () => {
  for (const uri of ['http://127.0.0.1/callback', 'http://[::1]/callback', 'http://localhost/callback', 'com.example.shop:/callback']) {
    const native = await find(settings({ clients: [{ ...good, redirectUris: [uri, 'https://shop.example/native'] }] }), 'shop')
    assert.equal(native?.metadata.application_type, 'native', uri)
  }
  assert.equal((await find(settings({ clients: [good] }), 'shop'))?.metadata.application_type, 'web')
})

test('what a client of a document was given before its place was blocked is of before, when that is over', async () => {
  const clientId = 'https://h.example/client.json'
  const source = 'document' as const
  const described = { source, definition: { clientId, name: 'Notes', redirectUris: [], origins: [], scopes: [] } }
  const place = { ...described, id: 'https://h.example', createdAt: 5, goodFrom: 30 }
  const records: readonly StoredClient[] = [{ ...described, id: clientId, createdAt: 10, goodFrom: 20 }, place]
  const kept = (all: readonly StoredClient[]) =>
    createRegistry(settings(), {
      stored: {
        async find(_call, id) {
          const value = all.find((record) => record.id === id)
          return value && { value, version: 1 }
        },
      },
      clock: systemClock,
    })
  const call = systemCall('test')
  assert.equal((await kept(records).find(call, clientId))?.goodFrom, 30)
  assert.equal((await kept(records.slice(0, 1)).find(call, clientId))?.goodFrom, 20)
  assert.equal(await kept(records).find(call, 'https://h.example'), undefined, 'a place is no client')
})

test('every character that a URI may have is taken', async () => {
  const redirectUris = ["https://xn--bcher-kva.example/-._~!$&'()+,;=:@/%C3%BC?a=b&c=[d]", 'HTTPS://Shop.example/']
  const registry = createClientRegistry(settings({ clients: [{ ...good, redirectUris }] }))
  assert.notEqual(registry, undefined)
})
