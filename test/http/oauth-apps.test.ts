// The apps that have access to an account: those that nobody was asked about are shown and can be ended like those that were allowed.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { SECURITY_EVENT } from '../../src/auth/security-events/security-event.ts'
import { connectDevice } from '../support/device.ts'
import { signInTo } from '../support/client-sign-in.ts'
import { Browser, call, errorOf, frontendTokens, type OauthWorld, openOauth, refresh, send, tokensFor } from '../support/oauth.ts'
import { until } from '../support/until.ts'

const CALLBACK = 'https://tool.example/callback'
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'
const REPORTS = 'https://reports.example/'

let world: OauthWorld
const revoked: string[] = []

before(async () => {
  const common = { origins: [], scopes: ['photos:read', 'photos:write', 'reports:read'] }
  world = await openOauth({
    definition: { resources: [{ audience: REPORTS, scopes: { 'reports:read': 'see reports' } }] },
    clients: [
      { clientId: 'own-tool', name: 'Own Tool', redirectUris: [CALLBACK], consent: 'never', ...common },
      { clientId: 'own-tv', name: 'Own Television', redirectUris: [], grants: ['device_code'], consent: 'never', ...common },
    ],
  })
  world.database.tail({
    topics: [SECURITY_EVENT],
    handle: (events) => {
      for (const { key, data } of events) if (Object(data)['type'] === 'app.revoked') revoked.push(`${key} ${Object(data)['about']}`)
    },
  })
})
after(() => world.stop())

const appsOf = async (account: string) =>
  (await world.server.engine.authorisedApps(call, account)).map(({ clientId, scopes, unasked = false }) => [
    clientId,
    scopes.map(({ name }) => name).toSorted(),
    unasked,
  ])

async function refreshTokenOf(clientId: string, form: Record<string, string>): Promise<Record<string, string>> {
  const reply = await send(world, { path: '/token', form })
  assert.equal(reply.status, 200, reply.body)
  return { grant_type: 'refresh_token', client_id: clientId, refresh_token: JSON.parse(reply.body).refresh_token }
}

async function endSessions(account: string): Promise<void> {
  for (const { id } of await world.server.engine.sessions(call, account)) await world.server.engine.endBrowserSession(call, account, id)
}

test('requirement 32: an app that nobody was asked about is shown with what it holds, and can be ended', async () => {
  const account = 'person-unasked'
  const browser = new Browser(world)
  await frontendTokens(world, browser, account)
  assert.deepEqual(await appsOf(account), [], 'the frontends of the app are not among them')
  const first = await signInTo(world, 'own-tool', { browser, account, redirectUri: CALLBACK, scope: 'openid offline_access photos:read' })
  const one = await refreshTokenOf('own-tool', first.form)
  const more = { account, redirectUri: CALLBACK, scope: 'openid offline_access photos:write' }
  const two = await refreshTokenOf('own-tool', (await signInTo(world, 'own-tool', more)).form)
  const allowed = await tokensFor(world, browser, { account })
  assert.deepEqual((await appsOf(account)).toSorted(), [
    ['own-tool', ['offline_access', 'photos:read', 'photos:write'], true],
    ['print-shop', ['offline_access', 'photos:read'], false],
  ])
  await endSessions(account)
  const again = await send(world, { path: '/token', form: one })
  assert.equal(again.status, 200, 'its access goes on without a session')
  assert.equal((await appsOf(account)).length, 2)
  await world.server.engine.revokeApp(call, account, 'own-tool')
  for (const form of [{ ...one, refresh_token: JSON.parse(again.body).refresh_token }, two])
    assert.equal(errorOf(await send(world, { path: '/token', form })), 'invalid_grant')
  assert.deepEqual(await appsOf(account), [['print-shop', ['offline_access', 'photos:read'], false]])
  assert.equal((await refresh(world, allowed.refresh_token)).status, 200)
  await until('the event', () => revoked.includes(`${account} Own Tool`))
  await world.server.engine.revokeApp(call, account, 'own-tool')
  await world.server.engine.revokeApp(call, account, 'print-shop')
  await until('the other event', () => revoked.includes(`${account} Print Shop`))
  assert.deepEqual(
    revoked.filter((told) => told.startsWith(`${account} `)),
    [`${account} Own Tool`, `${account} Print Shop`],
  )
})

test('an app whose access ends with the session is shown while that lasts', async () => {
  const account = 'person-unasked-session'
  await signInTo(world, 'own-tool', { account, redirectUri: CALLBACK, scope: 'openid photos:read' })
  assert.deepEqual(await appsOf(account), [['own-tool', ['photos:read'], true]])
  assert.deepEqual(await appsOf('person-somebody-else'), [])
  world.advance(32 * 86_400_000)
  assert.deepEqual(await appsOf(account), [], 'the session was given up')
  world.advance(-32 * 86_400_000)
  await endSessions(account)
  assert.deepEqual(await appsOf(account), [])
})

test('a device that nobody was asked about is shown with what it holds at every resource, and can be ended', async () => {
  const account = 'person-unasked-device'
  const scope = 'openid offline_access photos:read reports:read'
  const asks = new URLSearchParams({ client_id: 'own-tv', scope })
  for (const resource of [`${world.sites.app}/api`, REPORTS]) asks.append('resource', resource)
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const begun = JSON.parse((await send(world, { path: '/device-authorization', headers, text: asks.toString() })).body)
  await connectDevice(world, { code: begun.user_code, account, clientId: 'own-tv', shows: /Own Television/ })
  const form = { grant_type: DEVICE_GRANT, client_id: 'own-tv', device_code: begun.device_code }
  const own = await refreshTokenOf('own-tv', form)
  await endSessions(account)
  assert.deepEqual(await appsOf(account), [['own-tv', ['offline_access', 'photos:read', 'reports:read'], true]])
  await world.server.engine.revokeApp(call, account, 'own-tv')
  assert.deepEqual(await appsOf(account), [])
  assert.equal(errorOf(await send(world, { path: '/token', form: own })), 'invalid_grant')
})
