// What the token endpoint refuses is not used up, whatever it is refused for: the same code or token is good again when what was wrong is mended.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, test } from 'node:test'
import { connectDevice } from '../support/device.ts'
import {
  authorizePath,
  Browser,
  call,
  claimsOf,
  codeFor,
  errorOf,
  type OauthWorld,
  openOauth,
  pkce,
  type Reply,
  refresh,
  send,
  type Tokens,
  tokensFor,
} from '../support/oauth.ts'

const REPORTS = 'https://reports.example/'
const LEDGER = 'https://ledger.example/'
const VAULT = 'https://vault.example/'
const NOBODY = 'https://nobody.example/'
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'
/** For it every second use of a refresh token is a thief's. */
const STRICT = {
  clientId: 'strict',
  name: 'Strict',
  redirectUris: ['https://strict.example/callback'],
  origins: [],
  scopes: ['photos:read', 'reports:read', 'ledger:read', 'vault:read', 'roles'],
  lifetimes: { refreshGrace: 0 },
} as const
const TV = {
  clientId: 'tv',
  name: 'Picture Frame',
  redirectUris: [],
  origins: [],
  scopes: ['photos:read'],
  grants: ['device_code'],
} as const

const vaultKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })

let world: OauthWorld
/** What each commit changed. */
let commits: string[] = []
/** What a hook does in the middle of a request. */
let meanwhile: (() => void) | undefined

before(async () => {
  world = await openOauth({
    clients: [STRICT, TV],
    definition: {
      resources: [
        { audience: REPORTS, scopes: { 'reports:read': 'see reports' } },
        { audience: LEDGER, scopes: { 'ledger:read': 'see the ledger' }, format: 'opaque' },
        {
          audience: VAULT,
          scopes: { 'vault:read': 'see the vault' },
          format: 'jwe',
          encryptionKey: { ...vaultKey, kty: 'EC', kid: 'vault-1' },
        },
      ],
    },
    onWrite(request) {
      if (request.kind === 'write') commits.push(request.steps.map(({ kind, collection }) => `${kind} ${collection}`).join(' + '))
    },
    hooks: {
      tokenClaims: async () => {
        meanwhile?.()
        return {}
      },
    },
  })
})
after(() => world.stop())

const tokensIn = ({ status, body }: Reply): Tokens => {
  assert.equal(status, 200, body)
  return JSON.parse(body) as Tokens
}

async function codeOf(clientId: string, account: string, extra: Readonly<Record<string, string>> = {}): Promise<Record<string, string>> {
  const { verifier, challenge } = pkce()
  const redirectUri = `https://${clientId}.example/callback`
  const more = { client_id: clientId, redirect_uri: redirectUri, ...extra }
  const { location } = await new Browser(world).authorize(authorizePath(challenge, { extra: more }), { account })
  const code = location.searchParams.get('code') ?? assert.fail(location.href)
  return { grant_type: 'authorization_code', client_id: clientId, code, code_verifier: verifier, redirect_uri: redirectUri }
}
const post = (form: Readonly<Record<string, string>>): Promise<Reply> => send(world, { path: '/token', form })
const refreshing = (clientId: string, token: string | undefined, more: Readonly<Record<string, string>> = {}): Promise<Reply> =>
  post({ grant_type: 'refresh_token', client_id: clientId, refresh_token: token ?? '', ...more })
const refusedWith = ({ status, body }: Reply): unknown[] => [status, errorOf({ body })]

function nobodyIsAlarmed(): void {
  assert.ok(!world.logs.some((line) => line.includes('refresh.reuse')))
}

test('requirement 29: a refresh that names a wrong resource uses no token up, and nothing is stored for it', async () => {
  const { refresh_token: token } = tokensIn(await post(await codeOf('strict', 'person-target')))
  commits = []
  for (const resource of [NOBODY, REPORTS]) {
    assert.deepEqual(refusedWith(await refreshing('strict', token, { resource })), [400, 'invalid_target'])
    world.advance(60_000)
  }
  assert.deepEqual(commits, [])
  const { refresh_token: next } = tokensIn(await refreshing('strict', token))
  assert.notEqual(next, token)
  assert.ok(tokensIn(await refreshing('strict', next)).access_token)
  nobodyIsAlarmed()
})

test('a client whose scope an operator takes away and gives back goes on with the token that it has', async () => {
  const clientId = 'added'
  await world.clients.add(call, { ...STRICT, clientId, redirectUris: [`https://${clientId}.example/callback`] })
  const wanted = { scope: 'openid offline_access reports:read', resource: REPORTS }
  const { refresh_token: token } = tokensIn(await post(await codeOf(clientId, 'person-scopes', wanted)))
  await world.clients.change(call, clientId, { scopes: ['photos:read'] })
  for (const again of ['once', 'and again']) {
    assert.deepEqual(refusedWith(await refreshing(clientId, token)), [400, 'invalid_target'], again)
    world.advance(60_000)
  }
  await world.clients.change(call, clientId, { scopes: ['reports:read'] })
  assert.equal(claimsOf(tokensIn(await refreshing(clientId, token)).access_token)['aud'], REPORTS)
  nobodyIsAlarmed()
})

test('a role that is given between two looks of a refresh uses no token up', async () => {
  const account = 'person-just-now'
  const { refresh_token: token } = tokensIn(await post(await codeOf('strict', account, { scope: 'openid offline_access roles' })))
  // The engine has looked at the person when the hook is asked.
  meanwhile = () => world.roles.set(account, ['admin'])
  assert.deepEqual(refusedWith(await refreshing('strict', token)), [400, 'invalid_grant'])
  meanwhile = undefined
  world.roles.delete(account)
  world.advance(60_000)
  assert.ok(tokensIn(await refreshing('strict', token)).access_token)
  nobodyIsAlarmed()
})

const RECORDED = [
  ['an opaque', { scope: 'openid offline_access ledger:read', resource: LEDGER }],
  ['an encrypted', { scope: 'openid offline_access vault:read', resource: VAULT }],
] as const
for (const [kind, wanted] of RECORDED)
  test(`a refresh for ${kind} token is one commit, with the token in it`, async () => {
    const { refresh_token: token } = tokensIn(await post(await codeOf('strict', 'person-recorded', wanted)))
    commits = []
    tokensIn(await refreshing('strict', token))
    assert.equal(commits.length, 1, commits.join('\n'))
    assert.deepEqual(commits[0]?.split(' + ').toSorted(), ['insert auth_access_tokens', 'replace auth_refresh_tokens'])
  })

test('requirement 15: a code that a role refuses is not used up, however often it is shown, and ends nothing', async () => {
  const account = 'person-promoted'
  const browser = new Browser(world)
  const { refresh_token: older } = await tokensFor(world, browser, { account })
  const form = await codeFor(browser, { account })
  world.roles.set(account, ['admin'])
  // More often than somebody may show a code without what goes with it.
  for (let time = 0; time < 6; time += 1) assert.deepEqual(refusedWith(await post(form)), [400, 'invalid_grant'])
  world.roles.delete(account)
  const tokens = tokensIn(await post(form))
  for (const token of [older, tokens.refresh_token]) assert.ok(tokensIn(await refresh(world, token)).access_token)
  assert.deepEqual(refusedWith(await post(form)), [400, 'invalid_grant'], 'it counts once')
})

test('a code that comes with a wrong resource is not used up', async () => {
  const form = await codeFor(new Browser(world), { account: 'person-resource' })
  for (const resource of [NOBODY, REPORTS]) assert.deepEqual(refusedWith(await post({ ...form, resource })), [400, 'invalid_target'])
  assert.ok(tokensIn(await post(form)).access_token)
})

test('requirement 15: a device code that a role refuses is not used up', async () => {
  const account = 'person-device'
  const begun = await send(world, { path: '/device-authorization', form: { client_id: 'tv', scope: 'openid offline_access photos:read' } })
  const { device_code: deviceCode, user_code: code } = JSON.parse(begun.body)
  await connectDevice(world, { code, account, clientId: 'tv', shows: /Picture Frame/ })
  const form = { grant_type: DEVICE_GRANT, client_id: 'tv', device_code: deviceCode }
  world.roles.set(account, ['admin'])
  for (const again of ['once', 'and again']) assert.deepEqual(refusedWith(await post(form)), [400, 'invalid_grant'], again)
  world.roles.delete(account)
  assert.ok(tokensIn(await post(form)).access_token)
  assert.deepEqual(refusedWith(await post(form)), [400, 'invalid_grant'], 'it counts once')
})
